"""Where a crash could lose what was acknowledged, nothing starts that would acknowledge it."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line.shell import Ended, Shell, shell_on
from tests.server import temporary_home


@pytest.fixture
def shell(tmp_path: Path, database: str) -> Shell:
    """On a database whose address says that commits do not wait; nothing is allowed yet."""
    shell = shell_on(tmp_path, database)
    url = shell.settings["LOYALTY_DATABASE_URL"]
    url += f"{'&' if '?' in url else '?'}synchronous_commit=off"
    return Shell(
        tmp_path, {**shell.settings, "LOYALTY_DATABASE_URL": url, "LOYALTY_ALLOW_UNSAFE_DATABASE": ""}
    )


def started(shell: Shell, command: str, **settings: str) -> Ended:
    """What the command says when it is told to end as soon as it has started, or refuses to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with subprocess.Popen(
        [sys.executable, "-m", "loyalty_api.cli", command],
        cwd=shell.folder,
        env=shell.environment(LOYALTY_PORT=port, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if first:
            process.terminate()
        rest, told = process.communicate(timeout=60)
    return Ended(process.returncode, first + rest, told)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_server_and_a_worker_start_on_an_unsafe_database_only_where_that_is_allowed(
    shell: Shell, command: str
) -> None:
    refused = started(shell, command)
    assert (refused.code, refused.out) == (3, "")
    assert "synchronous_commit is off (take it out of the address of the database)" in refused.err
    assert "LOYALTY_ALLOW_UNSAFE_DATABASE" in refused.err
    allowed = started(shell, command, LOYALTY_ALLOW_UNSAFE_DATABASE="true")
    assert allowed.code == 0
    assert "WARNING" in allowed.err
    assert "synchronous_commit is off" in allowed.err


@pytest.mark.parametrize("command", [("keys", "list", "any"), ("import", "any.csv", "--business", "any")])
def test_no_other_command_writes_there_either_and_a_script_is_told_by_a_code(
    shell: Shell, command: tuple[str, ...]
) -> None:
    shell.write("any.csv", "member,kind,source,external_id,occurred_at,amount\n")
    refused = shell.run(*command, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (3, "unsafe_database")


def test_the_embedded_server_loses_nothing(tmp_path: Path) -> None:
    with temporary_home() as home:
        assert started(Shell(tmp_path, {"LOYALTY_HOME": str(home / "loyalty")}), "worker").code == 0
