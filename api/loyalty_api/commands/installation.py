"""`loyalty migrate`, `plugins`, `settings` and `schema`: what is installed, and its database made ready."""

import argparse

from loyalty_api.commands.outcome import OK, EnvironmentUnusable, Output
from loyalty_api.commands.session import told_apart
from loyalty_api.postgres import EmbeddedPostgres
from loyalty_api.runtime import make_ready
from loyalty_api.settings import Settings
from loyalty_engine.plugins import discover
from loyalty_engine.store.migrate import migrate as apply_migrations


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands."""
    for name, run, described in (
        ("migrate", migrate, "bring the database to the newest schema"),
        ("plugins", plugins, "the rules that the installed plugins offer"),
        ("settings", settings_listed, "every variable of the environment that is read"),
        ("schema", schema, "print the GraphQL schema"),
    ):
        commands.add_parser(name, help=described).set_defaults(run=run)


def migrate(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """Applies what is missing, as the owner of the tables."""
    with told_apart():
        applied = _migrate(settings)
    output.result(
        {"applied": list(applied)},
        f"applied {', '.join(applied)}"
        if applied
        else "nothing to apply: the database has the newest schema",
    )
    return OK


def _migrate(settings: Settings) -> tuple[str, ...]:
    if settings.database_url is None:
        with EmbeddedPostgres(settings.home).running() as server:
            return make_ready(server)
    if settings.owner_database_url is None:
        raise EnvironmentUnusable(
            "owner_needed",
            "set LOYALTY_OWNER_DATABASE_URL: the same database, for a role that owns it and may create roles",
        )
    return apply_migrations(settings.owner_database_url.get_secret_value())


def plugins(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """What may be named in a program file."""
    with told_apart():
        installed = discover()
    output.table(
        [
            {
                "name": rule.name,
                "plugin": rule.plugin,
                "version": rule.version,
                "summary": rule.summary,
                "hooks": list(rule.hooks),
                "configSchema": rule.config_schema,
            }
            for rule in installed.values()
        ],
        ("rule", "version", "plugin", "what it does"),
        [(rule.name, rule.version, rule.plugin, rule.summary) for rule in installed.values()],
    )
    return OK


def settings_listed(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """Every setting with its value here; secrets are hidden."""
    listed = settings.listed()
    output.table(
        [setting.model_dump() for setting in listed],
        ("variable", "value", "default", "description"),
        [
            (setting.variable, setting.value or "", setting.default or "", setting.description)
            for setting in listed
        ],
    )
    return OK


def schema(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """The schema in GraphQL's own language."""
    from loyalty_schema import printed_schema

    printed = printed_schema()
    output.result({"schema": printed}, printed.rstrip("\n"))
    return OK
