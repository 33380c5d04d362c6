"""Keeping apart from entry, grace, and reviews on dates, on a timeline in zones of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact, Fact, Outcome
from tests.rating.histories import (
    changes,
    folded,
    ladder,
    linked_return,
    new_member,
    program_of,
    purchase,
    rule,
    rulebook_of,
    spend,
    standing,
    taken_live,
    tier,
)
from tests.rating.zones import ZONES, begins, noon

YEAR = '{ calendar = "year" }'
KEEPS = rule("yearly", "tier_spend", f'{{ window = {YEAR}, thresholds = {{ silver = "40", gold = "200" }} }}')

every_zone = pytest.mark.parametrize("name", ZONES)

Change = tuple[datetime, str | None, str]


def changes_in(outcome: Outcome) -> list[Change]:
    """The changes of standing after joining, in their order."""
    found = [
        (effect.effective_at, effect.from_tier, effect.to_tier or "")
        for effect in outcome.effects.values()
        if effect.kind == "standing" and effect.from_tier is not None
    ]
    return sorted(found, key=lambda change: change[0])


def played(program: Program, facts: Iterable[Fact], until: datetime) -> Outcome:
    """The facts folded, which comes to the same whether at once or step by step."""
    member, known = new_member(zone=program.zone), list(facts)
    outcome = folded(program, known, until, member=member)
    live = taken_live(rulebook_of(program), known, until, member=member)
    assert live.ladders == outcome.state.ladders
    return outcome


def bought(written: str, amount: str, zone: ZoneInfo) -> ActivityFact:
    return purchase(noon(written, zone), amount, zone=zone)


@every_zone
def test_keeping_asks_for_less_than_entry(name: str) -> None:
    """Gold asks for 500, and is kept with 200 a year."""
    zone = ZoneInfo(name)
    program = program_of(ladder(review="year", keep='"yearly"'), spend(), KEEPS, zone=name)
    facts = [bought("2024-05-01", "500", zone), bought("2025-03-01", "200", zone)]
    outcome = played(program, facts, noon("2027-01-01", zone))
    assert changes_in(outcome) == [
        (noon("2024-05-01", zone), "basic", "gold"),
        (begins("2027-01-01", zone), "gold", "basic"),
    ]
    before = played(program, facts, noon("2026-12-31", zone))
    (kept,) = [claim for claim in standing(before).claims if claim.tier == "gold"]
    assert (kept.from_at, kept.until_at) == (begins("2026-01-01", zone), begins("2027-01-01", zone))


def test_keeping_never_raises() -> None:
    outcome = folded(
        program_of(ladder(review="year", keep='"yearly"'), spend(), KEEPS),
        [purchase("2024-05-01", "100"), purchase("2025-05-01", "210")],
        "2026-06-01",
    )
    assert changes(outcome) == [("2024-05-01 01:00", "basic", "silver")]


@pytest.mark.parametrize(
    ("downgrade", "expected"), [("qualified", "silver"), ("one_step", "silver"), ("base", "basic")]
)
def test_a_fall_is_to_what_keeping_or_entry_supports_or_one_step_or_to_the_base(
    downgrade: str, expected: str
) -> None:
    """In 2025 50 are spent: entry supports nothing, and keeping silver."""
    outcome = folded(
        program_of(ladder(review="year", keep='"yearly"', downgrade=downgrade), spend(), KEEPS),
        [purchase("2024-05-01", "500"), purchase("2025-05-01", "50")],
        "2026-01-01",
    )
    assert tier(outcome) == expected


def test_what_entry_supports_is_kept_by_a_claim_where_keeping_supports_less() -> None:
    """The review claims silver by entry; keeping asks for 1000 visits and supports nothing."""
    hard = rule(
        "yearly",
        "tier_frequency",
        f'{{ count = "activities", window = {YEAR}, thresholds = {{ gold = 9 }} }}',
    )
    outcome = folded(
        program_of(ladder(review="year", keep='"yearly"'), spend(), hard),
        [purchase("2024-05-01", "500"), purchase("2025-05-01", "100")],
        "2026-06-01",
    )
    assert changes(outcome)[1:] == [("2026-01-01 00:00", "gold", "silver")]


def test_a_claim_by_keeping_is_withdrawn_where_a_return_leaves_too_little_for_keeping() -> None:
    second = purchase("2025-05-01", "210")
    program = program_of(
        ladder(review="year", keep='"yearly"', returns="from_now", downgrade="base"), spend(), KEEPS
    )
    facts = [purchase("2024-05-01", "500"), second]
    small = linked_return("2026-02-01", second, "10")
    assert changes(folded(program, [*facts, small], "2026-06-01"))[1:] == []
    large = linked_return("2026-02-02", second, "1", "z")
    assert changes(folded(program, [*facts, small, large], "2026-06-01"))[1:] == [
        ("2026-02-02 00:00", "gold", "basic")
    ]


@every_zone
def test_grace_prolongs_the_ending_claim_by_local_days(name: str) -> None:
    """2025 keeps nothing any more; the days from 1 January to 10 May hold changes of the clocks."""
    zone = ZoneInfo(name)
    program = program_of(ladder(prolonging="grace_days = 130"), spend(), zone=name)
    facts = [bought("2024-06-01", "500", zone)]
    outcome = played(program, facts, noon("2026-12-31", zone))
    assert changes_in(outcome)[1:] == [(begins("2026-05-11", zone), "gold", "basic")]
    during = played(program, facts, noon("2026-05-10", zone))
    (claim,) = standing(during).claims
    assert (claim.origin, claim.from_at, claim.until_at) == (
        "grace",
        begins("2026-01-01", zone),
        begins("2026-05-11", zone),
    )
    assert standing(during).since == noon("2024-06-01", zone)
    assert during.next_boundary_at == begins("2026-05-11", zone)


def monthly(*, grace: int = 10, **of: str) -> Program:
    return program_of(
        ladder(until='{ end_of = "month" }', review="month", prolonging=f"grace_days = {grace}", **of),
        spend(window='{ calendar = "month" }'),
    )


def fallen(program: Program, purchases: Sequence[tuple[str, str]], until: str = "2024-12-01") -> list[object]:
    found = [purchase(at, amount) for at, amount in purchases]
    assert folded(program, found, until).effects
    return list(changes(folded(program, found, until)))


def test_who_reaches_the_tier_again_in_grace_does_not_fall() -> None:
    found = fallen(monthly(), [("2024-02-10", "500"), ("2024-04-09T10:00", "500")], "2024-06-10T22:00")
    assert found == [("2024-02-10 00:00", "basic", "gold")]


def test_grace_is_given_anew_to_a_claim_that_was_reached_in_grace() -> None:
    found = fallen(monthly(), [("2024-02-10", "500"), ("2024-04-09T10:00", "500")])
    assert found[1:] == [("2024-06-11 00:00", "gold", "basic")]


def test_grace_is_given_once_and_a_fall_afterwards_is_to_what_is_left() -> None:
    """Silver, which the review claimed when grace began, is what gold falls to when it is over."""
    found = fallen(
        monthly(at="review"), [("2024-02-10", "500"), ("2024-03-10", "100"), ("2024-04-20", "100")]
    )
    assert found == [
        ("2024-03-01 00:00", "basic", "gold"),
        ("2024-04-11 00:00", "gold", "silver"),
        ("2024-06-11 00:00", "silver", "basic"),
    ]


def test_what_a_return_withdraws_is_given_no_grace() -> None:
    program = program_of(ladder(returns="from_now", prolonging="grace_days = 30"), spend())
    first = purchase("2024-02-01", "500")
    outcome = folded(program, [first, linked_return("2024-02-05", first, "500")], "2024-02-06")
    assert changes(outcome)[1:] == [("2024-02-05 00:00", "gold", "basic")]


def test_a_return_in_grace_leaves_the_grace() -> None:
    program = program_of(ladder(returns="from_now", prolonging="grace_days = 30"), spend())
    first = purchase("2024-02-01", "500")
    outcome = folded(program, [first, linked_return("2026-01-05", first, "500")], "2026-03-01")
    assert changes(outcome)[1:] == [("2026-01-31 00:00", "gold", "basic")]


@every_zone
def test_reviews_are_held_where_the_dates_begin(name: str) -> None:
    """Of the dates, Cairo, Havana and Beirut each skip one's 00:00 in 2024."""
    zone = ZoneInfo(name)
    program = program_of(
        ladder(at="review", dates='["04-26", "03-10", "03-31"]'),
        spend(silver="100", gold="200", window='"lifetime"'),
        zone=name,
    )
    facts = [bought("2024-03-09", "100", zone), bought("2024-04-25", "100", zone)]
    outcome = played(program, facts, noon("2024-12-31", zone))
    assert changes_in(outcome) == [
        (begins("2024-03-10", zone), "basic", "silver"),
        (begins("2024-04-26", zone), "silver", "gold"),
    ]
    assert outcome.next_boundary_at == begins("2025-03-10", zone)


def test_a_review_on_a_date_that_the_zone_skips_is_held_with_the_next_one() -> None:
    """Kiritimati had no 31 December 1994."""
    zone = ZoneInfo("Pacific/Kiritimati")
    program = program_of(
        ladder(at="review", dates='["12-31"]'), spend(window='"lifetime"'), zone="Pacific/Kiritimati"
    )
    member = new_member(date(1994, 6, 1), zone)
    facts = [purchase(datetime(1994, 7, 1, tzinfo=zone), "500", zone=zone)]
    outcome = folded(program, facts, datetime(1995, 1, 2, tzinfo=zone), member=member)
    assert changes_in(outcome) == [(begins("1995-01-01", zone), "basic", "gold")]


def test_reviews_on_dates_judge_the_window_that_ends_there_or_the_one_under_way() -> None:
    program = program_of(ladder(at="review", dates='["01-01", "03-01"]'), spend())
    outcome = folded(program, [purchase("2024-02-10", "100"), purchase("2024-04-10", "400")], "2025-01-02")
    assert changes(outcome) == [
        ("2024-03-01 00:00", "basic", "silver"),
        ("2025-01-01 00:00", "silver", "gold"),
    ]
