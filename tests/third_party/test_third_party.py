"""Somebody else's rule, installed beside our wheel in a fresh environment, without any change here."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = Path(__file__).parent / "loyalty-tier-streak"

PROGRAM = """
[program]
business = "gym"
name = "Gym Club"
timezone = "Europe/London"
currency = "GBP"

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "streak"
upgrade = { at = "activity", until = { end_of = "year" } }
downgrade = { to = "qualified" }
returns = "undo"

[[rules]]
id = "streak"
rule = "tier_streak"
config = { weeks = { silver = 4, gold = 26 } }
"""
DISCOVER = """
import json, loyalty_engine
from loyalty_engine.plugins import discover
found = discover().values()
types = {each.name: [each.plugin, each.version, each.summary, list(each.hooks)] for each in found}
print(json.dumps([loyalty_engine.__file__, types]))
"""
FOLD = """
import sys
from datetime import UTC, date, datetime
from uuid import UUID
from loyalty_engine.plugins import discover
from loyalty_engine.program import compile_program
from loyalty_engine.rating import ActivityFact, ProgramVersion, Rulebook, ValueFact, enrolled, fold
from loyalty_engine.testing import activity

program = compile_program(sys.argv[1], discover())
rulebook = Rulebook((ProgramVersion(UUID(int=0), 1, None, program),))
reported = datetime(2024, 1, 2, tzinfo=UTC)
facts = [ValueFact("app", "1", reported, "score", "streak_weeks", 26), ActivityFact(activity(kind="visit"))]
state = enrolled("member", datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 1))
outcome = fold(rulebook, state, facts, datetime(2024, 2, 1, tzinfo=UTC), lambda ask: 0)
print(outcome.state.ladders["status"].tier, [parked for parked in outcome.parked])
"""

pytestmark = pytest.mark.packaging


@dataclass(frozen=True)
class Environment:
    """A fresh environment: its interpreter and a folder from which nothing of ours can be imported."""

    python: Path
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the interpreter, cut off from the environment of the tests."""
        return subprocess.run(
            [self.python, "-I", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def check(self, program: str) -> tuple[int, Any]:
        """Exit code and answer of `loyalty program check FILE --json`."""
        file = self.folder / "program.toml"
        file.write_text(program, encoding="utf-8")
        done = self.run("-m", "loyalty_api.cli", "program", "check", str(file), "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


def pip(*arguments: str) -> None:
    """Run pip of the tests' environment, offline."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        *arguments,
    ]
    subprocess.run(command, check=True, env={**os.environ, "PIP_NO_INDEX": "1"})


def wheel_of(project: Path, folder: Path) -> Path:
    """The project's wheel, built with the tools that are installed."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project))
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Our wheel and the plugin's, installed; dependencies are lent by the environment of the tests.

    A plain path in a .pth file lends packages without lending the editable installation of ours.
    """
    folder = tmp_path_factory.mktemp("third_party")
    builder = venv.EnvBuilder(with_pip=False)
    place = builder.ensure_directories(folder / "venv")
    builder.create(folder / "venv")
    python = Path(place.env_exe)
    wheels = [wheel_of(project, folder / project.name) for project in (ROOT, PLUGIN)]
    pip("--python", str(python), "install", "--no-deps", *map(str, wheels))
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (folder / "work").mkdir()
    return Environment(python, folder / "work")


def test_the_rule_is_offered_beside_the_built_in_ones_by_the_same_table(environment: Environment) -> None:
    done = environment.run("-c", DISCOVER)
    assert done.returncode == 0, done.stderr
    engine, types = json.loads(done.stdout)
    assert Path(engine).is_relative_to(environment.python.parents[1]), "the wheel is what is imported"
    assert {"earn_purchase", "partner_rewards", "tier_frequency", "tier_spend"} < types.keys()
    summary = "Supports a tier when the streak of training weeks that an app reports is long enough."
    assert types["tier_streak"] == ["tier_streak", "1", summary, ["tier_opinion"]]


def test_the_plugins_own_tests_pass_with_the_kit_of_the_wheel(environment: Environment) -> None:
    done = environment.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(PLUGIN), str(PLUGIN)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout or "8 passed" in done.stdout, done.stdout


def test_a_program_that_names_the_rule_is_decided_by_it(environment: Environment) -> None:
    done = environment.run("-c", FOLD, PROGRAM)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "gold []"


def test_the_command_line_accepts_a_program_file_that_names_it(environment: Environment) -> None:
    code, answer = environment.check(PROGRAM)
    assert code == 0, answer


def test_a_mistake_in_its_config_is_found_with_its_path(environment: Environment) -> None:
    code, answer = environment.check(PROGRAM.replace("gold = 26", "platinum = 26"))
    assert code != 0
    assert "rules.0.config.weeks.platinum" in json.dumps(answer)
