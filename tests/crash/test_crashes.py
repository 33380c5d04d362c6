"""Servers are killed under load: nothing that was acknowledged is lost, and nothing is done twice."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.crash.processes import OwnPostgres, own_postgres
from tests.crash.rounds import crashing
from tests.server import temporary_home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")
FEW = 2
ROUNDS = int(os.environ.get("LOYALTY_TEST_CRASH_ROUNDS") or 20)
SEED = int(os.environ.get("LOYALTY_TEST_CRASH_SEED") or secrets.randbelow(1_000_000))


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    """A server that is killed."""
    with temporary_home() as home, own_postgres(home) as running:
        yield running


async def survived(postgres: OwnPostgres, folder: Path, rounds: int, seed: int) -> None:
    """So many rounds, after each of which every promise holds."""
    print(f"crashes with LOYALTY_TEST_CRASH_SEED={seed}")
    async with crashing(postgres, folder, seed) as served:
        await served.begin(0)
        for number in range(rounds):
            assert await served.round(number) == [], f"round {number} with seed {seed}"
            print(served.journal.told(number))
        print(served.journal.told_in_all())


async def test_what_is_acknowledged_outlives_the_servers_and_is_done_once(
    postgres: OwnPostgres, tmp_path: Path
) -> None:
    await survived(postgres, tmp_path, FEW, seed=1)


@pytest.mark.crash
async def test_so_it_does_in_many_rounds(postgres: OwnPostgres, tmp_path: Path) -> None:
    await survived(postgres, tmp_path, ROUNDS, SEED)


async def test_the_check_reports_what_a_database_forgets_that_does_not_wait_for_its_disk(
    postgres: OwnPostgres, tmp_path: Path
) -> None:
    with psycopg.connect(postgres.server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        connection.execute("SELECT pg_reload_conf()")
    async with crashing(postgres, tmp_path, 1, LOYALTY_ALLOW_UNSAFE_DATABASE="true") as served:
        await served.begin(0)
        hold_back_the_log(postgres.server.url())
        sending = await served.load(1, kill_after=5)
        postgres.kill()
        for each in sending:
            await each
        postgres.start()
        wrong = await served.wrong(1)
    assert [line for line in wrong if "was acknowledged and is gone" in line], wrong


def hold_back_the_log(url: str) -> None:
    """Saves what was done so far, and keeps PostgreSQL from writing its log in the background any more."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
        ).fetchone()
    assert found is not None
    psutil.Process(found[0]).suspend()
