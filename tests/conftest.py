"""The server and the database that tests share; see tests/server.py."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from loyalty_engine.store.database import Database
from tests.server import as_app, drop_database, prepare_database, server_for_tests

ADMIN_URL_INPUT = "loyalty_admin_url"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what it puts in the background with Ctrl-C switched off, and every
    # process would hand that on to those that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

running = pytest.StashKey[contextlib.ExitStack]()
admin_url_key = pytest.StashKey[str]()


def started_admin_url(config: pytest.Config) -> str:
    """The server of this run, started by the first who asks in the controller or the only process."""
    if admin_url_key not in config.stash:
        stack = config.stash.setdefault(running, contextlib.ExitStack())
        config.stash[admin_url_key] = stack.enter_context(server_for_tests())
    return config.stash[admin_url_key]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Gives every worker of pytest-xdist the controller's server."""
    node.workerinput[ADMIN_URL_INPUT] = started_admin_url(node.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the server after the last test."""
    config.stash.get(running, contextlib.ExitStack()).close()


@pytest.fixture(scope="session")
def admin_url(request: pytest.FixtureRequest) -> str:
    """The superuser's URL of the run's server; make no tables in this database."""
    workerinput = getattr(request.config, "workerinput", None)
    if workerinput is not None:
        return str(workerinput[ADMIN_URL_INPUT])
    return started_admin_url(request.config)


@pytest.fixture(scope="session")
def database(admin_url: str, worker_id: str) -> Iterator[str]:
    """The superuser's URL of this worker's own database."""
    name = f"loyalty_{worker_id}_{os.getpid()}"
    yield prepare_database(admin_url, name)
    drop_database(admin_url, name)


@pytest.fixture(scope="session")
async def app_database(database: str) -> AsyncIterator[Database]:
    """A pool on this worker's database as `loyalty_app`, shared by its tests: make a business of your own."""
    opened = await Database.connect(as_app(database))
    yield opened
    await opened.close()
