"""A cycle under way when a version takes effect that makes it shorter or longer, or drops or has it again."""

from __future__ import annotations

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Outcome
from loyalty_engine.rating.facts import place_of
from tests.rating.histories import (
    LONDON,
    instant,
    ladder,
    picture,
    plan_for,
    program_of,
    purchase,
    rulebook_of,
    spend,
    taken_live,
)
from tests.rating.histories import changes as changes_of
from tests.rating.histories import folded as folded_by
from tests.rating.histories import standing as standing_of
from tests.rating.test_pauses import pause, resume

SPENT = purchase("2024-01-15T10:00", "120", "spent")


def shop(months: int | None, window: str = '"cycle"') -> Program:
    """A ladder that is reviewed at the end of its cycle, or without one."""
    cycle = None if months is None else f"{{ months = {months}, restart = [] }}"
    review = "year" if months is None else "cycle"
    return program_of(ladder(at="review", review=review, cycle=cycle), spend(window=window))


WITHOUT = shop(None, '"lifetime"')


def followed(until: str, *facts: Fact, first: Program, later: list[tuple[str, Program]]) -> Outcome:
    """The history folded at once, which must come to the same as live steps."""
    rulebook = rulebook_of(first, *later)
    outcome = folded_by(rulebook, facts, until)
    live = taken_live(rulebook, sorted(facts, key=place_of), instant(until))
    assert picture(live) == picture(outcome.state)
    return outcome


@pytest.mark.parametrize(
    ("at", "reviewed"),
    [
        ("2024-05-15T10:00+01:00", "2024-06-01 00:00"),
        ("2024-06-01T00:00+01:00", "2024-06-01 00:00"),
        ("2024-06-01T00:01+01:00", "2024-07-01 00:00"),
    ],
)
def test_a_cycle_that_would_be_over_ends_where_the_next_shorter_one_would(at: str, reviewed: str) -> None:
    outcome = followed("2024-07-02", SPENT, first=shop(6), later=[(at, shop(1))])
    assert changes_of(outcome) == [(reviewed, "basic", "silver")]


def test_the_cycles_after_a_shorter_one_count_from_the_same_day() -> None:
    outcome = followed("2024-06-15", SPENT, first=shop(6), later=[("2024-05-15", shop(1))])
    assert outcome.next_boundary_at == instant("2024-07-01T00:00+01:00")


def test_a_cycle_that_becomes_longer_ends_later() -> None:
    outcome = followed("2024-07-02", SPENT, first=shop(1), later=[("2024-01-20", shop(6))])
    assert changes_of(outcome) == [("2024-07-01 00:00", "basic", "silver")]


def test_a_cycle_that_becomes_shorter_in_a_pause_ends_by_the_days_paused_later() -> None:
    rests = [pause("2024-05-15T10:00"), resume("2024-07-20T10:00")]
    outcome = followed("2024-08-30", SPENT, *rests, first=shop(6), later=[("2024-06-10", shop(1))])
    assert changes_of(outcome) == [("2024-08-06 00:00", "basic", "silver")]


def test_a_cycle_that_was_dropped_begins_anew_where_it_comes_back() -> None:
    back = [("2024-02-01", WITHOUT), ("2024-06-10T12:00+01:00", shop(3))]
    outcome = followed("2024-06-11", SPENT, first=shop(3), later=back)
    cycle = standing_of(outcome).cycle
    assert cycle is not None
    assert f"{cycle.began_at.astimezone(LONDON):%Y-%m-%d %H:%M}" == "2024-06-10 12:00"
    assert outcome.next_boundary_at == instant("2024-09-10T00:00+01:00")


def test_the_cycle_of_a_ladder_that_was_removed_begins_anew_where_it_comes_back() -> None:
    gone = program_of(ladder(key="other"), spend())
    rulebook = rulebook_of(
        shop(3), ("2024-02-01", gone, plan_for(claims="remove")), ("2024-06-10T12:00+01:00", shop(3))
    )
    outcome = folded_by(rulebook, [SPENT], "2024-06-11")
    cycle = standing_of(outcome).cycle
    assert cycle is not None
    assert f"{cycle.began_at.astimezone(LONDON):%Y-%m-%d %H:%M}" == "2024-06-10 12:00"
    assert outcome.next_boundary_at == instant("2024-09-10T00:00+01:00")


def test_a_cycle_ends_also_where_its_days_begin_earlier_from_now_on() -> None:
    """The new zone has the day already on which the cycle ends, and the old one not yet."""
    west, east = (
        program_of(
            ladder(at="review", review="cycle", cycle="{ months = 1, restart = [] }"), spend(), zone=zone
        )
        for zone in ("America/Los_Angeles", "Pacific/Kiritimati")
    )
    outcome = followed("2024-03-02", SPENT, first=west, later=[("2024-01-30T12:00", east)])
    assert changes_of(outcome) == [("2024-02-28 10:00", "basic", "silver")]
