"""One PostgreSQL for a run of the tests, and one database in it for each worker.

`python -m tests.server BINARIES COMMAND...` runs a command against a temporary server of other binaries.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from loyalty_api.postgres import EmbeddedPostgres
from loyalty_engine.store.migrate import grant_login, migrate

ADMIN_URL_VARIABLE = "LOYALTY_TEST_ADMIN_URL"


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that every user may enter, which `tmp_path` is not, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="loyalty-test-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        yield home


@contextlib.contextmanager
def server_for_tests(binaries: Path | None = None) -> Iterator[str]:
    """The superuser's URL of the server that LOYALTY_TEST_ADMIN_URL names, else of a temporary one."""
    given = os.environ.get(ADMIN_URL_VARIABLE)
    if given and binaries is None:
        yield given
        return
    with temporary_home() as home:
        embedded = EmbeddedPostgres(home, durable=False, binaries=binaries)
        with embedded.running() as server:
            yield server.url()


def url_of(admin_url: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{database}"))


def as_app(url: str) -> str:
    """The same database, as the role that the server connects as."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"loyalty_app@{parts.netloc.rpartition('@')[2]}"))


def create_database(admin_url: str, name: str) -> str:
    """Makes an empty database in place of one of that name, and returns the superuser's URL of it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return url_of(admin_url, name)


def drop_database(admin_url: str, name: str) -> None:
    """Removes a database that nobody needs any more, whoever is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def prepare_database(admin_url: str, name: str) -> str:
    """Makes a worker's database as the tests need it: migrated, and open to the role `loyalty_app`."""
    url = create_database(admin_url, name)
    migrate(url)
    grant_login(url)
    return url


def main(binaries: str, *command: str) -> int:
    """Runs the command with LOYALTY_TEST_ADMIN_URL set, and returns its exit code."""
    with server_for_tests(Path(binaries)) as admin_url:
        environment = {**os.environ, ADMIN_URL_VARIABLE: admin_url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
