"""`loyalty program`: check, show and publish program files."""

import argparse
from pathlib import Path

from loyalty_api.commands import simulating
from loyalty_api.commands.outcome import OK, Output, invalid_program, listed
from loyalty_api.commands.program_files import compiled, read_plan
from loyalty_api.commands.qualifying import count
from loyalty_api.commands.session import Session, instant, read_text, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.program import Program
from loyalty_engine.program.plan import NO_PLAN
from loyalty_engine.services.programs import NotPublished, publish_program, show_programs


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands."""
    program = commands.add_parser("program", help="check, show and publish program files").add_subparsers(
        required=True, metavar="ACTION"
    )
    checking = program.add_parser("check", help="find mistakes; needs no database")
    checking.add_argument("file", type=Path, metavar="FILE")
    checking.set_defaults(run=check)
    showing = program.add_parser("show", help="what a file says, or what a business published")
    showing.add_argument("file", type=Path, metavar="FILE", nargs="?")
    showing.add_argument("--business", metavar="SLUG", help="the versions that this business published")
    showing.add_argument("--version", type=int, metavar="N", help="the file of this version, as published")
    showing.set_defaults(run=show)
    counting = program.add_parser("count", help="how many members the figures of now support on which tier")
    counting.add_argument("file", type=Path, metavar="FILE")
    counting.set_defaults(run=count)
    publishing = program.add_parser("publish", help="make the file the next version of its business")
    publishing.add_argument("file", type=Path, metavar="FILE")
    publishing.add_argument(
        "--effective-at", type=instant, metavar="INSTANT", help="as 2026-03-01T00:00:00Z; left out: now"
    )
    publishing.add_argument(
        "--plan", type=Path, metavar="PLAN", help="what becomes of members then, as a TOML file"
    )
    publishing.set_defaults(run=publish)
    simulating.add(program)


def check(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:  # noqa: ARG001
    """Every finding of a file; one of severity error makes the file unfit."""
    program = compiled(arguments.file)
    output.result(
        {"file": str(arguments.file), "hash": program.hash, "findings": listed(program.findings)},
        *(str(finding) for finding in program.findings),
        f"{arguments.file} can be published as the program of {program.file.program.business!r}",
    )
    return OK


def show(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """A file in short, or the versions that a business published."""
    if (arguments.file is None) == (arguments.business is None):
        arguments.parser.error("name either FILE or --business SLUG")
    if arguments.business is not None:
        return with_engine(output, settings, lambda session: _show_published(session, arguments))
    program = compiled(arguments.file)
    output.result(_outline(program), *_lines(program))
    return OK


def publish(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """The next version of the business that the file names."""
    source = read_text(arguments.file)
    slug = compiled(arguments.file).file.program.business
    plan = NO_PLAN if arguments.plan is None else read_plan(arguments.plan)

    async def work(session: Session) -> int:
        answer = await publish_program(
            session.engine, session.caller(slug), source, arguments.effective_at, plan
        )
        if isinstance(answer, NotPublished):
            raise invalid_program(str(arguments.file), answer.findings)
        since = "the beginning" if answer.effective_at is None else answer.effective_at.isoformat()
        output.result(
            {
                "business": slug,
                "version": answer.version,
                "hash": answer.hash,
                "effectiveAt": answer.effective_at,
                "unchanged": answer.unchanged,
                "findings": listed(answer.warnings),
            },
            *(str(finding) for finding in answer.warnings),
            f"version {answer.version} of {slug!r} {'was' if answer.unchanged else 'is'} published, "
            f"in force from {since}" + (": nothing changed" if answer.unchanged else ""),
        )
        return OK

    return with_engine(output, settings, work)


async def _show_published(session: Session, arguments: argparse.Namespace) -> int:
    versions = await show_programs(session.engine, session.caller(arguments.business))
    if arguments.version is not None:
        for version in versions:
            if version.version == arguments.version:
                session.output.result({"version": version.version, "source": version.source}, version.source)
                return OK
        arguments.parser.error(f"{arguments.business!r} has no version {arguments.version}")
    session.output.table(
        [
            {
                "version": version.version,
                "hash": version.hash,
                "effectiveAt": version.effective_at,
                "publishedAt": version.published_at,
                "ruleVersions": dict(version.rule_versions),
            }
            for version in versions
        ],
        ("version", "in force from", "published", "hash"),
        [
            (
                str(version.version),
                "the beginning" if version.effective_at is None else version.effective_at.isoformat(),
                version.published_at.isoformat(),
                version.hash[:12],
            )
            for version in versions
        ],
    )
    return OK


def _outline(program: Program) -> dict[str, object]:
    section = program.file.program
    return {
        "business": section.business,
        "name": section.name,
        "timezone": section.timezone,
        "currency": section.currency,
        "hash": program.hash,
        "points": [each.key for each in program.file.points],
        "ladders": [
            {"key": ladder.key, "tiers": [tier.key for tier in ladder.tiers], "combine": ladder.combine}
            for ladder in program.file.ladders
        ],
        "rules": [
            {"id": key, "rule": rule.type.name, "version": rule.type.version, "config": dict(rule.config)}
            for key, rule in program.rules.items()
        ],
        "promotions": {
            key: {
                "partner": terms.partner,
                "currency": terms.currency,
                "budgets": dict(terms.budgets),
                "quota": terms.quota,
            }
            for key, terms in program.promotions.items()
        },
        "findings": listed(program.findings),
    }


def _lines(program: Program) -> list[str]:
    section = program.file.program
    return [
        f"{section.name} ({section.business}), {section.timezone}, {section.currency}",
        *(f"points    {each.key}" for each in program.file.points),
        *(
            f"ladder    {ladder.key}: {' < '.join(tier.key for tier in ladder.tiers)}"
            for ladder in program.file.ladders
        ),
        *(f"rule      {key}: {rule.type.name} {rule.type.version}" for key, rule in program.rules.items()),
        *(f"promotion {key}: {terms.partner}" for key, terms in program.promotions.items()),
        *(str(finding) for finding in program.findings),
    ]
