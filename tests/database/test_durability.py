"""A database that could lose what it acknowledged is refused, wherever it was told to."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from loyalty_api.postgres import EmbeddedPostgres
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.durability import UnsafeDatabaseError, refuse_unsafe_database
from tests.server import as_app, prepare_database, temporary_home

PLACES = {
    "ALTER DATABASE strict": "ALTER DATABASE strict RESET synchronous_commit",
    "ALTER ROLE loyalty_app": "ALTER ROLE loyalty_app RESET synchronous_commit",
    "ALTER ROLE loyalty_app IN DATABASE strict": (
        "ALTER ROLE loyalty_app IN DATABASE strict RESET synchronous_commit"
    ),
    "ALTER ROLE ALL": "ALTER ROLE ALL RESET synchronous_commit",
}


@pytest.fixture(scope="module")
def durable_url() -> Iterator[str]:
    """The superuser's URL of a database on a server that loses nothing."""
    with temporary_home() as home, EmbeddedPostgres(home).running() as server:
        yield prepare_database(server.url(), "strict")


@contextlib.contextmanager
def said(url: str, place: str, setting: str) -> Iterator[None]:
    """Off, until the block ends."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"{place} SET {setting} = off")
        try:
            yield
        finally:
            connection.execute(f"{place} RESET {setting}")


@contextlib.contextmanager
def configured(url: str, setting: str) -> Iterator[None]:
    """Off for the whole server, until the block ends."""
    with psycopg.connect(url, autocommit=True) as connection:
        with said(url, "ALTER SYSTEM", setting):
            _reload(connection, setting, "off")
            yield
        _reload(connection, setting, "on")


def _reload(connection: "psycopg.Connection[tuple[object, ...]]", setting: str, value: str) -> None:
    connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 30
    while connection.execute("SELECT current_setting(%s)", [setting]).fetchone() != (value,):
        assert time.monotonic() < deadline


@contextlib.asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """A session as the server would have it."""
    opened = await Database.connect(url, max_size=1)
    try:
        async with opened.crossing() as connection:
            yield connection
    finally:
        await opened.close()


async def test_a_server_as_it_comes_is_not_refused(durable_url: str) -> None:
    async with session(as_app(durable_url)) as connection:
        await refuse_unsafe_database(connection)


@pytest.mark.parametrize("place", PLACES)
async def test_commits_that_do_not_wait_for_the_disk_are_refused_with_what_ends_it(
    durable_url: str, place: str
) -> None:
    with said(durable_url, place, "synchronous_commit"):
        async with session(as_app(durable_url)) as connection:
            with pytest.raises(UnsafeDatabaseError) as refused:
                await refuse_unsafe_database(connection)
    assert f"synchronous_commit is off ({PLACES[place]})" in str(refused.value)


async def test_a_role_that_is_not_ours_may_commit_as_it_likes(durable_url: str) -> None:
    with said(durable_url, "ALTER ROLE postgres", "synchronous_commit"):
        async with session(as_app(durable_url)) as connection:
            await refuse_unsafe_database(connection)


async def test_what_the_address_of_the_database_says_is_seen(durable_url: str) -> None:
    async with session(f"{as_app(durable_url)}&synchronous_commit=off") as connection:
        with pytest.raises(UnsafeDatabaseError, match=r"synchronous_commit is off \(take it out of the addr"):
            await refuse_unsafe_database(connection)


@pytest.mark.parametrize("value", ["local", "remote_write", "remote_apply", "on"])
async def test_every_other_way_to_commit_waits_for_the_disk(durable_url: str, value: str) -> None:
    async with session(f"{as_app(durable_url)}&synchronous_commit={value}") as connection:
        await refuse_unsafe_database(connection)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_a_server_that_a_crash_can_ruin_is_refused(durable_url: str, setting: str) -> None:
    with configured(durable_url, setting):
        async with session(as_app(durable_url)) as connection:
            with pytest.raises(UnsafeDatabaseError) as refused:
                await refuse_unsafe_database(connection)
    assert f"{setting} is off (set it to on in the server's configuration" in str(refused.value)


async def test_everything_that_is_off_is_told_at_once(durable_url: str) -> None:
    with configured(durable_url, "fsync"), configured(durable_url, "full_page_writes"):
        async with session(f"{as_app(durable_url)}&synchronous_commit=off") as connection:
            with pytest.raises(UnsafeDatabaseError, match=r"(?s)fsync.*full_page_writes.*synchronous_commit"):
                await refuse_unsafe_database(connection)
