"""Rules that object to redemptions: asked once, under lock, and a failure is never a consent (L47)."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

import pytest

from loyalty_engine.plugins import Installed, RuleType, discover
from loyalty_engine.rules import (
    Figure,
    Measure,
    Member,
    Redemption,
    RedemptionHooks,
    RollingDays,
    Rule,
    RuleConfig,
)
from loyalty_engine.services import Refusal, RefusalCode
from loyalty_engine.services.reward_commands import Redeemed
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.rewards import Catalogue, open_catalogue
from tests.services.shop import NOW, PROGRAM, done, refused

TROUBLE: dict[str, Any] = {}
"""What the rule of this test does instead of deciding; empty when it is repaired."""

SEEN: list[tuple[Redemption, Member]] = []
"""What the rule was shown."""

SPENT = Measure("spent", Figure("amount"), RollingDays(rolling_days=30))


class NoConfig(RuleConfig):
    """Nothing to decide."""


class Patience(Rule[NoConfig], RedemptionHooks):
    """Mugs are for those who bought for 100 within 30 days."""

    name = "patience"
    version = "1"
    Config = NoConfig

    def measures(self) -> tuple[Measure, ...]:
        """What was bought."""
        return (SPENT,)

    def objection(self, redemption: Redemption, member: Member) -> str | None:
        """Says how much is missing."""
        SEEN.append((redemption, member))
        if "raises" in TROUBLE:
            raise ValueError(f"cannot decide about {member.external_id}")
        if "answers" in TROUBLE:
            return cast("str", TROUBLE["answers"])
        missing = 100 - member.figure(SPENT)
        return f"buy for {missing:.0f} more" if redemption.reward == "mug" and missing > 0 else None


class Consent(Rule[NoConfig], RedemptionHooks):
    """Never objects."""

    name = "consent"
    version = "1"
    Config = NoConfig

    def objection(self, redemption: Redemption, member: Member) -> str | None:  # noqa: ARG002
        """None."""
        return None


RULES = """
[[rules]]
id = "agrees"
rule = "consent"
config = {}

[[rules]]
id = "patient"
rule = "patience"
config = {}
"""


def installed() -> Installed:
    """The installed rules, and those of this test."""
    own = {rule.name: RuleType(rule.name, "test", rule.version, rule) for rule in (Patience, Consent)}
    return MappingProxyType({**discover(), **own})


@pytest.fixture
async def shop(app_database: Database) -> Catalogue:
    TROUBLE.clear()
    SEEN.clear()
    shop = await open_catalogue(app_database, PROGRAM + RULES, installed=installed())
    await shop.enrol()
    await shop.offer(price=20, stock=5)
    await shop.offer("pen", 20)
    return shop


async def test_a_rule_objects_and_what_it_says_is_answered(shop: Catalogue) -> None:
    await shop.buy(60, NOW - timedelta(days=31))
    await shop.buy(70, NOW - timedelta(days=3))
    before = await shop.row_counts()
    refusal = refused(await shop.ask("mug"), RefusalCode.INVALID_INPUT, "reward")
    assert (refusal.word, refusal.parameters["rule"]) == ("redemption-objected", "patient")
    assert refusal.parameters["reason"] == "buy for 30 more"
    assert await shop.row_counts() == before
    done(await shop.ask("pen"), Redeemed)
    await shop.buy(30, NOW - timedelta(days=1))
    done(await shop.ask("mug"), Redeemed)
    assert await broken(shop) == {}


async def test_the_rule_is_shown_the_reward_and_the_member_as_it_is(shop: Catalogue) -> None:
    await shop.buy(150, NOW - timedelta(days=2))
    await shop.redeem("mug")
    ((redemption, member),) = SEEN
    assert redemption == Redemption("mug", "goods", "points", Decimal(20), NOW.date())
    assert (member.external_id, dict(member.tiers)) == ("ann", {"status": "silver"})
    assert member.figure(SPENT) == Decimal(150)


@pytest.mark.parametrize(
    "trouble",
    [{"raises": True}, *({"answers": answer} for answer in ("", " ", "x" * 501, 1, True, float("nan")))],
)
async def test_a_rule_that_fails_refuses_and_nothing_is_written_until_it_is_repaired(
    shop: Catalogue, trouble: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await shop.buy(150, NOW - timedelta(days=2))
    before = await shop.row_counts()
    TROUBLE.update(trouble)
    with caplog.at_level(logging.ERROR):
        refusal = refused(await shop.ask("pen", key="one"), RefusalCode.RULE_FAILED, "reward")
    assert (refusal.word, dict(refusal.parameters)) == ("rule-failed", {"rule": "patient"})
    assert str(shop.business_id) in caplog.text
    assert await shop.row_counts() == before
    assert await shop.value("SELECT count(*) FROM redemption") == 0
    TROUBLE.clear()
    done(await shop.ask("pen", key="one"), Redeemed)
    assert await broken(shop) == {}


async def test_what_was_granted_is_not_asked_about_again(shop: Catalogue) -> None:
    await shop.buy(150, NOW - timedelta(days=2))
    granted = await shop.ask("mug", key="one")
    TROUBLE["answers"] = "not any more"
    asked = len(SEEN)
    again = await shop.ask("mug", key="one")
    assert not isinstance(again, Refusal)
    assert again.redemption_id == done(granted, Redeemed).redemption_id
    await shop.refold_all()
    assert len(SEEN) == asked
    assert await shop.balance() == 150 - 20
    refused(await shop.ask("mug"), RefusalCode.INVALID_INPUT)
