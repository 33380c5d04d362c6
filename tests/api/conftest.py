"""The API over this worker's database; each test opens a shop of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.api.shop import Shop, client_of, engine_on, open_shop


@pytest.fixture(scope="session")
def engine(app_database: Database) -> Engine:
    """One engine for all tests of a worker."""
    return engine_on(app_database)


@pytest.fixture(scope="session")
async def client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, with introspection."""
    async with client_of(engine) as opened:
        yield opened


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """A shop of the test's own."""
    return await open_shop(engine, client)
