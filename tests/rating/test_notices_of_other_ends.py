"""Notices where more than figures decides: pauses, what is set by hand, terms, dates, days asked for."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Outcome, ReturnFact
from loyalty_engine.rating.overrides import HandOrigin
from tests.rating.histories import (
    changes,
    folded,
    instant,
    ladder,
    linked_return,
    new_member,
    notices,
    picture,
    program_of,
    purchase,
    rule,
    rulebook_of,
    spend,
    standing,
    taken_live,
    value,
)
from tests.rating.test_keeping import KEEPS
from tests.rating.test_overrides import by_hand
from tests.rating.test_pauses import pause, resume

FORTNIGHT = "notice_days = 14"
MONTH = '{ calendar = "month" }'
APRIL = ("2024-03-18 00:00", "basic", "2024-04-01 00:00")
"""The notice of a claim until 1 April that nothing prolongs."""

Told = list[tuple[str, str | None, str]]


def monthly(prolonging: str = FORTNIGHT, **of: Any) -> Program:
    """A tier until the end of the month in which it is reached."""
    return program_of(
        ladder(until='{ end_of = "month", plus_months = 1 }', prolonging=prolonging, **of),
        spend(window=MONTH),
    )


def told(program: Program, *facts: Fact, until: str) -> tuple[Told, list[tuple[str, str, str]], Outcome]:
    """The notices, the falls, and what it came to; live steps must agree."""
    outcome = folded(program, facts, until)
    if not any(isinstance(fact, ReturnFact) for fact in facts):
        live = taken_live(rulebook_of(program), facts, instant(until), member=new_member())
        assert picture(live) == picture(outcome.state)
    rank = program.ladder("status").ladder.rank
    falls = [each for each in changes(outcome) if rank(each[2]) < rank(each[1])]
    return notices(outcome), falls, outcome


GOLD = purchase("2024-02-10T10:00", "500")
"""Gold until 1 April."""


def test_what_nothing_prolongs_is_announced_and_falls() -> None:
    assert told(monthly(), GOLD, until="2024-06-01")[:2] == ([APRIL], [("2024-04-01 00:00", "gold", "basic")])


def test_while_a_member_is_paused_nothing_is_announced_and_nothing_falls() -> None:
    """From 10 March until 10 May: the end of 1 April is that of 1 June afterwards."""
    facts = GOLD, pause("2024-03-10T10:00", "2024-05-10")
    assert told(monthly(), *facts, until="2024-05-17T22:00")[:2] == ([], [])
    found, falls, _ = told(monthly(), *facts, until="2024-06-02")
    assert found == [("2024-05-18 00:00", "basic", "2024-06-01 00:00")]
    assert falls == [("2024-06-01 00:00", "gold", "basic")]


def test_while_a_member_is_paused_no_notice_is_due() -> None:
    facts = GOLD, pause("2024-03-10T10:00")
    assert told(monthly(), *facts, until="2024-03-12")[2].next_boundary_at is None


@pytest.mark.parametrize("ends_by", ["itself", "hand"])
def test_a_pause_takes_a_notice_back_and_after_it_another_is_given_in_time(ends_by: str) -> None:
    """Five days before the end, the pause begins; after it they are fourteen."""
    facts = [GOLD, pause("2024-03-27T10:00", "2024-04-07" if ends_by == "itself" else None)]
    facts += [] if ends_by == "itself" else [resume("2024-04-07T00:00")]
    found, falls, outcome = told(monthly(), *facts, until="2024-04-20T12:00")
    assert found == [
        APRIL,
        ("2024-03-27 10:00", None, ""),
        ("2024-04-07 00:00", "basic", "2024-04-21 00:00"),
    ]
    assert (falls, standing(outcome).tier) == ([], "gold")
    assert told(monthly(), *facts, until="2024-05-01")[1] == [("2024-04-21 00:00", "gold", "basic")]
    assert standing(folded(monthly(), facts[:2], "2024-04-05")).notice is None


def test_a_pause_on_the_last_day_leaves_every_day_of_the_notice_that_follows() -> None:
    """Ten days of pause: the claim that was to end on 1 April ends on the 11th, and waits until the 13th."""
    program = monthly("notice_days = 5")
    facts = GOLD, pause("2024-03-28T12:00"), resume("2024-04-07T12:00")
    found, falls, _ = told(program, *facts, until="2024-04-20")
    assert found == [
        ("2024-03-27 00:00", "basic", "2024-04-01 00:00"),
        ("2024-03-28 12:00", None, ""),
        ("2024-04-07 12:00", "basic", "2024-04-13 00:00"),
    ]
    assert falls == [("2024-04-13 00:00", "gold", "basic")]


def test_each_of_several_pauses_begins_the_days_of_notice_anew() -> None:
    facts = (
        GOLD,
        pause("2024-03-20T10:00"),
        resume("2024-03-30T10:00"),
        pause("2024-04-10T10:00"),
        resume("2024-04-20T10:00"),
    )
    found, falls, _ = told(monthly(), *facts, until="2024-06-01")
    assert found == [
        APRIL,
        ("2024-03-20 10:00", None, ""),
        ("2024-03-30 10:00", "basic", "2024-04-14 00:00"),
        ("2024-04-10 10:00", None, ""),
        ("2024-04-20 10:00", "basic", "2024-05-05 00:00"),
    ]
    assert falls == [("2024-05-05 00:00", "gold", "basic")]


def test_what_is_returned_during_a_pause_is_announced_after_it() -> None:
    program = monthly(returns="from_now")
    facts = (
        GOLD,
        pause("2024-03-05T10:00"),
        linked_return("2024-03-08T10:00", GOLD, "500"),
        resume("2024-03-25T10:00"),
    )
    assert told(program, *facts[:3], until="2024-06-01")[:2] == ([], [])
    found, falls, _ = told(program, *facts, until="2024-06-01")
    assert found == [("2024-03-25 10:00", "basic", "2024-04-09 00:00")]
    assert falls == [("2024-04-09 00:00", "gold", "basic")]


def test_grace_that_is_under_way_when_a_pause_begins_goes_on_after_it_and_is_announced() -> None:
    """Until 1 April, grace until the 21st, seven days of pause in it."""
    program = monthly("grace_days = 20, notice_days = 14")
    facts = GOLD, pause("2024-04-10T10:00"), resume("2024-04-17T10:00")
    found, falls, _ = told(program, *facts, until="2024-06-01")
    assert found == [
        ("2024-04-07 00:00", "basic", "2024-04-21 00:00"),
        ("2024-04-10 10:00", None, ""),
        ("2024-04-17 10:00", "basic", "2024-05-02 00:00"),
    ]
    assert falls == [("2024-05-02 00:00", "gold", "basic")]


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("origin", ["override", "grant", "match"])
def test_the_end_of_what_was_set_by_hand_or_admitted_for_a_term_is_announced(
    origin: HandOrigin, locked: bool
) -> None:
    fact = by_hand("2024-02-10T10:00", "gold", "2024-05-01", origin=origin, locked=locked)
    found, falls, _ = told(monthly(), fact, until="2024-06-01")
    assert found == [("2024-04-17 00:00", "basic", "2024-05-01 00:00")]
    assert falls == [("2024-05-01 00:00", "gold", "basic")]


def test_a_term_that_is_renewed_takes_its_notice_back() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "gold", "2024-05-01", origin="grant"),
        by_hand("2024-04-20T10:00", "gold", "2024-08-01", origin="grant"),
    )
    found, falls, _ = told(monthly(), *facts, until="2024-08-02")
    assert found == [
        ("2024-04-17 00:00", "basic", "2024-05-01 00:00"),
        ("2024-04-20 11:00", None, ""),
        ("2024-07-18 00:00", "basic", "2024-08-01 00:00"),
    ]
    assert falls == [("2024-08-01 00:00", "gold", "basic")]


def test_a_fall_that_moves_to_later_is_announced_anew_and_with_all_its_days() -> None:
    """Gold until 1 April; what is granted on 25 March would end on 7 April, and waits until the 9th."""
    facts = GOLD, by_hand("2024-03-25T10:00", "gold", "2024-04-07", origin="grant")
    found, falls, _ = told(monthly(), *facts, until="2024-06-01")
    assert found == [APRIL, ("2024-03-25 10:00", "basic", "2024-04-09 00:00")]
    assert falls == [("2024-04-09 00:00", "gold", "basic")]


def test_a_term_may_end_on_what_the_figures_support() -> None:
    facts = by_hand("2024-02-10T10:00", "gold", "2024-05-01", origin="grant"), purchase("2024-04-02", "150")
    found, falls, _ = told(monthly(), *facts, until="2024-05-20T12:00")
    assert found == [
        ("2024-04-17 00:00", "silver", "2024-05-01 00:00"),
        ("2024-05-18 00:00", "basic", "2024-06-01 00:00"),
    ]
    assert falls == [("2024-05-01 00:00", "gold", "silver")]


def test_what_is_set_by_hand_for_fewer_days_is_announced_at_once_and_prolonged() -> None:
    found, falls, _ = told(
        monthly(), by_hand("2024-02-10T10:00", "gold", "2024-02-15"), until="2024-03-10T12:00"
    )
    assert found == [("2024-02-10 10:00", "basic", "2024-02-25 00:00")]
    assert falls == [("2024-02-25 00:00", "gold", "basic")]


def test_what_is_ended_by_hand_waits_until_its_notice_is_old_enough() -> None:
    facts = by_hand("2024-02-10T10:00", "gold"), by_hand("2024-03-01T10:00", None)
    found, falls, outcome = told(monthly(), *facts, until="2024-03-15T12:00")
    assert (found, falls) == ([("2024-03-01 10:00", "basic", "2024-03-16 00:00")], [])
    assert [claim.origin for claim in standing(outcome).claims] == ["notice"]
    assert told(monthly(), *facts, until="2024-04-01")[1] == [("2024-03-16 00:00", "gold", "basic")]


def test_a_lock_lowers_at_once_and_without_a_notice() -> None:
    """Only what is set by hand needs none; under it nothing is announced but its own end."""
    facts = GOLD, by_hand("2024-03-10T10:00", "silver", "2024-06-01", locked=True)
    found, falls, _ = told(monthly(), *facts, until="2024-06-02")
    assert falls == [("2024-03-10 10:00", "gold", "silver"), ("2024-06-01 00:00", "silver", "basic")]
    assert found == [("2024-05-18 00:00", "basic", "2024-06-01 00:00")]


def test_a_lock_takes_back_the_notice_of_what_does_not_count_under_it() -> None:
    facts = GOLD, by_hand("2024-03-20T10:00", "gold", "2024-07-01", locked=True)
    found, falls, _ = told(monthly(), *facts, until="2024-06-01")
    assert (found, falls) == ([APRIL, ("2024-03-20 10:00", None, "")], [])


def test_what_a_lock_frees_for_fewer_days_is_announced_at_once_and_prolonged() -> None:
    facts = GOLD, by_hand("2024-02-11T10:00", "basic", "2024-03-25", locked=True)
    found, falls, _ = told(monthly(), *facts, until="2024-05-01")
    assert found == [("2024-03-25 00:00", "basic", "2024-04-08 00:00")]
    assert falls == [("2024-02-11 10:00", "gold", "basic"), ("2024-04-08 00:00", "gold", "basic")]


def test_a_lock_that_ends_leaves_the_one_before_it_to_decide_at_once_though_it_is_announced() -> None:
    facts = (
        by_hand("2024-02-10T10:00", "basic", "2024-12-01", locked=True),
        by_hand("2024-02-11T10:00", "gold", "2024-04-01", locked=True),
    )
    found, falls, _ = told(monthly(), *facts, until="2024-05-01")
    assert (found, falls) == ([APRIL], [("2024-04-01 00:00", "gold", "basic")])


def test_a_review_on_a_date_that_keeps_the_tier_is_foreseen() -> None:
    """The review of 15 June claims gold for what the year holds, so that the end of 20 June is no fall."""
    program = program_of(
        ladder(at="review", dates='["02-15", "06-15"]', prolonging="notice_days = 30"), spend()
    )
    hand = by_hand("2024-02-10T10:00", "gold", "2024-06-20")
    assert told(program, hand, purchase("2024-03-01", "500"), until="2024-07-01")[:2] == ([], [])
    found, falls, _ = told(program, hand, until="2024-07-01")
    assert found == [("2024-05-21 00:00", "basic", "2024-06-20 00:00")]
    assert falls == [("2024-06-20 00:00", "gold", "basic")]


def test_who_keeps_the_tier_by_the_other_tree_is_told_nothing() -> None:
    program = program_of(
        ladder(until='{ end_of = "month" }', keep='"yearly"', prolonging=FORTNIGHT),
        spend(window=MONTH),
        KEEPS,
    )
    facts = GOLD, purchase("2024-04-01T10:00", "1")
    found, falls, _ = told(program, *facts, until="2024-12-17T23:00")
    assert (found, falls) == ([], [])
    found, falls, _ = told(program, *facts, until="2025-02-01T12:00")
    assert found == [("2025-01-18 00:00", "basic", "2025-02-01 00:00")]
    assert falls == [("2025-02-01 00:00", "gold", "basic")]


def test_a_day_that_a_rule_asked_for_is_foreseen() -> None:
    """Two months of tenure on 1 March claim gold before the grant of gold ends on the 5th."""
    tenure = rule("loyal", "tier_tenure", '{ unit = "months", thresholds = { gold = 2 } }')
    program = program_of(ladder('"loyal"', until='"lifetime"', prolonging=FORTNIGHT), tenure)
    hand = by_hand("2024-01-10T10:00", "gold", "2024-03-05", origin="grant")
    assert told(program, hand, until="2024-04-01")[:2] == ([], [])
    lower = by_hand("2024-01-10T10:00", "silver", "2024-03-05", origin="grant")
    assert told(program, lower, until="2024-04-01")[:2] == ([], [])
    sooner = by_hand("2024-01-10T10:00", "gold", "2024-02-20", origin="grant")
    found, falls, _ = told(program, sooner, until="2024-02-25")
    assert found == [("2024-02-06 00:00", "basic", "2024-02-20 00:00")]
    assert falls == [("2024-02-20 00:00", "gold", "basic")]


def test_a_dated_value_that_ends_before_the_claim_is_foreseen() -> None:
    """On 18 March the status still counts, and it is known that it will not on 1 April."""
    status = rule("airline", "tier_partner_status", '{ key = "sky", statuses = { top = "gold" } }')
    program = program_of(ladder('"airline"', until='{ end_of = "month" }', prolonging=FORTNIGHT), status)
    top = {"value": "top", "until": "2024-03-25"}
    facts = [value("2024-02-10T10:00", "sky", top, "partner_status")]
    found, falls, _ = told(program, *facts, until="2024-05-01")
    assert (found, falls) == ([APRIL], [("2024-04-01 00:00", "gold", "basic")])
    longer = value("2024-03-20T10:00", "sky", "top", "partner_status")
    found, falls, _ = told(program, *facts, longer, until="2024-04-10")
    assert (found, falls) == ([APRIL, ("2024-03-20 10:00", None, "")], [])


@pytest.mark.parametrize(
    ("bought", "then"),
    [
        ("2024-03-05T10:00", []),
        ("2024-03-20T10:00", [APRIL, ("2024-03-20 10:00", None, "")]),
    ],
)
def test_a_purchase_that_is_known_late_counts_in_its_place(bought: str, then: Told) -> None:
    """Whenever it comes: before the notice it prevents it, after it it takes it back."""
    assert told(monthly(), GOLD, until="2024-03-25")[0] == [APRIL]
    late = purchase(bought, "500")
    assert told(monthly(), GOLD, late, until="2024-04-10")[:2] == (then, [])
