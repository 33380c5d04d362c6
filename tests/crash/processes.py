"""Real processes that can be killed and started again: a PostgreSQL of our own, and commands of `loyalty`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from loyalty_api.postgres import EmbeddedPostgres, PostgresServer
from tests.command_line.shell import Shell

START_SECONDS = 180.0


@dataclass
class OwnPostgres:
    """A PostgreSQL as production has it, in a folder of its own."""

    home: Path
    _running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _server: PostgresServer | None = None

    @property
    def server(self) -> PostgresServer:
        """The one that runs."""
        assert self._server is not None
        return self._server

    def start(self) -> None:
        """Starts it, which after a crash recovers what was committed."""
        self._server = self._running.enter_context(EmbeddedPostgres(self.home).running())

    def processes(self) -> list[psutil.Process]:
        """The postmaster, and all that it started."""
        postmaster = psutil.Process(self.server.process_id)
        return [postmaster, *postmaster.children(recursive=True)]

    def kill(self) -> None:
        """Ends all of it at one instant, as a power cut does, but that the system's own memory stays."""
        psutil.Process(self.server.process_id).suspend()
        processes = self.processes()
        for how in (psutil.Process.suspend, psutil.Process.kill):
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    how(process)
        self._running.close()

    def stop(self) -> None:
        """Ends it in an orderly way."""
        self._running.close()


@dataclass
class Running:
    """A command that runs until it is killed."""

    shell: Shell
    command: str
    settings: dict[str, str]
    log: Path
    _process: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        """Starts it and waits until it says that it has started."""
        self._process = self._started()
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = await asyncio.to_thread(self._process.stdout.readline)
        assert said, self.log.read_text()

    def _started(self) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "loyalty_api.cli", self.command],
                cwd=self.shell.folder,
                env=self.shell.environment(**self.settings),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def kill(self) -> None:
        """Ends it at once, where it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


async def ready(http: httpx.AsyncClient) -> None:
    """Returns when the API says that it can be used."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get("/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port that nobody listened at a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def own_postgres(home: Path) -> Iterator[OwnPostgres]:
    """A running PostgreSQL, ended afterwards."""
    postgres = OwnPostgres(home)
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()
