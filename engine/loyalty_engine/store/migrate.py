"""Brings a database to the newest schema; the only way in which tables come to be."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from loyalty_engine.shipped import shipped
from loyalty_engine.store.roles import allow_login, become_owner, make_roles

_LOCK = 0x10A17_5C4E3A
"""The advisory lock that lets one migration of a database run at a time."""


def migrate(owner_url: str, *, location: Path | None = None) -> tuple[str, ...]:
    """Applies what is missing in one transaction, and returns the revisions applied, in order.

    `owner_url` is of a superuser, or of a role that owns the database and may create roles. `location` is the
    folder of the migrations, when it is not the one that travels with the code.
    """
    applied: list[str] = []
    with _engine(owner_url).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        make_roles(connection)
        become_owner(connection)
        command.upgrade(configuration(location, connection, applied), "head")
    return tuple(applied)


def grant_login(owner_url: str) -> None:
    """Lets the role `loyalty_app` connect by itself, as the embedded server and the tests do."""
    with _engine(owner_url).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        allow_login(connection)


def configuration(
    location: Path | None = None, connection: Connection | None = None, applied: list[str] | None = None
) -> Config:
    """Alembic's settings made in code; `applied` is filled with the revisions as they are applied."""
    folder = location if location is not None else shipped("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["applied"] = applied
    return config


def _engine(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
