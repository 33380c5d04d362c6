"""A cycle in a ladder whose reviews are not of the cycle: which one is read when (SEMANTICS 3 and 4).

Every figure here was computed by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import Fact, Outcome
from tests.rating.histories import (
    LONDON,
    changes,
    folded,
    instant,
    ladder,
    notices,
    program_of,
    purchase,
    rule,
    spend,
    standing,
    taken_live,
    tier,
)
from tests.rating.histories import rulebook_of as only
from tests.rating.test_overrides import by_hand
from tests.rating.test_routes_in_time import told

CYCLE = spend(window='"cycle"')
BOTH = '["upgrade", "downgrade"]'


def decided(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """Each change of tier: when, to which tier, on what spend, of the cycle that began when."""
    return [
        (
            f"{effect.effective_at.astimezone(LONDON):%Y-%m-%d %H:%M}",
            effect.to_tier or "",
            f"{effect.ruling.figures.get('spend.spend', 0):f}",
            f"{effect.ruling.cycle_began_on}",
        )
        for effect in sorted(outcome.effects.values(), key=lambda each: each.effective_at)
        if effect.kind == "standing" and effect.from_tier is not None and effect.ruling is not None
    ]


def cycle(program: Program, facts: Sequence[Fact], at: str) -> tuple[str, str]:
    """When the cycle under way began, and the spend in it; the same where each fact is a step of its own."""
    known = [each for each in facts if each.occurred_at <= instant(at)]
    outcome = folded(program, known, at)
    policy = program.ladder("status")
    figures = outcome.state.tallies.figures(
        policy.measures, "at_review", instant(at).date(), outcome.state.joined_on, ladder="status"
    )
    live = taken_live(only(program), known, instant(at))
    assert live.ladders["status"].cycle == standing(outcome).cycle
    began = standing(outcome).cycle
    assert began is not None
    (spent,) = figures.values()
    return f"{began.began_at.astimezone(LONDON):%Y-%m-%d %H:%M}", f"{spent:f}"


def yearly(months: int, restart: str = BOTH, **further: str) -> Program:
    """Silver at 100 and gold at 500 of a cycle, at once and until the end of the year; reviews are yearly."""
    return program_of(
        ladder(review="year", cycle=f"{{ months = {months}, restart = {restart} }}", **further), CYCLE
    )


RISEN = [
    purchase("2024-03-10T10:00", "100", "a"),
    purchase("2024-03-10T10:00", "60", "b"),
    purchase("2024-08-09T22:59", "39", "c"),
    purchase("2024-08-09T23:00", "99", "d"),
]
"""Silver on 10 March at 10:00, where a cycle of 5 months begins, which ends at 00:00 of 10 August."""


def test_figures_are_of_the_cycle_that_began_with_the_rise_and_of_the_next_from_its_end_on() -> None:
    program = yearly(5)
    assert cycle(program, RISEN[:1], "2024-03-09") == ("2024-01-01 00:00", "0")
    assert cycle(program, RISEN[:3], "2024-08-09T22:59:59") == ("2024-03-10 10:00", "99")
    assert cycle(program, RISEN[:3], "2024-08-09T23:00") == ("2024-08-10 00:00", "0")
    assert cycle(program, RISEN, "2024-09-01") == ("2024-08-10 00:00", "99")
    assert cycle(program, RISEN, "2024-12-31") == ("2024-08-10 00:00", "99")


def test_a_yearly_review_reads_the_cycle_that_is_under_way_and_the_fall_begins_another() -> None:
    """The cycle of 10 August lasts to 10 January: at the review there are 99 in it, which keep nothing."""
    outcome = folded(yearly(5), RISEN, "2025-01-02")
    assert decided(outcome) == [
        ("2024-03-10 10:00", "silver", "100", "2024-01-01"),
        ("2025-01-01 00:00", "basic", "99", "2024-08-10"),
    ]
    first = [*RISEN, purchase("2025-01-01T00:00", "70")]
    assert cycle(yearly(5), first, "2025-01-10") == ("2025-01-01 00:00", "70")
    assert cycle(yearly(5), first, "2025-05-31T23:00") == ("2025-06-01 00:00", "0")


def test_without_a_restart_at_the_fall_the_cycle_goes_on_over_the_review() -> None:
    program = yearly(5, '["upgrade"]')
    facts = [*RISEN, purchase("2025-01-09", "1")]
    assert changes(folded(program, facts, "2025-01-09T12:00"))[1:] == [
        ("2025-01-01 00:00", "silver", "basic"),
        ("2025-01-09 00:00", "basic", "silver"),
    ]
    late = [*RISEN, purchase("2025-01-10", "1")]
    assert tier(folded(program, late, "2025-01-11")) == "basic"


def test_what_the_cycle_under_way_supports_at_the_review_is_claimed_for_another_year() -> None:
    kept = [*RISEN, purchase("2024-12-31T23:59", "1")]
    outcome = folded(yearly(5), kept, "2025-12-31")
    assert changes(outcome) == [("2024-03-10 10:00", "basic", "silver")]
    assert standing(outcome).until == instant("2026-01-01")
    assert cycle(yearly(5), kept, "2025-01-10") == ("2025-01-10 00:00", "0")
    assert changes(folded(yearly(5), kept, "2026-01-01"))[1:] == [("2026-01-01 00:00", "silver", "basic")]


def test_a_route_counts_until_the_cycle_ends_or_the_fall_that_begins_it_anew() -> None:
    program = yearly(5)
    assert told(program, RISEN[:3], "2024-08-01") == ["gold: 401 GBP by 2024-08-10"]
    assert told(program, RISEN, "2024-09-01") == ["gold: 401 GBP by 2025-01-01"]
    assert told(yearly(5, '["upgrade"]'), RISEN, "2024-09-01") == ["gold: 401 GBP by 2025-01-10"]
    last, late = (purchase(at, "401") for at in ("2024-12-31T23:59", "2025-01-01"))
    assert tier(folded(program, [*RISEN, last], "2024-12-31T23:59:59")) == "gold"
    assert tier(folded(program, [*RISEN, late], "2025-01-02")) == "silver"


def monthly(restart: str) -> Program:
    """The same at monthly reviews alone, over cycles of three months."""
    return program_of(
        ladder(at="review", review="month", cycle=f"{{ months = 3, restart = {restart} }}"), CYCLE
    )


SPENT = [purchase("2024-01-15", "60"), purchase("2024-02-10", "40"), purchase("2024-05-20", "100")]


def test_monthly_reviews_read_each_cycle_several_times_until_a_change_begins_it_anew() -> None:
    """Silver by January and February; the cycle of March has nothing until May, as its last review reads."""
    outcome = folded(monthly('["upgrade"]'), SPENT, "2024-09-30")
    assert decided(outcome) == [
        ("2024-03-01 00:00", "silver", "100", "2024-01-01"),
        ("2024-04-01 00:00", "basic", "0", "2024-03-01"),
        ("2024-06-01 00:00", "silver", "100", "2024-03-01"),
        ("2024-07-01 00:00", "basic", "0", "2024-06-01"),
    ]
    assert cycle(monthly('["upgrade"]'), SPENT, "2024-09-01") == ("2024-09-01 00:00", "0")


def test_each_fall_at_a_review_begins_another_cycle_where_the_ladder_says_so() -> None:
    """The fall of 1 April begins a cycle that lasts to 1 July: it has 100 on 1 June, and still on 1 July."""
    outcome = folded(monthly('["downgrade"]'), SPENT, "2024-09-30")
    assert decided(outcome) == [
        ("2024-03-01 00:00", "silver", "100", "2024-01-01"),
        ("2024-05-01 00:00", "basic", "0", "2024-04-01"),
        ("2024-06-01 00:00", "silver", "100", "2024-05-01"),
        ("2024-09-01 00:00", "basic", "0", "2024-08-01"),
    ]


def test_a_review_on_the_day_after_the_rise_counts_nothing_of_before_it() -> None:
    """The place decides, not the day: what made the rise at 10:00 is not counted, what came at 11:00 is."""
    program = program_of(
        ladder(until='{ end_of = "month" }', review="month", cycle='{ months = 12, restart = ["upgrade"] }'),
        CYCLE,
    )
    rise, more = purchase("2024-01-31T10:00", "480"), purchase("2024-01-31T11:00", "100")
    assert decided(folded(program, [rise], "2024-02-02")) == [
        ("2024-01-31 10:00", "silver", "480", "2024-01-01"),
        ("2024-02-01 00:00", "basic", "0", "2024-01-31"),
    ]
    assert changes(folded(program, [rise, more], "2024-02-29")) == [("2024-01-31 10:00", "basic", "silver")]
    assert told(program, [rise, more], "2024-02-01T12:00") == ["gold: 400 GBP by 2025-01-31"]


def test_in_grace_the_old_cycle_goes_on_and_the_fall_after_it_begins_the_new_one() -> None:
    """Cycles of 7 months: that of 1 August is read on 1 and, after 30 days of grace, on 31 January."""
    program = yearly(7, '["downgrade"]', prolonging="grace_days = 30")
    facts = [purchase("2024-02-01", "100"), purchase("2025-01-20", "50")]
    assert decided(folded(program, facts, "2025-02-02")) == [
        ("2024-02-01 00:00", "silver", "100", "2024-01-01"),
        ("2025-01-31 00:00", "basic", "50", "2024-08-01"),
    ]
    after = [*facts, purchase("2025-02-10", "60"), purchase("2025-08-30T09:00", "40")]
    assert cycle(program, after, "2025-02-11") == ("2025-01-31 00:00", "60")
    assert tier(folded(program, after[:-1], "2025-02-11")) == "basic"
    assert decided(folded(program, after, "2025-08-31"))[2:] == [
        ("2025-08-30 10:00", "silver", "100", "2025-01-31")
    ]
    assert cycle(program, after, "2025-08-30T23:00") == ("2025-08-31 00:00", "0")


def test_a_notice_of_the_fall_reads_the_cycle_that_will_be_under_way_then() -> None:
    """On 1 December the cycle of August has nothing in it; what comes in it until the new year revokes it."""
    program = yearly(7, BOTH, prolonging="notice_days = 31")
    facts = [purchase("2024-01-01T10:00", "100")]
    assert notices(folded(program, facts, "2024-12-05")) == [
        ("2024-12-01 00:00", "basic", "2025-01-01 00:00")
    ]
    facts.append(purchase("2024-12-10", "100"))
    assert notices(folded(program, facts, "2024-12-11"))[1:] == [("2024-12-10 00:00", None, "")]
    assert tier(folded(program, facts, "2025-12-31")) == "silver"


def test_a_tree_of_keeping_reads_the_cycle_too() -> None:
    """30 of the cycle under way keep gold at the review, which begins no cycle."""
    keeping = rule("kept", "tier_spend", '{ window = "cycle", thresholds = { gold = "30" } }')
    settings = ladder(
        review="year", cycle="{ months = 5, restart = ['upgrade', 'downgrade'] }", keep='"kept"'
    )
    program = program_of(settings, CYCLE, keeping)
    risen = purchase("2024-06-15T09:00", "500")
    for day, kept in (("2024-11-14", "basic"), ("2024-11-15", "gold")):
        assert tier(folded(program, [risen, purchase(day, "30")], "2025-01-02")) == kept


def test_a_tier_by_hand_begins_the_cycle_anew_and_so_does_the_end_of_its_lock() -> None:
    program = program_of(
        ladder(until='"lifetime"', review="year", cycle=f"{{ months = 12, restart = {BOTH} }}"), CYCLE
    )
    lock = by_hand("2024-02-01T09:00", "gold", "2024-05-01", locked=True)
    facts = [purchase("2024-01-10", "90"), lock, purchase("2024-03-01", "80")]
    assert cycle(program, facts, "2024-03-02") == ("2024-02-01 09:00", "80")
    assert tier(folded(program, facts, "2024-05-01")) == "basic"
    assert cycle(program, facts, "2024-05-02") == ("2024-05-01 00:00", "0")
    assert tier(folded(program, [*facts, purchase("2024-05-02", "20")], "2024-05-03")) == "basic"


@pytest.mark.parametrize(("day", "read"), [("2024-12-31", "0"), ("2024-12-30", "100")])
def test_at_the_boundary_that_ends_a_cycle_and_holds_a_review_the_one_that_ends_is_read(
    day: str, read: str
) -> None:
    """Cycles of one month from the 31st on end on the last day of a month: that of December ended before."""
    program = program_of(
        ladder(at="review", review="year", cycle="{ months = 1, restart = ['upgrade'] }"), CYCLE
    )
    lock = by_hand("2024-10-31T09:00", "silver", "2024-11-01", locked=True)
    facts = [lock, purchase(f"{day}T12:00", "100")]
    began = cycle(program, facts, "2024-12-31T23:00")[0]
    assert began == "2024-12-31 00:00"
    assert tier(folded(program, facts, "2025-01-01")) == ("basic" if read == "100" else "silver")
