"""Caps on points and on awards in periods of local days (SEMANTICS section 6)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from loyalty_engine.rating import Ask
from tests.rating.histories import (
    balance,
    folded,
    ladder,
    program_of,
    purchase,
    rule,
    spend,
    wallet,
)
from tests.rating.offered import limited, offer, points


def test_what_a_cap_cut_to_nothing_goes_to_no_other_offer_even_where_an_empty_budget_would() -> None:
    capped = offer(
        "big",
        "points = 50",
        funding=limited(10_000),
        exhausted="next",
        extra="caps = [{ period = 'lifetime', times = 1 }], ",
    )
    program = program_of(points(), capped, offer("small", "points = 20"))
    facts = [purchase(f"2024-02-0{day}", "1") for day in (1, 2)]
    assert balance(folded(program, facts)) == 50


def test_what_caps_leave_nothing_of_asks_for_no_quota() -> None:
    extra = "quota = 3, caps = [{ period = 'lifetime', times = 1 }], "
    program = program_of(points(), offer("big", "points = 50", extra=extra, exhausted="none"))
    asked: list[Ask] = []

    def answer(ask: Ask) -> int:
        asked.append(ask)
        return ask.units

    outcome = folded(program, [purchase(f"2024-02-0{day}", "1") for day in (1, 2)], answer=answer)
    assert (balance(outcome), len(asked)) == (50, 1)


@pytest.mark.parametrize(
    ("period", "days", "expected"),
    [
        ("activity", ("2024-02-01T10:00", "2024-02-01T11:00"), 120),
        ("day", ("2024-02-01T10:00", "2024-02-01T11:00", "2024-02-02T00:00"), 120),
        ("week", ("2024-02-03", "2024-02-04", "2024-02-05"), 120),
        ("month", ("2024-02-01", "2024-02-29", "2024-03-01"), 120),
        ("quarter", ("2024-03-31T22:59", "2024-03-31T23:00"), 120),
        ("year", ("2024-02-01", "2024-12-31"), 60),
        ("lifetime", ("2024-02-01", "2025-03-01"), 60),
    ],
)
def test_a_cap_on_points_holds_for_each_period_of_local_days(
    period: str, days: Sequence[str], expected: int
) -> None:
    caps = f"caps = [{{ period = '{period}', points = 60 }}]"
    earn = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "1", negative = "zero", '
        f'bonus_percent = {{ basic = "50" }}, {caps} }}',
    )
    program = program_of(points(), ladder(), spend("9999", "99999"), earn)
    facts = [purchase(day, "50") for day in days]
    assert balance(folded(program, facts, "2025-06-01")) == expected


@pytest.mark.parametrize(
    ("period", "expected"), [("activity", 30), ("day", 20), ("month", 10), ("lifetime", 10)]
)
def test_a_cap_on_times_holds_for_each_period(period: str, expected: int) -> None:
    caps = f"caps = [{{ period = '{period}', times = 1 }}], "
    program = program_of(points(), offer("ten", "points = 10", extra=caps))
    facts = [purchase(at, "1") for at in ("2024-02-01T10:00", "2024-02-01T11:00", "2024-02-02T10:00")]
    assert balance(folded(program, facts)) == expected


def test_a_cap_on_points_is_in_whole_points_whatever_the_decimals() -> None:
    earn = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "1", negative = "zero", caps = [{ period = "day", points = 3 }] }',
    )
    program = program_of(points(decimals=2), earn)
    assert balance(folded(program, [purchase("2024-02-01", "5")])) == 300


def test_a_late_activity_moves_what_a_cap_lets_through() -> None:
    earn = rule(
        "earn",
        "earn_purchase",
        '{ currency = "points", rate = "1", negative = "zero", caps = [{ period = "month", points = 60 }] }',
    )
    second, late = purchase("2024-02-20", "50", "second"), purchase("2024-02-10", "40", "late")
    outcome = folded(program_of(points(), earn), [second, late])
    units = {lot.key.cause.key: lot.amount for lot in wallet(outcome).lots.values()}
    assert units == {'["till","late"]': 40, '["till","second"]': 20}
