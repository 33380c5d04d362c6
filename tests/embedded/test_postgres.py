"""The embedded PostgreSQL with real processes, signals and users."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from loyalty_api.postgres import EmbeddedPostgres
from loyalty_api.postgres_place import (
    EmbeddedPostgresError,
    account_for,
    data_folder,
    reachable_binaries,
    socket_folder,
    wheel_binaries,
)
from tests.server import temporary_home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and users of Unix")
AS_ROOT = sys.platform != "win32" and os.geteuid() == 0
OWNER = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests were started with nohup
from loyalty_api.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])).running() as server:
    print(server.process_id, server.owned, server.url(), flush=True)
    sys.stdin.read()
"""
# The interpreter's folder may be closed to the other user, so everything is imported before the change.
AS_ORDINARY_USER = """
import os, sys, runpy
import psycopg, psutil, loyalty_api.postgres, encodings.idna
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
""" + OWNER.replace("(Path(sys.argv[1]))", "(Path(sys.argv[1]), binaries=Path(sys.argv[3]))")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A LOYALTY_HOME in which no server may be left running by a test."""
    with temporary_home() as folder:
        monkeypatch.setattr("loyalty_api.postgres_place.ROOTS_OWN_PLACE", folder / "var")
        yield folder / "home"
        assert eventually(lambda: servers_of(folder) == [])
        if (folder / "home" / "postgres").exists():
            data = data_folder(folder / "home")
            shutil.rmtree(socket_folder(data, account_for(data)))


def servers_of(folder: Path) -> list[int]:
    """The processes of PostgreSQL that work in or below the folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name().startswith("postgres") and Path(process.cwd()).is_relative_to(folder):
                found.append(process.pid)
    return found


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def owner(home: Path, *more: str, code: str = OWNER) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """Another process that runs the server until its input ends; yields it, the server's id and URL."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process_id, _, url = process.stdout.readline().split()
        try:
            yield process, int(process_id), url
        finally:
            process.kill()


def write_and_read(url: str) -> int:
    """Adds a committed row and counts all of them."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT clock_timestamp())")
        connection.execute("INSERT INTO kept DEFAULT VALUES")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_a_server_starts_keeps_its_data_and_leaves_nothing_running(home: Path) -> None:
    for count in (1, 2):
        with EmbeddedPostgres(home).running() as server:
            assert psutil.Process(server.process_id).ppid() == os.getpid()
            assert write_and_read(server.url()) == count
        assert not psutil.pid_exists(server.process_id)
        assert not Path(server.host).exists()


def test_the_cluster_is_utf8_with_the_builtin_locale_durable_and_without_tcp(home: Path) -> None:
    with EmbeddedPostgres(home).running() as server, psycopg.connect(server.url()) as connection:
        locale = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
        ).fetchall()
        settings = [
            connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("fsync", "listen_addresses", "data_checksums", "TimeZone")
        ]
        assert set(locale) == {("b", "C.UTF-8", "UTF8")}
        assert settings == [("on",), ("",), ("on",), ("UTC",)]
        assert Path(server.host).stat().st_mode & 0o777 == 0o700


async def test_the_url_serves_asyncpg_and_sqlalchemy(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False).running() as server:
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT current_user") == "postgres"
        await connection.close()
        engine = create_async_engine(server.url().replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as session:
            assert (await session.execute(text("SELECT current_setting('fsync')"))).scalar() == "off"
        await engine.dispose()


def test_a_second_process_shares_the_server_and_does_not_end_it(home: Path) -> None:
    with owner(home) as (_, process_id, _):
        with EmbeddedPostgres(home).running() as shared:
            assert (shared.owned, shared.process_id) == (False, process_id)
            assert write_and_read(shared.url()) == 1
        assert psutil.pid_exists(process_id)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_server_ends_with_its_owner_and_committed_data_is_there_again(
    home: Path, ending: signal.Signals
) -> None:
    with owner(home) as (process, process_id, url):
        assert write_and_read(url) == 1
        process.send_signal(ending)
        process.wait(timeout=15)
        assert eventually(lambda: not psutil.pid_exists(process_id))
    assert eventually(lambda: servers_of(home) == [])
    with EmbeddedPostgres(home).running() as server:
        assert write_and_read(server.url()) == 2


def test_a_start_right_after_kill_9_waits_for_the_old_server_and_recovers(home: Path) -> None:
    with owner(home) as (process, process_id, url):
        assert write_and_read(url) == 1
        process.kill()
        process.wait()
        with EmbeddedPostgres(home).running() as server:
            assert server.owned
            assert server.process_id != process_id
            assert write_and_read(server.url()) == 2


def test_after_kill_9_of_the_server_the_next_start_recovers(home: Path) -> None:
    with owner(home) as (process, process_id, url):
        with psycopg.connect(url) as busy:
            assert write_and_read(url) == 1
            os.kill(process_id, signal.SIGKILL)
            with contextlib.suppress(psycopg.OperationalError):
                busy.execute("SELECT pg_sleep(60)")
        process.kill()
    with EmbeddedPostgres(home).running() as server:
        assert write_and_read(server.url()) == 2


def test_a_stale_note_that_names_a_living_stranger_does_not_prevent_a_start(home: Path) -> None:
    with EmbeddedPostgres(home).running() as server:
        note = (home / "postgres" / "postmaster.pid").read_text()
    stale = home / "postgres" / "postmaster.pid"
    stale.write_text(note.replace(str(server.process_id), str(os.getpid())))
    os.chown(stale, (home / "postgres").stat().st_uid, -1)
    with EmbeddedPostgres(home).running() as server:
        assert write_and_read(server.url()) == 1


def test_a_deep_home_needs_no_long_socket_path(home: Path) -> None:
    deep = home.joinpath(*["a-folder-with-a-long-name"] * 8)
    with EmbeddedPostgres(deep).running() as server:
        assert len(server.host) < 80
        assert write_and_read(server.url()) == 1


def test_a_cluster_of_another_version_is_refused_with_advice(home: Path) -> None:
    with EmbeddedPostgres(home).running():
        (home / "postgres" / "PG_VERSION").write_text("14\n")
    with (
        pytest.raises(EmbeddedPostgresError, match="was made by PostgreSQL 14"),
        EmbeddedPostgres(home).running(),
    ):
        pytest.fail("it started")
    assert servers_of(home) == []


@pytest.mark.skipif(not AS_ROOT, reason="every other test already runs as an ordinary user")
def test_as_root_the_server_runs_as_somebody_else(home: Path) -> None:
    with EmbeddedPostgres(home).running() as server:
        assert set(psutil.Process(server.process_id).uids()) == {account_for(home / "nothing").user_id}
        assert 0 not in psutil.Process(server.process_id).uids()
        assert write_and_read(server.url()) == 1


@pytest.mark.skipif(not AS_ROOT, reason="only root can make a folder that its own server cannot enter")
def test_as_root_a_home_below_a_closed_folder_works(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    for count in (1, 2):
        with EmbeddedPostgres(closed / "home").running() as server:
            assert write_and_read(server.url()) == count
    assert (closed / "home" / "postgres").is_symlink()


@pytest.mark.skipif(not AS_ROOT, reason="only root has binaries that its own server cannot reach")
def test_as_root_binaries_below_a_closed_folder_are_copied(home: Path) -> None:
    from loyalty_api import postgres_place

    account = account_for(home)
    home.mkdir()
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    site = postgres_place.wheel_binaries().parents[2]
    for name in (postgres_place.WHEEL, f"{postgres_place.WHEEL}.libs"):
        if (site / name).exists():
            (closed / name).symlink_to(site / name)
    binaries = closed / postgres_place.WHEEL / postgres_place.SERVER_FOLDER / "bin"
    assert not account.reaches(binaries)
    with EmbeddedPostgres(home, binaries=binaries).running() as server:
        assert psutil.Process(server.process_id).exe().startswith(str(home.parent))
        assert write_and_read(server.url()) == 1


@pytest.mark.skipif(not AS_ROOT, reason="every other test already runs as an ordinary user")
def test_an_ordinary_user_runs_the_server_as_himself(home: Path) -> None:
    account = account_for(home)
    ordinary = account.user_id
    assert ordinary is not None
    account.owns(home)
    binaries = reachable_binaries(wheel_binaries(), account, home)
    with owner(home, str(ordinary), str(binaries), code=AS_ORDINARY_USER) as (process, process_id, url):
        assert set(psutil.Process(process_id).uids()) == {ordinary}
        assert psutil.Process(process_id).ppid() == process.pid
        assert write_and_read(url) == 1
        process.terminate()
        assert eventually(lambda: not psutil.pid_exists(process_id))
