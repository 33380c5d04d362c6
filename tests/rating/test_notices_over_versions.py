"""Notices while a version takes effect: their age stays, and who is regraded waits for one as well."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from loyalty_engine.program import Program
from loyalty_engine.program.plan import NO_PLAN, Plan
from loyalty_engine.rating import Fact, Outcome
from loyalty_engine.rating.facts import place_of
from tests.rating.histories import (
    changes,
    folded,
    instant,
    notices,
    picture,
    plan_for,
    purchase,
    rulebook_of,
    standing,
    taken_live,
)
from tests.rating.test_migrations import SHAPES, SILVER, random_plan, shop
from tests.rating.test_pauses import pause, resume

FORTNIGHT, MONTH = "notice_days = 14", "notice_days = 31"
REGRADED, TO_BRONZE = plan_for(claims="regrade_now"), plan_for(tiers={"silver": "bronze"})
BRONZE = ("basic", "bronze", "gold")
DECEMBER, SUMMER = "2025-12-10T00:00", "2024-06-01T00:00+01:00"


def strict(prolonging: str = FORTNIGHT) -> Program:
    """The shop whose tiers are out of reach."""
    return shop(thresholds=(1000, 5000), prolonging=prolonging)


def moved(new: Program, plan: Plan, *facts: Fact, at: str, until: str, old: Program | None = None) -> Outcome:
    """The facts folded over a second version; live steps must come to the same."""
    rulebook = rulebook_of(old or shop(prolonging=MONTH), (at, new, plan))
    outcome = folded(rulebook, facts, until)
    assert picture(taken_live(rulebook, sorted(facts, key=place_of), instant(until))) == picture(
        outcome.state
    )
    return outcome


def test_a_notice_is_as_old_as_before_under_the_new_name_of_its_tier() -> None:
    new = shop(BRONZE, prolonging=MONTH)
    outcome = moved(new, TO_BRONZE, SILVER, at=DECEMBER, until="2026-01-02")
    assert notices(outcome) == [
        ("2025-12-01 00:00", "basic", "2026-01-01 00:00"),
        ("2025-12-10 00:00", "basic", "2026-01-01 00:00"),
    ]
    told = [effect.from_tier for effect in outcome.effects.values() if effect.kind == "notice"]
    assert told == ["silver", "bronze"]
    assert changes(outcome)[1:] == [
        ("2025-12-10 00:00", "silver", "bronze"),
        ("2026-01-01 00:00", "bronze", "basic"),
    ]


def test_whoever_would_fall_by_regrading_is_told_and_falls_when_the_notice_is_old_enough() -> None:
    outcome = moved(strict(), REGRADED, SILVER, at=SUMMER, until="2024-08-01", old=shop())
    assert notices(outcome) == [("2024-06-01 00:00", "basic", "2024-06-15 00:00")]
    assert changes(outcome)[1:] == [("2024-06-15 00:00", "silver", "basic")]


def test_whoever_was_told_long_enough_ago_falls_at_once() -> None:
    at = "2025-12-20T00:00"
    outcome = moved(strict(), REGRADED, SILVER, at=at, until="2026-02-01")
    assert changes(outcome)[1:] == [("2025-12-20 00:00", "silver", "basic")]


def test_a_tier_that_the_plan_sends_lower_is_gone_at_once_with_its_notice() -> None:
    new = shop(("basic", "gold"), (500,), prolonging=MONTH)
    outcome = moved(new, plan_for(tiers={"silver": "basic"}), SILVER, at=DECEMBER, until="2026-02-01")
    assert changes(outcome)[1:] == [("2025-12-10 00:00", "silver", "basic")]
    assert standing(outcome).notice is None


def test_a_higher_tier_by_the_plan_takes_the_notice_back() -> None:
    new = shop(("basic", "gold"), (500,), prolonging="")
    outcome = moved(new, plan_for(tiers={"silver": "gold"}), SILVER, at=DECEMBER, until="2025-12-11")
    assert (standing(outcome).tier, standing(outcome).notice) == ("gold", None)


def test_what_a_pause_put_off_is_announced_when_it_ends() -> None:
    facts = SILVER, pause("2024-05-15T10:00"), resume("2024-07-10T10:00")
    outcome = moved(strict(), REGRADED, *facts, at=SUMMER, until="2024-08-01", old=shop())
    assert notices(outcome) == [("2024-07-10 10:00", "basic", "2024-07-25 00:00")]
    assert changes(outcome)[1:] == [("2024-07-25 00:00", "silver", "basic")]


@pytest.mark.parametrize("seed", range(100))
def test_live_equals_fold_and_what_stands_is_what_was_told_last(seed: int) -> None:
    chance = random.Random(seed)
    at, before = instant("2024-02-01"), chance.choice(SHAPES)
    versions = []
    first = announcing(chance, before)
    for _ in range(chance.randint(1, 4)):
        at += timedelta(days=chance.randint(1, 90), hours=chance.choice((0, 0, 11)))
        after = chance.choice(SHAPES)
        plan = (
            random_plan(chance, before[0], after[0]) if chance.random() < 0.8 or before != after else NO_PLAN
        )
        versions.append((at.isoformat(), announcing(chance, after), plan))
        before = after
    rulebook = rulebook_of(first, *versions)
    facts: list[Fact] = [
        purchase(
            instant("2024-01-02") + timedelta(days=chance.randint(0, 300), hours=number),
            chance.choice(("30", "90", "150", "400")),
            f"fact {number}",
        )
        for number in range(chance.randint(1, 8))
    ]
    if chance.random() < 0.5:
        facts += [pause("2024-04-10T10:00"), resume(f"2024-0{chance.randint(5, 9)}-03T10:00")]
    until = instant("2025-03-10")
    outcome = folded(rulebook, facts, until)
    assert picture(taken_live(rulebook, sorted(facts, key=place_of), until)) == picture(outcome.state)
    told = [effect for effect in outcome.effects.values() if effect.kind in ("standing", "notice")]
    assert standing(outcome).notice == told[-1].notice
    for effect in told:
        same = [each for each in told if each.key.cause == effect.key.cause and each.kind == effect.kind]
        assert same == [effect]


def announcing(chance: random.Random, shape: tuple[tuple[str, ...], tuple[int, ...]]) -> Program:
    """A random shop that may announce falls."""
    tiers, bounds = shape
    return shop(
        tiers,
        bounds,
        returns=chance.choice(("undo", "from_now")),
        review=chance.choice((None, "quarter", "month")),
        until=chance.choice(("{ months = 2 }", '{ end_of = "quarter" }')),
        downgrade=chance.choice(("qualified", "one_step", "base")),
        prolonging=chance.choice(("", FORTNIGHT, MONTH, "grace_days = 10, notice_days = 20")),
    )
