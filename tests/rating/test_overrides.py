"""Standings set by hand: one claim more, or a locked one that alone counts (SEMANTICS section 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.rating import ActivityFact, Fact, Outcome, ReturnFact
from loyalty_engine.rating.overrides import ByHand, HandOrigin
from loyalty_engine.rules import Activity
from tests.rating.histories import (
    LONDON,
    changes,
    folded,
    instant,
    ladder,
    linked_return,
    new_member,
    picture,
    program_of,
    purchase,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
)


def by_hand(
    at: str,
    to: str | None,
    until: str | None = None,
    *,
    locked: bool = False,
    origin: HandOrigin = "override",
    key: str = "status",
) -> ActivityFact:
    """A standing set by hand until 00:00 of a date."""
    when = instant(at)
    end = None if until is None else first_instant(datetime.fromisoformat(until).date(), LONDON)
    said = ByHand(key, to, end, locked, origin).attributes()
    name = f"{origin} {at}"
    return ActivityFact(Activity("desk", name, "override", when, local_day(when, LONDON), attributes=said))


def shop(*facts: Fact, until: str, **of: Any) -> Outcome:
    """The facts folded under a ladder of three tiers by the spend of the year; live steps must agree."""
    program = program_of(ladder(**{"until": '{ end_of = "year" }', **of}), spend())
    outcome = folded(program, facts, until)
    if not any(isinstance(fact, ReturnFact) for fact in facts):
        live = taken_live(rulebook_of(program), facts, instant(until), member=new_member())
        assert picture(live) == picture(outcome.state)
    return outcome


def test_a_claim_made_by_hand_raises_and_falls_at_its_end() -> None:
    outcome = shop(by_hand("2024-02-10T10:00", "gold", "2024-05-01"), until="2024-06-01")
    assert changes(outcome) == [
        ("2024-02-10 10:00", "basic", "gold"),
        ("2024-05-01 00:00", "gold", "basic"),
    ]


def test_a_claim_made_by_hand_without_a_lock_lowers_nobody() -> None:
    facts = purchase("2024-02-01T10:00", "600"), by_hand("2024-02-10T10:00", "silver", "2024-05-01")
    outcome = shop(*facts, until="2024-06-01")
    assert changes(outcome) == [("2024-02-01 10:00", "basic", "gold")]


def test_at_its_end_the_best_of_the_other_claims_counts() -> None:
    facts = purchase("2024-02-01T10:00", "150"), by_hand("2024-02-10T10:00", "gold", "2024-05-01")
    assert changes(shop(*facts, until="2024-06-01"))[-1] == ("2024-05-01 00:00", "gold", "silver")


def test_a_locked_claim_lowers_while_it_lasts_and_the_others_count_afterwards() -> None:
    facts = (
        purchase("2024-02-01T10:00", "600"),
        by_hand("2024-02-10T10:00", "basic", "2024-05-01", locked=True),
    )
    outcome = shop(*facts, until="2024-06-01")
    assert changes(outcome)[1:] == [
        ("2024-02-10 10:00", "gold", "basic"),
        ("2024-05-01 00:00", "basic", "gold"),
    ]


def test_what_activities_claim_under_a_lock_counts_when_it_ends() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "silver", "2024-05-01", locked=True),
        purchase("2024-03-01T10:00", "600"),
    )
    outcome = shop(*facts, until="2024-04-01")
    assert tier(outcome) == "silver"
    assert standing(outcome).until == instant("2024-04-30T23:00")
    assert changes(shop(*facts, until="2024-06-01"))[-1] == ("2024-05-01 00:00", "silver", "gold")


def test_the_end_of_other_claims_under_a_lock_lowers_nobody() -> None:
    facts = (
        purchase("2024-01-05T10:00", "600"),
        by_hand("2024-01-10T10:00", "gold", "2024-08-01", locked=True),
        by_hand("2024-01-11T10:00", "silver", "2024-03-01"),
    )
    outcome = shop(*facts, until="2024-09-01", returns="never")
    assert changes(outcome) == [("2024-01-05 10:00", "basic", "gold")]
    ended = shop(*facts[1:], until="2024-09-01")
    assert changes(ended)[-1] == ("2024-08-01 00:00", "gold", "basic")


def test_a_review_under_a_lock_makes_its_claim_and_changes_nothing() -> None:
    facts = (
        purchase("2024-02-05T10:00", "600"),
        by_hand("2024-02-10T10:00", "basic", "2025-03-01", locked=True),
    )
    outcome = shop(*facts, until="2025-02-01", review="year")
    assert tier(outcome) == "basic"
    after = shop(*facts, until="2025-04-01", review="year")
    assert changes(after)[-1] == ("2025-03-01 00:00", "basic", "gold")


def test_of_several_locks_the_one_made_last_counts() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "gold", "2024-06-01", locked=True),
        by_hand("2024-02-11T10:00", "basic", "2024-04-01", locked=True),
    )
    assert changes(shop(*facts, until="2024-07-01")) == [
        ("2024-02-10 10:00", "basic", "gold"),
        ("2024-02-11 10:00", "gold", "basic"),
        ("2024-04-01 00:00", "basic", "gold"),
        ("2024-06-01 00:00", "gold", "basic"),
    ]


def test_claims_made_by_hand_are_ended_by_hand_those_of_one_origin() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "gold", "2024-06-01", origin="match"),
        by_hand("2024-02-11T10:00", "basic", locked=True),
        by_hand("2024-03-01T10:00", None),
    )
    assert changes(shop(*facts, until="2024-04-01"))[1:] == [
        ("2024-02-11 10:00", "gold", "basic"),
        ("2024-03-01 10:00", "basic", "gold"),
    ]
    gone = shop(*facts, by_hand("2024-03-02T10:00", None, origin="match"), until="2024-04-01")
    assert changes(gone)[-1] == ("2024-03-02 10:00", "gold", "basic")


def test_what_is_ended_by_hand_falls_by_the_rules_of_falling() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "gold"),
        purchase("2024-02-11T10:00", "150"),
        by_hand("2024-03-01T10:00", None),
    )
    assert changes(shop(*facts, until="2024-04-01"))[-1] == ("2024-03-01 10:00", "gold", "silver")


def test_a_return_withdraws_no_claim_made_by_hand() -> None:
    bought = purchase("2024-02-01T10:00", "150")
    facts = (
        bought,
        by_hand("2024-02-10T10:00", "gold", "2024-06-01"),
        linked_return("2024-03-01T10:00", bought, "150"),
    )
    outcome = shop(*facts, until="2024-04-01", returns="from_now")
    assert tier(outcome) == "gold"
    assert [claim.origin for claim in standing(outcome).claims] == ["override"]


def test_a_return_under_a_lock_withdraws_claims_and_changes_nothing_until_it_ends() -> None:
    bought = purchase("2024-02-01T10:00", "600")
    facts = (
        bought,
        by_hand("2024-02-10T10:00", "silver", "2024-06-01", locked=True),
        linked_return("2024-03-01T10:00", bought, "600"),
    )
    assert tier(shop(*facts, until="2024-04-01", returns="from_now")) == "silver"
    after = shop(*facts, until="2024-07-01", returns="from_now")
    assert changes(after)[-1] == ("2024-06-01 00:00", "silver", "basic")


def test_a_tier_that_the_ladder_has_not_is_not_claimed() -> None:
    facts = by_hand("2024-02-10T10:00", "platinum"), by_hand("2024-02-10T11:00", "gold", key="other")
    assert changes(shop(*facts, until="2024-06-01")) == []


def test_under_a_lock_the_tier_is_held_until_the_lock_ends_whatever_else_claims_it() -> None:
    facts = (
        purchase("2024-02-01T10:00", "150"),
        by_hand("2024-02-10T10:00", "silver", "2024-05-01", locked=True),
    )
    assert standing(shop(*facts, until="2024-04-01")).until == instant("2024-04-30T23:00")
    assert standing(shop(*facts, until="2024-06-01")).until == instant("2025-01-01")
