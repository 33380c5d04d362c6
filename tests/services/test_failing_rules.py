"""A rule that fails is parked: all else goes on, everybody sees it, and the repair makes it good (L47)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from loyalty_engine.plugins import Installed, RuleType, discover
from loyalty_engine.rules import (
    Activity,
    EarnHooks,
    FundingShare,
    Ladder,
    Line,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
    PromotionTerms,
    Rule,
    RuleConfig,
    TierHooks,
    TierVerdict,
)
from loyalty_engine.services import refold_parked
from loyalty_engine.services.commands import Recorded
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.properties.snapshots import Snapshot, snapshot
from tests.services.shop import HEAD, PROGRAM, START, Shop, done, new_shop, purchase

TROUBLE: dict[str, Any] = {}
"""What the rules of this test do instead of deciding; empty when they are repaired."""


class NoConfig(RuleConfig):
    """Nothing to decide."""


class Fickle(Rule[NoConfig], EarnHooks):
    """Five points for each purchase of ten or more."""

    name = "fickle_earn"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:  # noqa: ARG002
        amount = occasion.activity.amount or Decimal(0)
        if amount >= 10 and "earn" in TROUBLE:
            answer: Sequence[Line] = _answer(TROUBLE["earn"])
            return answer
        return (Line("bonus", "points", Decimal(5)),)


class FickleTier(Rule[NoConfig], TierHooks):
    """Gold from the second vowel of the member's mood on."""

    name = "fickle_tier"
    version = "1"
    Config = NoConfig

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:  # noqa: ARG002
        if "tier" in TROUBLE:
            answer: Mapping[str, TierVerdict] = _answer(TROUBLE["tier"])
            return answer
        return {"gold": TierVerdict(member.attributes.get("mood") == "golden")}


class FicklePartner(Rule[NoConfig], PartnerHooks):
    """Three points that acme pays."""

    name = "fickle_partner"
    version = "1"
    Config = NoConfig
    budgets: ClassVar[Mapping[str, int | None]] = MappingProxyType({"acme": 1000})

    def promotion(self) -> PromotionTerms:
        return PromotionTerms("acme", "points", self.budgets)

    def partner_offers(
        self,
        activity: Activity,  # noqa: ARG002
        member: Member,  # noqa: ARG002
    ) -> Sequence[PartnerAward]:
        if "partner" in TROUBLE:
            answer: Sequence[PartnerAward] = _answer(TROUBLE["partner"])
            return answer
        funding = (FundingShare("acme", Decimal(100)),)
        return (PartnerAward("award", "points", funding, "none", points=Decimal(3)),)


class Silent(Exception):
    """An error that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no message")


def _answer(trouble: Any) -> Any:
    if isinstance(trouble, type) and issubclass(trouble, BaseException):
        raise trouble("no\x00mood \ud800 today" * 100)
    return trouble


@contextmanager
def trouble(**given: Any) -> Iterator[None]:
    TROUBLE.update(given)
    try:
        yield
    finally:
        TROUBLE.clear()


def installed() -> Installed:
    own = {
        rule.name: RuleType(rule.name, "test", rule.version, rule)
        for rule in (Fickle, FickleTier, FicklePartner)
    }
    return MappingProxyType({**discover(), **own})


FICKLE = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 1 }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = { op = "any_of", of = ["spend", "mood"] }
upgrade = { at = "activity", until = { months = 1 } }
review = { every = "month", until = { end_of = "month" } }
downgrade = { to = "qualified" }
returns = "undo"

[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { silver = "50", friend = "50" } }

[[rules]]
id = "mood"
rule = "fickle_tier"
config = {}

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[rules]]
id = "bonus"
rule = "fickle_earn"
config = {}

[[rules]]
id = "promo"
rule = "fickle_partner"
config = {}
"""
)


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    return await fickle_shop(app_database)


async def fickle_shop(database: Database) -> Shop:
    shop = await new_shop(database, FICKLE, installed=installed())
    await shop.enrol()
    await shop.enrol("bob", attributes={"mood": "golden"})
    return shop


PARKED = """
SELECT m.external_id, p.rule, p.resolved_at IS NULL FROM parked p JOIN member m USING (business_id, member_id)
ORDER BY p.parked_at, 1, 2
"""
SHARE = (FundingShare("acme", Decimal(100)),)

EARNING_TROUBLES = {
    "raises": ZeroDivisionError,
    "recurses": RecursionError,
    "raises what has no message": Silent,
    "answers nothing": None,
    "answers a text": "points",
    "answers a number": 5,
    "awards a float": (Line("bonus", "points", 5.0),),  # type: ignore[arg-type]
    "awards no number": (Line("bonus", "points", Decimal("NaN")),),
    "awards infinitely much": (Line("bonus", "points", Decimal("Infinity")),),
    "awards 10^18": (Line("bonus", "points", Decimal(10**18)),),
    "awards more than decimals hold": (Line("bonus", "points", Decimal("1E+999999"), Decimal("1E+999999")),),
    "awards an unknown currency": (Line("bonus", "gems", Decimal(5)),),
    "names a slot twice": (Line("bonus", "points", Decimal(5)), Line("bonus", "points", Decimal(5))),
    "names a slot with a stroke": (Line("bonus/earned", "points", Decimal(5)),),
    "names a slot of 1000 letters": (Line("b" * 1000, "points", Decimal(5)),),
    "names no slot": (Line("", "points", Decimal(5)),),
}


@pytest.mark.parametrize("what", EARNING_TROUBLES.values(), ids=EARNING_TROUBLES)
async def test_an_earning_rule_that_fails_is_parked_and_the_other_rules_go_on(shop: Shop, what: Any) -> None:
    with trouble(earn=what):
        recorded = await shop.buy(60)
        assert await broken(shop) == {}
    assert [parked.rule for parked in recorded.parked] == ["bonus"]
    assert await shop.rows(PARKED) == [("ann", "bonus", True)]
    assert await shop.balance() == 60 + 3
    assert (await shop.tier(), await shop.tier(ladder="club")) == ("silver", "friend")
    assert list(await broken(shop)) == ["replay"], "the repair waits for the worker"
    assert await refold_parked(shop.engine, shop.business_id) == 1
    assert await shop.balance() == 60 + 3 + 5
    assert await shop.rows(PARKED) == [("ann", "bonus", False)]
    assert await broken(shop) == {}


OFFER_TROUBLES = {
    "raises": KeyError,
    "answers a line": (Line("bonus", "points", Decimal(5)),),
    "names a partner without a budget": (
        PartnerAward("award", "points", (FundingShare("bolt", Decimal(100)),), "none", points=Decimal(3)),
    ),
    "shares more than all": (
        PartnerAward("award", "points", (FundingShare("acme", Decimal(101)),), "none", points=Decimal(3)),
    ),
    "awards in two ways": (
        PartnerAward("award", "points", SHARE, "none", points=Decimal(3), percent=Decimal(3)),
    ),
    "awards 10^18": (PartnerAward("award", "points", SHARE, "none", points=Decimal(10**18)),),
    "awards a float": (PartnerAward("award", "points", SHARE, "none", points=3.0),),  # type: ignore[arg-type]
    "awards no number": (PartnerAward("award", "points", SHARE, "none", points=Decimal("NaN")),),
    "shares no number": (
        PartnerAward("award", "points", (FundingShare("acme", Decimal("NaN")),), "none", points=Decimal(3)),
    ),
    "shares a float": (
        PartnerAward("award", "points", (FundingShare("acme", 50.0),), "none", points=Decimal(3)),  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("what", OFFER_TROUBLES.values(), ids=OFFER_TROUBLES)
async def test_an_offer_that_fails_is_parked_and_nothing_is_asked_of_its_budget(
    shop: Shop, what: Any
) -> None:
    with trouble(partner=what):
        recorded = await shop.buy(60)
    assert [parked.rule for parked in recorded.parked] == ["promo"]
    assert await shop.balance() == 60 + 5
    assert await shop.budgets() == {("promo", "acme"): 1000}
    await refold_parked(shop.engine, shop.business_id)
    assert await shop.balance() == 60 + 5 + 3
    assert await shop.budgets() == {("promo", "acme"): 997}
    assert await broken(shop) == {}


TIER_TROUBLES = {
    "raises": ZeroDivisionError,
    "answers nothing": None,
    "answers an unknown tier": {"platinum": TierVerdict(True)},
    "answers a truth": {"gold": True},
}


@pytest.mark.parametrize("what", TIER_TROUBLES.values(), ids=TIER_TROUBLES)
async def test_a_tier_rule_that_fails_freezes_its_ladders_alone_until_the_repair(
    shop: Shop, what: Any
) -> None:
    with trouble(tier=what):
        recorded = await shop.buy(60, member="bob", external_id="1")
        assert [parked.rule for parked in recorded.parked] == ["mood"]
        await shop.buy(60, START + timedelta(days=2), member="bob", external_id="2")
        assert (await shop.tier("bob"), await shop.tier("bob", "club")) == ("basic", "friend")
    await shop.buy(1, START + timedelta(days=3), member="bob", external_id="3")
    assert await shop.tier("bob") == "basic"
    twin = await fickle_shop(shop.engine.database)
    for amount, days in ((60, 1), (60, 2), (1, 3)):
        await twin.buy(amount, START + timedelta(days=days), member="bob", external_id=f"{days}")
    await refold_parked(shop.engine, shop.business_id)
    for each in (shop, twin):
        await each.advance()
        assert await broken(each) == {}
    assert await snapshot(shop) == await snapshot(twin)
    changes = "SELECT count(*) FROM standing WHERE to_tier = 'gold' AND withdrawn_effect_id IS NULL"
    assert await shop.value(changes) >= 1


async def test_a_long_and_hostile_message_of_a_failure_is_kept_short_and_clean(shop: Shop) -> None:
    with trouble(earn=ValueError):
        recorded = await shop.buy(60)
    (parked,) = recorded.parked
    assert parked.error.startswith("ValueError: no")
    assert len(parked.error) <= 500
    assert await shop.value("SELECT error FROM parked") == parked.error


async def test_another_business_is_untouched_and_another_members_purchase_in_the_batch_too(
    shop: Shop, app_database: Database
) -> None:
    other = await new_shop(app_database, PROGRAM)
    await other.enrol()
    with trouble(earn=ZeroDivisionError):
        first, second, third = await shop.send_batch(
            [purchase(60), purchase(9, member="bob"), purchase(5, START + timedelta(days=2))]
        )
        assert (await other.buy(10)).parked == ()
    assert [len(done(each, Recorded).parked) for each in (first, second, third)] == [1, 0, 0]
    assert (await shop.balance(), await shop.balance("bob")) == (60 + 3 + 5 + 3 + 5, 9 + 3 + 5)
    assert await other.balance() == 10


async def test_a_failure_is_told_again_by_a_replay_and_stays_parked_while_the_rule_is_broken(
    shop: Shop,
) -> None:
    command = purchase(60)
    with trouble(earn=ZeroDivisionError):
        first = done(await shop.send(command, "the-key"), Recorded)
        assert done(await shop.send(command, "the-key"), Recorded).parked == first.parked
        await refold_parked(shop.engine, shop.business_id)
        assert await shop.rows(PARKED) == [("ann", "bonus", True)]
    assert await shop.balance() == 63


async def test_histories_with_failures_converge_to_those_without(app_database: Database) -> None:
    """At random: now this, now that rule fails, purchases come late and go back; then all is repaired."""
    for seed in range(6):
        snapshots: list[Snapshot] = []
        for fails in (False, True):
            shop = await fickle_shop(app_database)
            chance = random.Random(seed)
            for number in range(12):
                wrong = {
                    name: ZeroDivisionError for name in ("earn", "tier", "partner") if chance.random() < 0.3
                }
                with trouble(**(wrong if fails else {})):
                    await one_thing(shop, chance, number)
            await refold_parked(shop.engine, shop.business_id)
            await shop.advance()
            assert await broken(shop) == {}
            rows = await shop.row_counts()
            await shop.refold_all()
            assert await shop.row_counts() == rows
            snapshots.append(await snapshot(shop))
        assert snapshots[0] == snapshots[1], seed


async def one_thing(shop: Shop, chance: random.Random, number: int) -> None:
    at = START + timedelta(days=chance.randint(1, 100))
    member, amount = chance.choice(("ann", "bob")), chance.randint(5, 70)
    await shop.buy(amount, at, member=member, external_id=f"p{number:02}")
    if chance.random() < 0.3:
        await shop.give_back(f"p{number:02}", at=at, external_id=f"r{number:02}")
    if chance.random() < 0.3:
        await shop.advance()
