"""Local dates and instants in zones whose days are not all of 24 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.localtime import first_instant, is_day_start, local_day
from tests.rating.random_settings import PROPERTY

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
)
SKIPPED = {("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kiritimati", date(1994, 12, 31))}
"""Dates that never were, where a zone went to the other side of the date line."""

zones = st.sampled_from(ZONES)
days = st.dates(date(1971, 1, 1), date(2037, 12, 31))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        pytest.param("Europe/London", "2024-07-01", "2024-06-30T23:00:00", id="summer time"),
        pytest.param("Asia/Shanghai", "2024-01-01", "2023-12-31T16:00:00", id="east of Greenwich"),
        pytest.param("America/New_York", "2024-01-01", "2024-01-01T05:00:00", id="west of Greenwich"),
        pytest.param("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00", id="midnight skipped: from 01:00"),
        pytest.param("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00", id="skipped in Beirut"),
        pytest.param("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00", id="skipped in an old year"),
        pytest.param("America/Havana", "2024-11-03", "2024-11-03T04:00:00", id="midnight twice: the first"),
        pytest.param("Asia/Beirut", "2024-10-27", "2024-10-26T22:00:00", id="23:00 twice the day before"),
        pytest.param("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00", id="the day after a skipped date"),
        pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00", id="the skipped date itself"),
        pytest.param(
            "Pacific/Kiritimati", "1994-12-31", "1994-12-31T10:00:00", id="skipped on the Line Islands"
        ),
        pytest.param("Pacific/Kiritimati", "1995-01-01", "1994-12-31T10:00:00", id="the year that followed"),
        pytest.param(
            "America/Toronto", "1919-03-31", "1919-03-31T04:30:00", id="skipped from 23:30 to 00:30"
        ),
        pytest.param("Asia/Kathmandu", "2024-01-01", "2023-12-31T18:15:00", id="a quarter of an hour"),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: str, instant: str) -> None:
    found = first_instant(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2024-03-31", 23),
        ("Europe/London", "2024-10-27", 25),
        ("America/New_York", "2024-03-10", 23),
        ("America/New_York", "2024-11-03", 25),
        ("Australia/Lord_Howe", "2024-10-06", 23.5),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("Africa/Cairo", "2024-04-26", 23),
        ("Africa/Cairo", "2024-10-31", 25),
        ("America/Havana", "2024-03-10", 23),
        ("America/Havana", "2024-11-03", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("Asia/Beirut", "2024-03-31", 23),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-30", 0),
        ("Asia/Shanghai", "2024-05-01", 24),
        ("Asia/Shanghai", "1986-05-04", 23),
    ],
)
def test_a_day_is_as_long_as_the_clock_on_the_wall_makes_it(zone: str, day: str, hours: float) -> None:
    begins = date.fromisoformat(day)
    length = first_instant(begins + DAY, ZoneInfo(zone)) - first_instant(begins, ZoneInfo(zone))
    assert length == timedelta(hours=hours)


@PROPERTY
@given(zones, days)
def test_every_day_begins_later_than_the_day_before_unless_that_never_was(zone: str, day: date) -> None:
    begins, ends = first_instant(day, ZoneInfo(zone)), first_instant(day + DAY, ZoneInfo(zone))
    assert begins == ends if (zone, day) in SKIPPED else begins < ends


@PROPERTY
@given(zones, days)
def test_no_instant_of_a_day_lies_before_its_first(zone: str, day: date) -> None:
    here, begins = ZoneInfo(zone), first_instant(day, ZoneInfo(zone))
    assert local_day(begins - timedelta(seconds=1), here) < day
    assert local_day(begins, here) == (day + DAY if (zone, day) in SKIPPED else day)
    assert is_day_start(begins, here)
    assert not is_day_start(begins + timedelta(seconds=1), here)


@PROPERTY
@given(
    zones,
    st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)),  # noqa: DTZ001 - made UTC below
)
def test_every_instant_lies_in_the_one_local_day_that_began_last(zone: str, naive: datetime) -> None:
    here, instant = ZoneInfo(zone), naive.replace(tzinfo=UTC)
    day = local_day(instant, here)
    assert first_instant(day, here) <= instant < first_instant(day + DAY, here)


@pytest.mark.parametrize("zone", ZONES)
def test_the_days_of_eight_years_follow_one_another_without_a_gap(zone: str) -> None:
    """Every change of clocks of these years is met, and each boundary is that of exactly one day."""
    here, day, starts = ZoneInfo(zone), date(2010, 1, 1), []
    while day < date(2018, 1, 1):
        starts.append(first_instant(day, here))
        assert local_day(starts[-1], here) == day or (zone, day) in SKIPPED
        day += DAY
    assert starts == sorted(starts)
    assert len(starts) - len(set(starts)) == (1 if zone == "Pacific/Apia" else 0)
