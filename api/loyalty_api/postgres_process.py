"""The processes of the embedded PostgreSQL: making a cluster, starting, watching and stopping its server."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from loyalty_api.postgres_place import (
    Account,
    EmbeddedPostgresError,
    command_environment,
    command_folder,
    major_version,
)

BUILTIN_LOCALE_SINCE = 17
STOP_SECONDS = 30
LEFTOVER_SECONDS = 10
SETTINGS = (
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
    "shared_buffers=256MB",
    "jit=off",
)
QUIET = ("log_timezone=UTC", "log_error_verbosity=terse", "log_min_error_statement=panic")
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Cluster:
    """A data folder with the binaries and the user that serve it."""

    data: Path
    binaries: Path
    account: Account

    @property
    def log(self) -> Path:
        """What the server said since it was started last; personal data and statements are not logged."""
        return self.data.parent / "postgres.log"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own note about its running server."""
        return self.data / "postmaster.pid"

    def make(self) -> None:
        """Makes the cluster whole or not at all; one that exists must be of the binaries' major version."""
        version = major_version(self.binaries, self.account)
        marker = self.data / "PG_VERSION"
        if marker.exists():
            if marker.read_text().strip() != str(version):
                raise EmbeddedPostgresError(
                    f"{self.data} was made by PostgreSQL {marker.read_text().strip()}, "
                    f"this one is {version}: "
                    "use that version, or another LOYALTY_HOME."
                )
            return
        partial = self.data.with_name("postgres.partial")
        partial.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        self.account.owns(partial)
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        done = self.account.run(
            self.binaries / "initdb",
            f"--pgdata={partial}",
            "--username=postgres",
            "--encoding=UTF8",
            "--auth=trust",
            "--data-checksums",
            "--no-instructions",
            *(builtin if version >= BUILTIN_LOCALE_SINCE else ("--locale=C",)),
        )
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed in {partial}:\n{done.stderr}")
        partial.rename(self.data)

    def end_leftovers(self) -> None:
        """Ends what an owner that was killed left running, and removes the note of a server that is gone.

        The note may name a zombie, or a stranger by now, so processes are found by their folder.
        """
        deadline = time.monotonic() + LEFTOVER_SECONDS
        left = [process for process in psutil.process_iter() if self._serves(process)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
        while left := [process for process in left if self._serves(process)]:
            if time.monotonic() > deadline:
                for process in left:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            time.sleep(0.02)
        self.pid_file.unlink(missing_ok=True)

    def _serves(self, process: psutil.Process) -> bool:
        """Every process of a server works in its data folder."""
        try:
            return process.name().startswith("postgres") and process.cwd() == str(self.data)
        except psutil.Error:
            return False

    @contextlib.contextmanager
    def server(self, *, listen: tuple[str, ...], durable: bool) -> Iterator[None]:
        """Runs the server while the block runs; it ends with us, however we end."""
        settings = (*SETTINGS, *QUIET, *listen, *(() if durable else NOT_DURABLE))
        with self.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603
                [
                    self.binaries / "postgres",
                    "-D",
                    self.data,
                    *(part for one in settings for part in ("-c", one)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=command_folder(),
                env=command_environment(),
                user=self.account.user_id,
                group=self.account.group_id,
                extra_groups=self.account.groups,
                start_new_session=True,  # Ctrl-C is for us, who stop the server last
            )
        with contextlib.ExitStack() as ending:
            if sys.platform != "win32":
                ending.enter_context(_guard(process.pid, self.account))
            ending.callback(self._stop, process)
            while self.ready_note(process.pid) is None:
                if process.poll() is not None:
                    raise EmbeddedPostgresError(
                        f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')}"
                    )
                time.sleep(0.01)
            yield

    def ready_note(self, pid: int | None = None) -> list[str] | None:
        """The lines of the note of a server that takes connections (the one with this pid, or any)."""
        try:
            lines = [line.strip() for line in self.pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return None
        ready = len(lines) >= 8 and lines[7] == "ready" and pid in {None, int(lines[0])}
        return lines if ready else None

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        """A fast shutdown, with everything committed on disk; kills a server that hangs."""
        if sys.platform == "win32":
            self.account.run(self.binaries / "pg_ctl", "stop", "-m", "fast", "-D", self.data)
        elif process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _guard(pid: int, account: Account) -> Iterator[None]:
    """A tiny process that stops the server when our end of its pipe closes, as even `kill -9` of us does."""
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", 'cat >/dev/null; kill -INT "$0" 2>/dev/null', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=command_folder(),
        env=command_environment(),
        user=account.user_id,
        group=account.group_id,
        extra_groups=account.groups,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()
