"""Several versions of a program: each instant is folded by the one in force (SEMANTICS section 5)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.rating.histories import (
    EARN,
    POINTS,
    balance,
    changes,
    folded,
    instant,
    ladder,
    picture,
    program_of,
    purchase,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
)

DOUBLE = EARN.replace('rate = "1"', 'rate = "2"')
FIRST = program_of(POINTS, ladder(review="year"), spend(), EARN)
SECOND = program_of(POINTS, ladder(review="year"), spend("200"), DOUBLE)
CHANGE = "2024-06-01T00:00+01:00"


def test_the_first_version_holds_from_the_beginning_and_a_later_one_from_its_instant() -> None:
    rulebook = rulebook_of(FIRST, (CHANGE, SECOND))
    at = instant(CHANGE)
    assert [
        rulebook.in_force(moment).number
        for moment in (instant("1990-01-01"), at - timedelta(microseconds=1), at, instant("2090-01-01"))
    ] == [1, 1, 2, 2]


def test_of_two_versions_of_one_instant_the_later_holds() -> None:
    rulebook = rulebook_of(FIRST, (CHANGE, SECOND), (CHANGE, FIRST))
    assert rulebook.in_force(instant(CHANGE)).number == 3


def test_an_activity_is_rated_by_the_version_of_its_own_instant_whenever_it_arrives() -> None:
    rulebook = rulebook_of(FIRST, (CHANGE, SECOND))
    facts = [
        purchase("2024-06-01", "10"),
        purchase("2024-05-31T22:59", "10"),
        purchase("2024-05-31T23:00", "10"),
    ]
    outcome = folded(rulebook, facts)
    assert balance(outcome) == 10 + 20 + 20
    by = {
        effect.effective_at: effect.program for effect in outcome.effects.values() if effect.kind == "points"
    }
    assert by == {
        instant("2024-05-31T22:59"): UUID(int=1),
        instant("2024-05-31T23:00"): UUID(int=2),
        instant("2024-06-01"): UUID(int=2),
    }


def test_claims_made_under_an_earlier_version_run_to_their_end() -> None:
    outcome = folded(rulebook_of(FIRST, (CHANGE, SECOND)), [purchase("2024-03-01", "150")], "2025-06-01")
    assert changes(outcome) == [
        ("2024-03-01 00:00", "basic", "silver"),
        ("2025-01-01 00:00", "silver", "basic"),
    ]


def test_a_review_at_the_instant_of_a_version_is_held_by_that_version() -> None:
    late = program_of(POINTS, ladder(review="year"), spend("100"), EARN)
    rulebook = rulebook_of(SECOND, ("2025-01-01T00:00", late))
    outcome = folded(rulebook, [purchase("2024-03-01", "150")], "2025-06-01")
    assert changes(outcome) == [("2025-01-01 00:00", "basic", "silver")]


def test_a_new_ladder_begins_with_its_version() -> None:
    both = program_of(
        POINTS, ladder(), ladder('"circle"', key="circle"), spend(), spend(rule_id="circle"), EARN
    )
    rulebook = rulebook_of(FIRST, (CHANGE, both))
    early = folded(rulebook, [purchase("2024-03-01", "150")], "2024-05-01")
    assert set(early.state.ladders) == {"status"}
    assert early.next_boundary_at == instant(CHANGE)
    outcome = folded(rulebook, [purchase("2024-03-01", "150"), purchase("2024-07-01", "1")])
    assert standing(outcome, "circle").since == instant("2024-07-01")
    assert changes(outcome, "circle") == [("2024-07-01 01:00", "basic", "silver")]


def test_a_figure_that_a_later_version_reads_holds_what_came_before_it() -> None:
    plain = program_of(POINTS, EARN)
    rulebook = rulebook_of(plain, (CHANGE, FIRST))
    outcome = folded(rulebook, [purchase("2024-03-01", "99"), purchase("2024-07-01", "1")])
    assert tier(outcome) == "silver"


@pytest.mark.parametrize("until", ["{ months = 2 }", '{ end_of = "year" }'])
def test_a_ladder_that_a_later_version_drops_stays_as_it_is_and_stops_nothing(until: str) -> None:
    first = program_of(POINTS, ladder(until=until), spend(), EARN)
    second = program_of(POINTS, ladder('"other"', key="other", review="month"), spend(rule_id="other"), EARN)
    facts = [purchase("2024-05-01", "150"), purchase("2024-08-01", "150")]
    outcome = folded(rulebook_of(first, (CHANGE, second)), facts, "2025-06-01")
    assert tier(outcome) == "silver"
    assert changes(outcome, "other")[0] == ("2024-07-01 00:00", "basic", "silver")


def test_live_equals_fold_over_versions() -> None:
    rulebook = rulebook_of(FIRST, (CHANGE, SECOND), ("2024-09-01T00:00", FIRST))
    facts = [purchase(f"2024-{month:02}-01T00:00", "90") for month in range(1, 13)]
    until = instant("2026-01-01")
    assert picture(taken_live(rulebook, facts, until)) == picture(folded(rulebook, facts, until).state)
