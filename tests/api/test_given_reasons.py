"""The reasons that a rule gives itself, as they are kept with a decision and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from loyalty_engine.clock import SystemClock
from loyalty_engine.plugins import Installed, RuleType, discover
from loyalty_engine.rules import Ladder, Member, Reason, Rule, RuleConfig, TierHooks, TierVerdict
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.api.shop import REFUSED, SECRET, Shop, client_of, open_shop
from tests.properties.invariants import broken

WORDS: dict[str, Any] = {}
"""What the rule of this test says of a reason, by language; empty: nothing."""


class NoConfig(RuleConfig):
    """Nothing to decide."""


class Streak(Rule[NoConfig], TierHooks):
    """Gold for a streak of four weeks."""

    name = "streak"
    version = "1"
    Config = NoConfig

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:  # noqa: ARG002
        """Whether the weeks that are known reach it, and why."""
        weeks = member.attributes.get("weeks", 0)
        reason = Reason("streak", {"weeks": str(weeks), "needed": "4"})
        return {"gold": TierVerdict(int(str(weeks)) >= 4, (reason,))}

    def describe(self, reason: Reason, language: str) -> str | None:
        """What the test says; it may fail."""
        said = WORDS.get(language)
        return said(reason) if callable(said) else said


def installed() -> Installed:
    return MappingProxyType({**discover(), "streak": RuleType("streak", "test", "1", Streak)})


PROGRAM = """
[program]
business = "{slug}"
name = "Shop"
timezone = "Europe/Rome"
currency = "EUR"

[[ladders]]
key = "status"
tiers = [{{ key = "guest" }}, {{ key = "gold", name = {{ en = "Gold", zh = "金卡" }} }}]
combine = "streak"
upgrade = {{ at = "activity", until = "lifetime" }}
downgrade = {{ to = "qualified" }}
returns = "from_now"

[[rules]]
id = "streak"
rule = "streak"
config = {{}}
"""
SHOWN = """
{ member(by: {externalId: "ann"}) { standing {
    ruling { nodes { reasons { code en: message(locale: "en") zh: message(locale: "zh") } } }
    why(tier: "gold") { nodes { reasons { code en: message(locale: "en") } } }
} } }
"""
FACT = f"mutation ($input: RecordFactInput!) {{ recordFact(input: $input) {{ __typename {REFUSED} }} }}"


@pytest.fixture
async def shop(app_database: Database) -> AsyncIterator[Shop]:
    """Ann is gold by a purchase after a streak of six weeks, of which one is left by now."""
    WORDS.clear()
    engine = Engine(app_database, installed(), SystemClock(), SECRET)
    async with client_of(engine) as client:
        shop = await open_shop(engine, client, program=PROGRAM)
        await shop.enrol("ann")
        await know(shop, 6, "2026-02-01T10:00:00Z")
        await shop.buy("ann", "10.00")
        await know(shop, 1, "2026-06-14T10:00:00Z")
        yield shop


async def know(shop: Shop, weeks: int, at: str) -> None:
    """An app reports the streak."""
    wanted = {
        "idempotencyKey": at, "member": {"externalId": "ann"}, "kind": "ATTRIBUTE", "key": "weeks",
        "value": weeks, "source": "app", "externalId": at, "occurredAt": at,
    }  # fmt: skip
    assert (await shop.data(FACT, {"input": wanted}))["recordFact"]["__typename"] == "RecordFactSuccess"


async def standing(shop: Shop) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The reasons of the decision, and those of now."""
    found = (await shop.data(SHOWN))["member"]["standing"]
    (decided,), (now,) = found["ruling"]["nodes"], found["why"]["nodes"]
    return decided["reasons"], now["reasons"]


async def test_what_a_rule_gave_as_reasons_is_shown_as_it_was_and_as_it_is_now(shop: Shop) -> None:
    decided, now = await standing(shop)
    assert decided == [
        {"code": "reason-supports", "en": "Gold: supported", "zh": "金卡：支持"},
        {
            "code": "streak",
            "en": "Gold: streak (weeks 6, needed 4)",
            "zh": "金卡：streak (weeks 6, needed 4)",
        },
    ]
    assert [reason["en"] for reason in now][1:] == ["Gold: streak (weeks 1, needed 4)"]


async def test_it_is_kept_with_the_decision_and_folded_again_to_the_same(shop: Shop) -> None:
    query = "SELECT ruling -> 'reasons' FROM standing WHERE to_tier = 'gold'"
    async with shop.engine.database.reading(shop.business_id) as connection:
        kept = await connection.fetchval(query)
    assert kept == {"streak": {"gold": [["streak", {"weeks": "6", "needed": "4"}]]}}
    assert await broken(shop) == {}


async def test_a_rule_says_it_in_its_own_words(shop: Shop) -> None:
    WORDS["zh"] = "连续训练达标"
    WORDS["en"] = lambda reason: f"{reason.parameters['weeks']} weeks in a row"
    decided, _ = await standing(shop)
    assert (decided[1]["en"], decided[1]["zh"]) == ("Gold: 6 weeks in a row", "金卡：连续训练达标")


def _fails(_: Reason) -> str:
    raise ValueError("no words today")


@pytest.mark.parametrize("said", ["raises", 5, "", " ", "x" * 501, "\x00", "\ud800"], ids=ascii)
async def test_where_its_words_fail_the_code_and_its_parameters_are_shown(shop: Shop, said: object) -> None:
    WORDS["en"] = _fails if said == "raises" else said
    decided, _ = await standing(shop)
    assert decided[1]["en"] == "Gold: streak (weeks 6, needed 4)"
