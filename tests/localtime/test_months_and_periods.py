"""Months are counted from the anchor and clamped; periods have no gaps and no overlaps."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.localtime import (
    add_months,
    anniversary_start,
    fiscal_start,
    next_period_start,
    period_start,
)
from tests.rating.random_settings import PROPERTY

PERIODS = ("day", "week", "month", "quarter", "year")
DAY = timedelta(days=1)
days = st.dates(date(1904, 1, 1), date(2096, 12, 31))
months = st.integers(-600, 600)


@pytest.mark.parametrize(
    ("anchor", "count", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-01-31", 2, "2024-03-31"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-03-31", -1, "2024-02-29"),
        ("2024-12-15", 1, "2025-01-15"),
        ("2024-01-15", -1, "2023-12-15"),
        ("2024-01-15", -13, "2022-12-15"),
        ("2024-05-31", 0, "2024-05-31"),
    ],
)
def test_months_are_counted_from_the_anchor_and_clamped(anchor: str, count: int, expected: str) -> None:
    assert add_months(date.fromisoformat(anchor), count) == date.fromisoformat(expected)


@PROPERTY
@given(days, months)
def test_a_month_count_lands_in_that_month_on_that_day_or_on_its_last(anchor: date, count: int) -> None:
    moved = add_months(anchor, count)
    assert (moved.year - anchor.year) * 12 + moved.month - anchor.month == count
    assert moved.day == min(anchor.day, monthrange(moved.year, moved.month)[1])


def test_a_clamped_month_is_not_chained_into_the_next() -> None:
    chained = add_months(add_months(date(2024, 1, 31), 1), 1)
    assert add_months(date(2024, 1, 31), 2) == date(2024, 3, 31) != chained


@pytest.mark.parametrize(
    ("period", "day", "start", "following"),
    [
        ("day", "2024-02-29", "2024-02-29", "2024-03-01"),
        ("week", "2024-12-31", "2024-12-30", "2025-01-06"),
        ("week", "2024-12-30", "2024-12-30", "2025-01-06"),
        ("week", "2025-01-05", "2024-12-30", "2025-01-06"),
        ("month", "2024-02-29", "2024-02-01", "2024-03-01"),
        ("month", "2024-12-31", "2024-12-01", "2025-01-01"),
        ("quarter", "2024-03-31", "2024-01-01", "2024-04-01"),
        ("quarter", "2024-12-01", "2024-10-01", "2025-01-01"),
        ("year", "2024-12-31", "2024-01-01", "2025-01-01"),
    ],
)
def test_a_calendar_period_holds_its_day(period: str, day: str, start: str, following: str) -> None:
    within = date.fromisoformat(day)
    assert period_start(within, period) == date.fromisoformat(start)
    assert next_period_start(within, period) == date.fromisoformat(following)


@PROPERTY
@given(days, st.sampled_from(PERIODS))
def test_a_calendar_period_ends_where_the_next_begins(day: date, period: str) -> None:
    start, following = period_start(day, period), next_period_start(day, period)
    assert start <= day < following
    assert period_start(following, period) == following
    assert period_start(following - DAY, period) == start


def test_there_is_no_other_calendar_period() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        period_start(date(2024, 1, 1), "fortnight")


@PROPERTY
@given(days, st.sampled_from(["01-01", "02-28", "04-01", "12-28"]))
def test_a_fiscal_year_ends_where_the_next_begins(day: date, first_day: str) -> None:
    start = fiscal_start(day, first_day)
    following = fiscal_start(add_months(start, 12), first_day)
    assert start <= day < following
    assert start.strftime("%m-%d") == first_day == following.strftime("%m-%d")
    assert fiscal_start(following - DAY, first_day) == start


def test_a_fiscal_year_begins_on_its_first_day_and_not_before() -> None:
    assert fiscal_start(date(2024, 3, 31), "04-01") == date(2023, 4, 1)
    assert fiscal_start(date(2024, 4, 1), "04-01") == date(2024, 4, 1)


@pytest.mark.parametrize(
    ("day", "start"),
    [
        ("2020-02-29", "2020-02-29"),
        ("2021-02-27", "2020-02-29"),
        ("2021-02-28", "2021-02-28"),
        ("2023-03-01", "2023-02-28"),
        ("2024-02-28", "2023-02-28"),
        ("2024-02-29", "2024-02-29"),
        ("2025-02-28", "2025-02-28"),
    ],
)
def test_the_anniversary_of_a_leap_day_is_the_28th_in_other_years(day: str, start: str) -> None:
    assert anniversary_start(date.fromisoformat(day), date(2020, 2, 29)) == date.fromisoformat(start)


@PROPERTY
@given(days, st.integers(0, 20_000))
def test_a_year_of_membership_ends_where_the_next_begins(joined_on: date, later: int) -> None:
    day = joined_on + later * DAY
    start = anniversary_start(day, joined_on)
    years = start.year - joined_on.year
    following = add_months(joined_on, 12 * (years + 1))
    assert start == add_months(joined_on, 12 * years)
    assert start <= day < following
    assert anniversary_start(following, joined_on) == following
    assert anniversary_start(following - DAY, joined_on) == start
