"""Local dates and instants: the one place where time zones and months are reckoned.

Ends are exclusive. 00:00 local is the first existing instant of that date; months are counted from
the anchor and clamped, never chained.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@lru_cache(maxsize=65_536)
def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first existing instant of a local date, in UTC; of a doubled midnight the first."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = midnight.astimezone(UTC)
    before = instant - timedelta(seconds=1)
    if before.astimezone(zone).date() < day == instant.astimezone(zone).date():
        return instant
    return _end_of_gap(instant, day, zone)


def _end_of_gap(instant: datetime, day: date, zone: ZoneInfo) -> datetime:
    """Where midnight is skipped, or the whole date: the first second whose local date is not before it."""
    early, late = instant - 2 * DAY, instant + 2 * DAY
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).date() < day:
            early = middle
        else:
            late = middle
    return late


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return instant.astimezone(zone).date()


def is_day_start(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether a local date begins at the instant."""
    return first_instant(local_day(instant, zone), zone) == instant


def add_months(anchor: date, months: int) -> date:
    """The anchor moved by months, clamped to the length of the month."""
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def period_start(day: date, period: str) -> date:
    """The first day of the calendar period (day, week, month, quarter, year) that contains the day."""
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case "year":
            return date(day.year, 1, 1)
    raise ValueError(f"no such calendar period: {period!r}")


def next_period_start(day: date, period: str) -> date:
    """The first day of the calendar period after the one that contains the day."""
    start = period_start(day, period)
    match period:
        case "day":
            return start + DAY
        case "week":
            return start + 7 * DAY
        case "month":
            return add_months(start, 1)
        case "quarter":
            return add_months(start, 3)
    return add_months(start, 12)


def fiscal_start(day: date, first_day: str) -> date:
    """The first day of the fiscal year, beginning on "MM-DD", that contains the day."""
    month, day_of_month = (int(part) for part in first_day.split("-"))
    start = date(day.year, month, day_of_month)
    return start if start <= day else date(day.year - 1, month, day_of_month)


def anniversary_start(day: date, joined_on: date) -> date:
    """The first day of the year of membership that contains the day, counted from joining."""
    years = max(0, day.year - joined_on.year)
    start = add_months(joined_on, 12 * years)
    return start if start <= day or years == 0 else add_months(joined_on, 12 * (years - 1))
