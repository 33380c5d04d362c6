"""Programmes of the examples over the API."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from loyalty_engine.store.database import Database
from tests.api.shop import client_of, engine_on
from tests.programmes.played import Played, opened

Play = Callable[[str, str, str], Awaitable[Played]]


@pytest.fixture
async def play(app_database: Database) -> AsyncIterator[Play]:
    """Opens the programme of that name, in that zone, at that local time."""
    engine = engine_on(app_database)
    async with client_of(engine) as client:
        yield lambda name, zone, begin: opened(engine, client, name, zone, begin)
