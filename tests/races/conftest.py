"""Real servers for all races of a worker."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from loyalty_engine.store.database import Database
from tests.api.shop import engine_on
from tests.races.arena import Arena
from tests.races.servers import serving

SERVERS = 2
ROUNDS = int(os.environ.get("LOYALTY_TEST_ROUNDS", "3"))
"""How often each race is run: `make races ROUNDS=200` is the long form, every run of the suite the short."""
CALLERS = 100 if ROUNDS > 10 else 40
"""How many call at once."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each race is run anew in every round."""
    if "race_round" in metafunc.fixturenames:
        metafunc.parametrize("race_round", range(ROUNDS))


@pytest.fixture
def callers() -> int:
    """How many call at once."""
    return CALLERS


@pytest.fixture(scope="session")
def addresses(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Where the servers listen."""
    with serving(tmp_path_factory.mktemp("races"), database, SERVERS) as started:
        yield started


@pytest.fixture(scope="session")
async def arena(app_database: Database, addresses: list[str]) -> AsyncIterator[Arena]:
    """The servers with a client for each."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=120, limits=limits))
            for address in addresses
        ]
        yield Arena(engine_on(app_database), clients)
