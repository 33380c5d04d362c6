"""The wheel alone: what it carries is enough to migrate a database and to run the demo."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
WHERE = """
import json, loyalty_api, loyalty_engine, loyalty_schema
from loyalty_engine.shipped import shipped
print(json.dumps([loyalty_api.__file__, loyalty_engine.__file__, loyalty_schema.__file__,
                  *map(str, map(shipped, ("migrations", "examples/programmes", "schema/schema.graphql")))]))
"""


@dataclass(frozen=True)
class Installation:
    """A fresh environment with the wheel, the locked dependencies and a home of its own, but no checkout."""

    folder: Path
    home: Path

    @property
    def commands(self) -> Path:
        """Where the environment's programs are."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment, knowing nothing of ours."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LOYALTY_", "PYTHON")) and name != "VIRTUAL_ENV"
        }
        return subprocess.run(
            [self.commands / program, *arguments],
            cwd=self.folder,
            env={**ours, "LOYALTY_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("loyalty_engine-*.whl")
    venv.EnvBuilder(with_pip=False).create(folder)
    with tempfile.TemporaryDirectory(prefix="loyalty-test-") as place:
        Path(place).chmod(0o755)
        installed = Installation(folder, Path(place) / "home")
        packages = installed.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        pip("--python", str(folder), "install", "--no-deps", "--no-index", str(wheel))
        # A path that a .pth file adds is not searched for further .pth files, such as the checkout's.
        locked = Path(packages.stdout.strip()) / "locked.pth"
        locked.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        yield installed


def pip(*arguments: str) -> None:
    """Runs pip of the tests' environment, offline."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        *arguments,
    ]
    done = subprocess.run(
        command, env={**os.environ, "PIP_NO_INDEX": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nothing_of_the_checkout_is_seen(installation: Installation) -> None:
    found = installation.run("python", "-c", WHERE)
    assert found.returncode == 0, found.stderr
    assert [path for path in json.loads(found.stdout) if not path.startswith(str(installation.folder))] == []


def test_the_wheel_migrates_a_database_of_its_own(installation: Installation) -> None:
    migrated = installation.run("loyalty", "migrate", "--json")
    assert migrated.returncode == 0, migrated.stderr
    assert json.loads(migrated.stdout)["applied"][0] == "0001"


def test_the_wheel_prints_its_schema_and_its_rules(installation: Installation) -> None:
    assert "type Member " in installation.run("loyalty", "schema").stdout
    rules = json.loads(installation.run("loyalty", "plugins", "--json").stdout)
    assert {"tier_spend", "tier_points", "earn_purchase"} <= {rule["name"] for rule in rules}


def test_the_wheel_runs_the_demo_and_a_second_time_in_seconds(installation: Installation) -> None:
    first = installation.run("loyalty", "demo", "--exit", "--json")
    assert first.returncode == 0, first.stderr
    loaded = json.loads(first.stdout)
    assert (loaded["members"], loaded["activities"]) == (4372, 22190)
    again = json.loads(installation.run("loyalty", "demo", "--exit", "--json").stdout)
    assert again["seconds"] < 10
    figures = ("tiers", "pointsOutstanding", "budgets")
    assert [again[name] for name in figures] == [loaded[name] for name in figures]
