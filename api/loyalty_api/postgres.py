"""A PostgreSQL of our own, for the demo, for development and for the tests, from the binaries of a wheel."""

import contextlib
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode

from loyalty_api.postgres_place import (
    Account,
    EmbeddedPostgresError,
    account_for,
    data_folder,
    reachable_binaries,
    socket_folder,
    wheel_binaries,
)
from loyalty_api.postgres_process import Cluster

SUPERUSER = "postgres"
PORT = 5432
SHARE_SECONDS = 120


@dataclass(frozen=True)
class PostgresServer:
    """A running server, and how to reach it."""

    host: str
    port: int
    process_id: int
    owned: bool

    def url(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """An address for asyncpg, psycopg and, with the driver's name put in, SQLAlchemy."""
        place = urlencode({"host": self.host, "port": self.port}, safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?{place}"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The PostgreSQL that lives in a folder; processes with the same folder share one server.

    The process that takes the folder's lock owns the server, which ends with it. The others connect, and lose
    their connections when the owner ends. With `durable=False` a crash of the machine may lose the data.
    """

    home: Path
    durable: bool = True
    binaries: Path | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[PostgresServer]:
        """The running server, started if nobody else did; raises EmbeddedPostgresError when it cannot be."""
        home = self.home.resolve()
        deadline = time.monotonic() + SHARE_SECONDS
        with _lock_file(home) as lock:
            while not _locked(lock):
                shared = self._shared(home)
                if shared is not None:
                    yield shared
                    return
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"Another process holds {lock.name} and starts no server: end it."
                    )
                time.sleep(0.05)
            with self._owned(home) as server:
                yield server

    @contextlib.contextmanager
    def _owned(self, home: Path) -> Iterator[PostgresServer]:
        data = data_folder(home)
        account = account_for(data)
        binaries = reachable_binaries(self.binaries or wheel_binaries(), account, data)
        cluster = Cluster(data, binaries, account)
        cluster.make()
        cluster.end_leftovers()
        with _listening(data, account) as listen, cluster.server(listen=listen, durable=self.durable):
            server = _server(cluster, owned=True)
            if server is None:
                raise EmbeddedPostgresError(
                    f"PostgreSQL ended at once:\n{cluster.log.read_text(errors='replace')}"
                )
            yield server

    def _shared(self, home: Path) -> PostgresServer | None:
        """The server that another process owns, once it takes connections."""
        if not (home / "postgres").exists():
            return None
        data = data_folder(home)
        cluster = Cluster(data, self.binaries or wheel_binaries(), account_for(data))
        return _server(cluster, owned=False)


def _server(cluster: Cluster, *, owned: bool) -> PostgresServer | None:
    """What the server's own note says of it: pid, data, start, port, socket folder, host, memory, state."""
    note = cluster.ready_note()
    if note is None:
        return None
    return PostgresServer(host=note[4] or note[5], port=int(note[3]), process_id=int(note[0]), owned=owned)


@contextlib.contextmanager
def _listening(data: Path, account: Account) -> Iterator[tuple[str, ...]]:
    """Settings for a socket that only the server's user may enter; on Windows for this machine only."""
    if sys.platform == "win32":
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        yield ("listen_addresses=127.0.0.1", f"port={port}")
        return
    shutil.rmtree(socket_folder(data, account))
    folder = socket_folder(data, account)
    try:
        yield ("listen_addresses=", f"unix_socket_directories={folder}", f"port={PORT}")
    finally:
        shutil.rmtree(folder)


def _lock_file(home: Path) -> BinaryIO:
    try:
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            home.chmod(home.stat().st_mode | 0o011)  # others may pass through it to what is theirs
        return (home / "postgres.lock").open("ab")
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{error}: be the user who made it, or set another LOYALTY_HOME."
        ) from error


def _locked(lock: BinaryIO) -> bool:
    """Whether we now hold the lock, which the system frees when we end, however we end."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
