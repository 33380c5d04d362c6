"""What a version does to a paused member: names change at once, the rest waits for the end of the pause."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from loyalty_engine.program import Program
from loyalty_engine.program.plan import NO_PLAN, Plan
from loyalty_engine.rating import Fact, Outcome
from loyalty_engine.rating.facts import place_of
from tests.rating.histories import (
    changes,
    folded,
    instant,
    picture,
    plan_for,
    purchase,
    rulebook_of,
    standing,
    taken_live,
    tier,
)
from tests.rating.test_migrations import CHANGE, GOLD, SILVER, claimed, random_rulebook, shop
from tests.rating.test_overrides import by_hand
from tests.rating.test_pauses import pause, resume

AT = "2024-06-01 00:00"
PAUSE, RESUME = pause("2024-05-15T10:00"), resume("2024-07-10T10:00")
RESUMED = "2024-07-10 10:00"
REGRADED, STRICT = plan_for(claims="regrade_now"), shop(thresholds=(1000, 5000))
TO_BRONZE = {"silver": "bronze"}


def moved(
    new: Program,
    plan: Plan,
    *facts: Fact,
    until: str = "2024-08-01",
    old: Program | None = None,
    later: Sequence[tuple[str, Program, Plan]] = (),
) -> Outcome:
    """The facts folded over the second version; live steps must come to the same."""
    rulebook = rulebook_of(old or shop(), (CHANGE, new, plan), *later)
    outcome = folded(rulebook, facts, until)
    live = taken_live(rulebook, sorted(facts, key=place_of), instant(until))
    assert picture(live) == picture(outcome.state)
    return outcome


def test_a_paused_member_is_regraded_when_the_pause_ends() -> None:
    outcome = moved(STRICT, REGRADED, SILVER, PAUSE, RESUME)
    assert changes(outcome)[1:] == [(RESUMED, "silver", "basic")]
    assert claimed(outcome) == []
    assert tier(moved(STRICT, REGRADED, SILVER, PAUSE)) == "silver"


def test_a_pause_that_ends_by_itself_regrades_at_its_end() -> None:
    planned = pause("2024-05-15T10:00", until="2024-07-10")
    outcome = moved(STRICT, REGRADED, SILVER, planned)
    assert changes(outcome)[1:] == [("2024-07-10 00:00", "silver", "basic")]


def test_a_review_at_the_end_of_the_pause_and_what_was_put_off_are_one_change() -> None:
    planned = pause("2024-05-15T10:00", until="2025-01-01")
    new = shop(thresholds=(1000, 5000), downgrade="one_step")
    outcome = moved(new, REGRADED, GOLD, planned, until="2025-01-02")
    assert changes(outcome)[1:] == [("2025-01-01 00:00", "gold", "silver")]


def test_names_change_in_the_pause_too_and_ends_move_by_all_of_its_days() -> None:
    outcome = moved(shop(("basic", "bronze", "gold")), plan_for(tiers=TO_BRONZE), SILVER, PAUSE, RESUME)
    assert changes(outcome)[1:] == [(AT, "silver", "bronze")]
    assert standing(outcome).until == instant("2025-02-26")


def test_a_claim_whose_end_came_in_the_pause_is_renamed_and_then_lasts_as_it_would_have() -> None:
    old, new = (
        shop(tiers, until="{ months = 2 }", review=None)
        for tiers in (("basic", "silver", "gold"), ("basic", "bronze", "gold"))
    )
    begins, ends = pause("2024-04-01T10:00"), resume("2024-07-10T10:00")
    outcome = moved(new, plan_for(tiers=TO_BRONZE), SILVER, begins, ends, old=old)
    plain = moved(old, NO_PLAN, SILVER, begins, ends, old=old)
    assert tier(outcome) == "bronze"
    assert standing(outcome).until == standing(plain).until == instant("2024-08-09T00:00+01:00")


def test_what_is_protected_is_the_tier_held_when_the_pause_ends_if_the_day_is_ahead() -> None:
    plan = plan_for(claims="protect_until", until=date(2025, 4, 1))
    outcome = moved(STRICT, plan, SILVER, PAUSE, RESUME)
    assert claimed(outcome) == [("silver", "migration"), ("silver", "rules")]
    assert standing(outcome).until == instant("2025-04-01T00:00+01:00")
    gone = plan_for(claims="protect_until", until=date(2024, 7, 1))
    assert claimed(moved(STRICT, gone, SILVER, PAUSE, RESUME)) == [("silver", "rules")]


def test_what_was_claimed_in_the_pause_under_the_new_rules_stays() -> None:
    bought = purchase("2024-06-20", "900")
    old, new = (shop(thresholds=bounds, until="{ months = 6 }") for bounds in ((100, 500), (1000, 5000)))
    outcome = moved(new, REGRADED, SILVER, PAUSE, bought, RESUME, old=old)
    assert changes(outcome)[1:] == []
    assert [claim.first_at for claim in standing(outcome).claims] == [bought.occurred_at]


def test_where_the_tier_held_is_gone_there_is_nothing_to_hold() -> None:
    new = shop(("basic", "gold"), (120,))
    outcome = moved(new, REGRADED, SILVER, PAUSE, RESUME)
    assert changes(outcome)[1:] == [(AT, "silver", "gold")]
    none = moved(shop(("basic", "gold"), (500,)), REGRADED, SILVER, PAUSE, RESUME)
    assert changes(none)[1:] == [(AT, "silver", "basic")]


def test_a_pause_that_ends_as_the_version_takes_effect_holds_nothing_back() -> None:
    planned = pause("2024-05-15T10:00", until="2024-06-01")
    plan = plan_for(claims="regrade_now", tiers=TO_BRONZE)
    outcome = moved(shop(("basic", "bronze", "gold"), (1000, 5000)), plan, SILVER, planned)
    assert changes(outcome)[1:] == [(AT, "silver", "basic")]


def test_what_is_protected_as_a_pause_ends_is_the_tier_held_before_the_review_of_that_instant() -> None:
    planned, new_year = pause("2024-12-15T10:00", until="2025-01-01"), "2025-01-01T00:00"
    plan = plan_for(claims="protect_until", until=date(2026, 4, 1))
    outcome = folded(
        rulebook_of(shop(), (new_year, shop(thresholds=(100, 140)), plan)), [SILVER, planned], "2025-01-02"
    )
    assert claimed(outcome) == [("gold", "rules"), ("silver", "migration")]


def test_a_pause_that_begins_as_the_version_takes_effect_comes_after_it() -> None:
    begins = pause("2024-06-01")
    assert changes(moved(STRICT, REGRADED, SILVER, begins, RESUME))[1:] == [(AT, "silver", "basic")]


def test_whoever_resumes_as_a_version_takes_effect_resumes_after_it() -> None:
    ends = resume("2024-06-01")
    assert changes(moved(STRICT, REGRADED, SILVER, PAUSE, ends))[1:] == [(AT, "silver", "basic")]


def test_plans_of_several_versions_in_one_pause_are_done_in_their_order() -> None:
    protect = plan_for(claims="protect_until", until=date(2025, 4, 1))
    july = "2024-07-01T00:00+01:00"
    first = moved(STRICT, protect, SILVER, PAUSE, RESUME, later=[(july, STRICT, REGRADED)])
    assert claimed(first) == [("silver", "migration")]
    second = moved(STRICT, REGRADED, SILVER, PAUSE, RESUME, later=[(july, STRICT, protect)])
    assert (tier(second), claimed(second)) == ("basic", [])


def test_a_version_that_ends_the_names_of_another_finds_what_the_pause_put_off() -> None:
    bronze = shop(("basic", "bronze", "gold"), (1000, 5000))
    planned = pause("2024-05-15T10:00", until="2024-07-01")
    back = plan_for(tiers={"bronze": "silver"})
    outcome = moved(
        bronze,
        plan_for(claims="regrade_now", tiers=TO_BRONZE),
        SILVER,
        planned,
        later=[("2024-07-01T00:00+01:00", STRICT, back)],
    )
    assert changes(outcome)[1:] == [(AT, "silver", "bronze"), ("2024-07-01 00:00", "bronze", "basic")]


def test_a_lock_holds_in_the_pause_and_after_it() -> None:
    locked = by_hand("2024-04-01T10:00", "silver", "2024-12-01", locked=True)
    outcome = moved(
        shop(("basic", "bronze", "gold"), (1000, 5000)),
        plan_for(claims="regrade_now", tiers=TO_BRONZE),
        GOLD,
        locked,
        PAUSE,
        RESUME,
        until="2025-02-01",
    )
    assert changes(outcome)[2:] == [(AT, "silver", "bronze"), ("2025-01-26 00:00", "bronze", "basic")]


def test_a_return_withdraws_what_was_renamed_in_a_pause() -> None:
    old, new = (
        shop(tiers, returns="from_now")
        for tiers in (("basic", "silver", "gold"), ("basic", "bronze", "gold"))
    )
    back = purchase("2024-07-20", "-100", kind="return")
    outcome = moved(new, plan_for(tiers=TO_BRONZE), SILVER, PAUSE, RESUME, back, old=old)
    assert changes(outcome)[1:] == [(AT, "silver", "bronze"), ("2024-07-20 01:00", "bronze", "basic")]


def test_a_claim_that_another_outlasted_is_moved_as_well() -> None:
    old, new = (
        shop(tiers, bounds, until="{ months = 5 }", review=None)
        for tiers, bounds in ((("basic", "silver", "gold"), (100, 500)), (("basic", "silver"), (100,)))
    )
    facts = [purchase("2024-03-01", "150"), purchase("2024-04-01", "400"), PAUSE, RESUME]
    plan, july = plan_for(tiers={"gold": "basic"}), "2024-07-20T00:00+01:00"
    outcome = moved(old, NO_PLAN, *facts, old=old, later=[(july, new, plan)])
    assert tier(outcome) == "silver"
    assert standing(outcome).until == instant("2024-09-26T00:00+01:00")


@pytest.mark.parametrize("seed", range(150))
def test_live_equals_fold_over_random_versions_and_pauses(seed: int) -> None:
    chance = random.Random(seed)
    rulebook, begin = random_rulebook(chance), instant("2024-01-02")
    facts: list[Fact] = []
    for number in range(chance.randint(1, 12)):
        at = begin + timedelta(days=chance.randint(0, 400), hours=chance.randint(0, 23))
        facts.append(purchase(at, chance.choice(("30", "90", "150", "400")), f"fact {number}"))
        if chance.random() < 0.2:
            later = at + timedelta(days=chance.randint(0, 60))
            facts.append(purchase(later, "-80", f"back {number}", kind="return"))
        if chance.random() < 0.15:
            on, end = chance.choice(("silver", "gold")), chance.choice((None, "2024-11-01"))
            facts.append(
                by_hand((at + timedelta(minutes=5)).isoformat(), on, end, locked=chance.random() < 0.5)
            )
    for number in range(chance.randint(1, 3)):
        since = date(2024, 1, 20) + timedelta(days=chance.randint(0, 350))
        ends = since + timedelta(days=chance.randint(0, 90))
        until = ends.isoformat() if ends > since and chance.random() < 0.4 else None
        facts.append(pause(f"{since}T10:00:0{number}", until))
        if until is None and chance.random() < 0.8:
            facts.append(resume(f"{ends}T1{chance.randint(1, 9)}:00:0{number}"))
    last = instant("2025-06-01")
    whole = folded(rulebook, facts, last)
    assert picture(taken_live(rulebook, sorted(facts, key=place_of), last)) == picture(whole.state)
    causes = [key.cause for key, effect in whole.effects.items() if effect.kind == "standing"]
    assert len(set(causes)) == len(causes)
