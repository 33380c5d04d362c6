"""Windows as local days, at an activity and at a boundary (SEMANTICS section 3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from loyalty_engine.rating.windows import Days, days_of
from loyalty_engine.rules import Calendar, FiscalYear, Previous, RollingDays, RollingMonths, Window
from tests.rating.random_settings import PROPERTY

LEAPLING = date(2020, 2, 29)
DAY = timedelta(days=1)


def read(window: object, day: str, *, boundary: bool = False, joined_on: date = LEAPLING) -> tuple[str, str]:
    parsed: Window = TypeAdapter[Window](Window).validate_python(window)
    days = days_of(parsed, date.fromisoformat(day), boundary, joined_on)
    return str(days.start), str(days.end)


@pytest.mark.parametrize(
    ("window", "day", "start", "end"),
    [
        ("lifetime", "2024-06-15", "None", "None"),
        ({"calendar": "day"}, "2024-06-15", "2024-06-15", "2024-06-16"),
        ({"calendar": "week"}, "2024-06-15", "2024-06-10", "2024-06-17"),
        ({"calendar": "month"}, "2024-02-29", "2024-02-01", "2024-03-01"),
        ({"calendar": "quarter"}, "2024-06-30", "2024-04-01", "2024-07-01"),
        ({"calendar": "year"}, "2024-01-01", "2024-01-01", "2025-01-01"),
        ({"fiscal_year": "04-01"}, "2024-03-31", "2023-04-01", "2024-04-01"),
        ({"fiscal_year": "04-01"}, "2024-04-01", "2024-04-01", "2025-04-01"),
        ({"rolling_days": 1}, "2024-06-15", "2024-06-15", "2024-06-16"),
        ({"rolling_days": 30}, "2024-03-01", "2024-02-01", "2024-03-02"),
        ({"rolling_months": 12}, "2024-06-15", "2023-06-16", "2024-06-16"),
        ({"rolling_months": 1}, "2024-03-31", "2024-03-01", "2024-04-01"),
        ({"rolling_months": 1}, "2024-03-29", "2024-03-01", "2024-03-30"),
        ({"rolling_months": 12}, "2024-02-29", "2023-03-01", "2024-03-01"),
        ({"previous": {"calendar": "month"}}, "2024-03-15", "2024-02-01", "2024-03-01"),
        ({"previous": {"calendar": "year"}}, "2024-01-01", "2023-01-01", "2024-01-01"),
        ({"previous": {"fiscal_year": "04-01"}}, "2024-03-31", "2022-04-01", "2023-04-01"),
        ("anniversary", "2021-02-27", "2020-02-29", "2021-02-28"),
        ("anniversary", "2021-02-28", "2021-02-28", "2022-02-28"),
        ("anniversary", "2024-02-28", "2023-02-28", "2024-02-29"),
        ("anniversary", "2024-02-29", "2024-02-29", "2025-02-28"),
    ],
)
def test_an_activity_reads_the_window_under_way(window: object, day: str, start: str, end: str) -> None:
    assert read(window, day) == (start, end)


@pytest.mark.parametrize(
    ("window", "day", "start", "end"),
    [
        ("lifetime", "2024-01-01", "None", "None"),
        ({"calendar": "day"}, "2024-06-15", "2024-06-14", "2024-06-15"),
        ({"calendar": "week"}, "2024-06-10", "2024-06-03", "2024-06-10"),
        ({"calendar": "month"}, "2024-03-01", "2024-02-01", "2024-03-01"),
        ({"calendar": "quarter"}, "2024-04-01", "2024-01-01", "2024-04-01"),
        ({"calendar": "year"}, "2024-01-01", "2023-01-01", "2024-01-01"),
        ({"fiscal_year": "04-01"}, "2024-04-01", "2023-04-01", "2024-04-01"),
        ({"rolling_days": 30}, "2024-03-01", "2024-01-31", "2024-03-01"),
        ({"rolling_months": 12}, "2024-01-01", "2023-01-01", "2024-01-01"),
        ({"rolling_months": 12}, "2024-03-01", "2023-03-01", "2024-03-01"),
        ({"previous": {"calendar": "month"}}, "2024-03-01", "2024-02-01", "2024-03-01"),
        ({"previous": {"calendar": "year"}}, "2024-01-01", "2023-01-01", "2024-01-01"),
        ({"previous": {"fiscal_year": "04-01"}}, "2024-04-01", "2023-04-01", "2024-04-01"),
        ("anniversary", "2021-02-28", "2020-02-29", "2021-02-28"),
        ("anniversary", "2024-02-29", "2023-02-28", "2024-02-29"),
    ],
)
def test_a_boundary_reads_the_window_that_ends_there(window: object, day: str, start: str, end: str) -> None:
    assert read(window, day, boundary=True) == (start, end)
    assert end in (day, "None")


@pytest.mark.parametrize(
    ("window", "day", "start", "end"),
    [
        ({"calendar": "month"}, "2024-03-02", "2024-03-01", "2024-04-01"),
        ({"calendar": "quarter"}, "2024-03-01", "2024-01-01", "2024-04-01"),
        ({"calendar": "year"}, "2024-04-01", "2024-01-01", "2025-01-01"),
        ({"fiscal_year": "04-01"}, "2024-01-01", "2023-04-01", "2024-04-01"),
        ({"previous": {"calendar": "month"}}, "2024-03-15", "2024-02-01", "2024-03-01"),
        ("anniversary", "2024-01-01", "2023-02-28", "2024-02-29"),
        ("anniversary", "2020-02-29", "2020-02-29", "2021-02-28"),
    ],
)
def test_a_boundary_at_which_none_ends_reads_the_one_under_way(
    window: object, day: str, start: str, end: str
) -> None:
    assert read(window, day, boundary=True) == (start, end)


days = st.dates(LEAPLING, date(2040, 12, 31))
periods: st.SearchStrategy[Window] = st.one_of(
    st.builds(Calendar, calendar=st.sampled_from(["day", "week", "month", "quarter", "year"])),
    st.builds(FiscalYear, fiscal_year=st.sampled_from(["02-28", "04-01", "12-01"])),
    st.just("anniversary"),
)
rolling: st.SearchStrategy[Window] = st.one_of(
    st.builds(RollingDays, rolling_days=st.integers(1, 800)),
    st.builds(RollingMonths, rolling_months=st.integers(1, 40)),
)


@PROPERTY
@given(periods, days)
def test_the_periods_of_a_window_have_no_gaps_and_no_overlaps(window: Window, day: date) -> None:
    days = days_of(window, day, False, LEAPLING)
    assert days.start is not None
    assert days.end is not None
    assert days.hold(day)
    assert days_of(window, days.end, False, LEAPLING).start == days.end
    assert days_of(window, days.end - DAY, False, LEAPLING) == days
    assert days_of(window, days.end, True, LEAPLING) == days


@PROPERTY
@given(rolling, days)
def test_a_rolling_window_ends_with_the_day_and_at_a_boundary_with_the_day_before(
    window: Window, day: date
) -> None:
    assert days_of(window, day, False, LEAPLING).end == day + DAY
    assert days_of(window, day + DAY, True, LEAPLING) == days_of(window, day, False, LEAPLING)


@PROPERTY
@given(st.integers(1, 800), days)
def test_rolling_days_are_so_many(count: int, day: date) -> None:
    days = days_of(RollingDays(rolling_days=count), day, False, LEAPLING)
    assert days.start == day - (count - 1) * DAY


@PROPERTY
@given(st.sampled_from(["day", "week", "month", "quarter", "year"]), days)
def test_the_previous_period_ends_where_the_one_under_way_begins(period: str, day: date) -> None:
    calendar = Calendar.model_validate({"calendar": period})
    current = days_of(calendar, day, False, LEAPLING)
    assert days_of(Previous(previous=calendar), day, False, LEAPLING).end == current.start


def test_days_hold_their_first_and_not_their_end() -> None:
    week = Days(date(2024, 1, 1), date(2024, 1, 8))
    held = [day for day in range(1, 12) if week.hold(date(2024, 1, day))]
    assert held == [1, 2, 3, 4, 5, 6, 7]
    assert Days(None, None).hold(date(1, 1, 1))
