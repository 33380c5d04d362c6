"""What the README shows is what the engine does: its file, its mutation and its query are used."""

import json
import re
import shlex
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from loyalty_api.app import create_app
from loyalty_api.cli import parser
from loyalty_api.settings import Settings
from loyalty_engine.clock import FixedClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.docs.pages import ROOT, blocks_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


def shown(language: str) -> list[str]:
    """The blocks of a language."""
    return [block.text for block in blocks_of(README) if block.language == language]


async def test_the_query_is_answered_as_shown(app_database: Database) -> None:
    engine = Engine(app_database, discover(), FixedClock(NOW), b"k" * 32)
    slug, (program, *_) = f"roastery-{uuid4().hex}", shown("toml")
    made = await create_business(engine, CreateBusiness(slug, program.replace('"roastery"', f'"{slug}"')))
    assert isinstance(made, BusinessCreated), made
    assert made.program.warnings == ()
    app = create_app(engine, Settings())
    key = {"authorization": f"Bearer {made.owner.key.text}"}
    mutation, query = shown("graphql")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://readme.test", headers=key
    ) as client:
        done = (await client.post("/graphql", json={"query": mutation})).json()
        answer = (await client.post("/graphql", json={"query": query})).json()
    assert outcomes(done) == {"EnrolMemberSuccess", "RecordActivitySuccess"}
    assert answer == json.loads(shown("json")[0])


def outcomes(done: dict[str, Any]) -> set[str]:
    """The types that a mutation answered."""
    assert "errors" not in done, done
    return {result["__typename"] for result in done["data"].values()}


def test_the_program_file_has_thirty_lines() -> None:
    assert len([line for line in shown("toml")[0].splitlines() if line]) <= 30


def test_every_loyalty_command_that_is_shown_is_one() -> None:
    lines = [line for block in shown("sh") for line in block.splitlines() if "loyalty " in f"{line} "]
    commands = [shlex.split(line) for line in lines if shlex.split(line)[0].endswith("loyalty")]
    assert len(commands) > 4
    for _, *arguments in commands:
        parser().parse_args(arguments)


def test_every_make_target_that_is_shown_is_one() -> None:
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"^make (\w+)$", README, re.MULTILINE))
    assert named == {"demo", "test"}
    assert named <= set(targets)


def test_every_folder_and_file_of_the_table_exists() -> None:
    chapter = README.partition("\n## Where things are\n")[2]
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", chapter, re.MULTILINE)]
    assert len(rows) > 10
    for where, holds in rows:
        folder = ROOT / where.strip("`")
        assert folder.is_dir(), folder
        for name in re.findall(r"`([^`]+)`", holds):
            assert (ROOT / name).exists() or (folder / name).exists(), name


def test_every_top_folder_is_in_the_table() -> None:
    chapter = README.partition("\n## Where things are\n")[2]
    tracked = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert {name for name in tracked if name in SOURCES} == {
        folder.split("/")[0] for folder in re.findall(r"^\| `([\w/]+)`", chapter, re.MULTILINE)
    }


SOURCES = {"api", "docs", "engine", "examples", "migrations", "plugins", "schema", "tests", "bench"}


def test_the_plugin_that_is_switched_on_is_there_and_configured_as_its_own_page_says() -> None:
    (name,) = re.findall(r"pip install \./(\S+)", README)
    assert (ROOT / name / "pyproject.toml").exists()
    assert shown("toml")[1] in (ROOT / name / "README.md").read_text(encoding="utf-8")
