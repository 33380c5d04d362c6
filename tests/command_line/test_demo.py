"""The demo on the real data: interrupted half way, resumed, and ended without leaving anything behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.command_line.shell import HANGS, Shell
from tests.server import temporary_home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals as a terminal does")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with temporary_home() as home:
        yield Shell(tmp_path_factory.mktemp("demo"), {"LOYALTY_HOME": str(home / "loyalty")})


def servers(shell: Shell) -> list[psutil.Process]:
    """Processes that work in the home of the shell."""
    home, found = shell.settings["LOYALTY_HOME"], []
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and process.cwd().startswith(home):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_an_interrupted_demo_goes_on_where_it_was_and_leaves_nothing_running(shell: Shell) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "loyalty_api.cli", "demo", "--exit"],
        cwd=shell.folder,
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stderr is not None
        assert any("4372/4372" in line for line in iter(demo.stderr.readline, "")), (
            "the members were enrolled"
        )
        time.sleep(2)
        assert demo.poll() is None, demo.communicate()
        demo.send_signal(signal.SIGINT)
        _, err = demo.communicate(timeout=HANGS)
    assert demo.returncode == 130, err
    assert "Traceback" not in err
    assert servers(shell) == []

    resumed = shell.run("demo", "--exit", "--json")
    assert resumed.code == 0, resumed.err
    assert (resumed.json["members"], resumed.json["activities"]) == (4372, 22190)
    assert sum(resumed.json["tiers"]["status"].values()) == 4372
    (budget,) = resumed.json["budgets"]
    assert 0 < float(budget["used"]) < float(budget["opened"])

    again = shell.run("demo", "--exit", "--json")
    assert again.json["activitiesPerSecond"] is None
    assert [again.json[name] for name in ("tiers", "pointsOutstanding", "budgets")] == [
        resumed.json[name] for name in ("tiers", "pointsOutstanding", "budgets")
    ]
    assert servers(shell) == []
    assert Path(shell.settings["LOYALTY_HOME"], "demo_key").stat().st_mode & 0o077 == 0
