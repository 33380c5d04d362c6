"""Processes of `loyalty serve`, as many as wanted, on one database."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.command_line.shell import Shell, shell_on

WATCHED = Path(__file__).with_name("watched.py")
STARTS_WITHIN = 300
"""Seconds in which a server must be ready; it is asked again until then."""


@contextlib.contextmanager
def serving(folder: Path, owner_url: str, many: int) -> Iterator[list[str]]:
    """The addresses of so many servers; they must end well, having said nothing of an error."""
    shell = shell_on(folder, owner_url)
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(_server(shell, folder / f"{number}.log")) for number in range(many)]
        for server in servers:
            server.wait_until_ready()
        yield [server.address for server in servers]
        for server in servers:
            server.ask_to_end()
        for server in servers:
            server.check_end()


@dataclass(frozen=True)
class Server:
    """One process of `loyalty serve`."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def wait_until_ready(self) -> None:
        """Asks again while nobody listens, with a growing pause; the end of the process ends the waiting."""
        pause, waited = 0.05, 0.0
        while waited < STARTS_WITHIN:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health/ready", timeout=5).status_code == 200:
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=pause)
            waited, pause = waited + pause, min(1.0, pause * 1.5)
        raise AssertionError(f"{self.address} is not ready: {self.log.read_text()}")

    def ask_to_end(self) -> None:
        """Lets go of its input, as our own end does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def check_end(self) -> None:
        """The process ends as it was asked to, and its log tells of no error."""
        code, said = self.process.wait(timeout=120), self.log.read_text()
        assert code == 0, said
        assert "ERROR" not in said, said
        assert "Traceback" not in said, said


@contextlib.contextmanager
def _server(shell: Shell, log: Path) -> Iterator[Server]:
    port = _free_port()
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, str(WATCHED), sys.executable, "-m", "loyalty_api.cli", "serve"],
            cwd=shell.folder,
            env=shell.environment(LOYALTY_PORT=str(port)),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as process,
    ):
        yield Server(process, f"http://127.0.0.1:{port}", log)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
