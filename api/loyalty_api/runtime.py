"""The engine of a process: its database found or started, checked and opened."""

import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors, sql

from loyalty_api.postgres import EmbeddedPostgres, PostgresServer
from loyalty_api.settings import Settings, variable
from loyalty_engine.clock import SteadyClock, SystemClock, WatchedClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database, refuse_unsafe_role
from loyalty_engine.store.durability import UnsafeDatabaseError, refuse_unsafe_database
from loyalty_engine.store.migrate import grant_login, migrate
from loyalty_engine.store.revision import refuse_outdated_schema
from loyalty_engine.store.roles import APP_ROLE

DATABASE = "loyalty"
"""The database that is made in the embedded PostgreSQL."""

CONNECTIONS = 10

_ALLOWED = variable("allow_unsafe_database")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Addresses:
    """How the application reaches its database, and how its owner does, where that is known."""

    application: str
    owner: str | None
    home: Path


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[Addresses]:
    """The database of the settings; the embedded one is started, made and migrated where need be."""
    if settings.database_url is not None:
        owner = settings.owner_database_url
        yield Addresses(
            settings.database_url.get_secret_value(),
            None if owner is None else owner.get_secret_value(),
            settings.home,
        )
        return
    with EmbeddedPostgres(settings.home).running() as server:
        make_ready(server)
        yield Addresses(server.url(DATABASE, APP_ROLE), server.url(DATABASE), settings.home)


def make_ready(server: PostgresServer) -> tuple[str, ...]:
    """Makes the database of an embedded server and migrates it; returns the revisions applied."""
    _make_database(server.url())
    applied = migrate(server.url(DATABASE))
    grant_login(server.url(DATABASE))
    return applied


@contextlib.asynccontextmanager
async def opened_engine(addresses: Addresses, settings: Settings) -> AsyncIterator[Engine]:
    """The engine on that database.

    Raises UnsafeRoleError, UnsafeDatabaseError or OutdatedSchemaError where it must not run, PluginError
    where it cannot.
    """
    installed = discover()
    store = await Database.connect(addresses.application, max_size=CONNECTIONS)
    try:
        async with store.crossing() as connection:
            await refuse_unsafe_role(connection)
            await _refuse_unsafe_database(connection, settings)
            await refuse_outdated_schema(connection)
        deciding = WatchedClock(SteadyClock(), "Nothing is decided of members' points")
        yield Engine(store, installed, SystemClock(), settings.kept_secret_key(), deciding=deciding)
    finally:
        await store.close()


def settle() -> None:
    """What is loaded by now lives as long as the process, and Python's collector passes over it from here on.

    Else it looks through all of it again and again, for some 70 ms each time, in which members stay locked
    and nobody is answered.
    """
    gc.collect()
    gc.freeze()


async def _refuse_unsafe_database(connection: Connection, settings: Settings) -> None:
    """Only warns where the settings allow such a database."""
    try:
        await refuse_unsafe_database(connection)
    except UnsafeDatabaseError as error:
        if not settings.allow_unsafe_database:
            raise UnsafeDatabaseError(
                f"{error} Put that right, or set {_ALLOWED}=true where losing them would not matter."
            ) from None
        _logger.warning("%s %s=true allows it.", error, _ALLOWED)


def _make_database(url: str) -> None:
    """Makes the database if it is missing; of several processes that try, the first wins."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(DATABASE))
                )
