"""The page about running says what the commands, the settings and the API say."""

import re

import httpx
import pytest

from loyalty_api.app import create_app
from loyalty_api.commands import outcome
from loyalty_api.settings import Settings
from loyalty_engine.clock import SystemClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.docs.pages import ROOT, made_parts

PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")


def test_the_commands_the_checks_the_settings_the_targets_and_the_kinds_of_key_are_made_from_the_code() -> (
    None
):
    assert sorted(made_parts(PAGE)) == ["checks", "commands", "keys", "make", "settings"]


def test_every_exit_code_is_on_the_page() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert codes == [
        outcome.OK,
        outcome.REFUSED,
        outcome.USAGE,
        outcome.ENVIRONMENT,
        outcome.INTERRUPTED,
    ]


@pytest.mark.parametrize(("method", "path"), re.findall(r"^\| `([A-Z]+) (/\S+)` \|", PAGE, re.MULTILINE))
async def test_every_address_on_the_page_answers(app_database: Database, method: str, path: str) -> None:
    engine = Engine(app_database, discover(), SystemClock(), b"k" * 32)
    app = create_app(engine, Settings())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://running.test"
    ) as client:
        answer = await client.request(method, path, json={"query": "{ viewer { kind } }"})
    assert answer.status_code == (401 if method == "POST" else 200)


def test_every_address_of_the_api_is_on_the_page() -> None:
    source = (ROOT / "api" / "loyalty_api" / "app.py").read_text(encoding="utf-8")
    routes = set(re.findall(r"Route\(\"(/[^\"]+)\"", source))
    assert routes == {path for _, path in re.findall(r"^\| `([A-Z]+) (/\S+)` \|", PAGE, re.MULTILINE)}
