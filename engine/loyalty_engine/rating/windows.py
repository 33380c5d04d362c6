"""From a window to local days (SEMANTICS section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from loyalty_engine.localtime import (
    DAY,
    add_months,
    anniversary_start,
    fiscal_start,
    next_period_start,
    period_start,
)
from loyalty_engine.rules import Calendar, FiscalYear, Previous, RollingDays, RollingMonths, Window


@dataclass(frozen=True, slots=True)
class Days:
    """Local days from ``start`` up to but without ``end``; None is without a limit on that side."""

    start: date | None
    end: date | None

    def hold(self, day: date) -> bool:
        """Whether the day lies within."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


def days_of(
    window: Window, day: date, at_boundary: bool, joined_on: date, cycle_began_on: date | None = None
) -> Days:
    """The days over which a window is read on a local day.

    At a boundary, which lies at 00:00 of the day, it is the window that ends there, so that of the
    day before, when one ends; else the one under way. The previous period of the day itself is the
    one that ends where a period begins.
    """
    read_on = day - DAY if at_boundary and _ends_at(window, day, joined_on) else day
    match window:
        case "lifetime":
            return Days(None, None)
        case "cycle":
            return Days(cycle_began_on, None)
        case "anniversary":
            return Days(*_anniversary(read_on, joined_on))
        case RollingDays(rolling_days=count):
            return Days(read_on - (count - 1) * DAY, read_on + DAY)
        case RollingMonths(rolling_months=count):
            return Days(add_months(read_on, -count) + DAY, read_on + DAY)
        case Previous(previous=period):
            start, _ = _period(period, read_on)
            return Days(_period(period, start - DAY)[0], start)
        case Calendar() | FiscalYear():
            return Days(*_period(window, read_on))
    raise ValueError(f"no such window: {window!r}")


def _ends_at(window: Window, day: date, joined_on: date) -> bool:
    match window:
        case "lifetime" | "cycle":
            return False
        case "anniversary":
            return _anniversary(day, joined_on)[0] == day and day > joined_on
        case Calendar() | FiscalYear():
            return _period(window, day)[0] == day
        case Previous():
            return False
    return True


def _period(window: Calendar | FiscalYear, day: date) -> tuple[date, date]:
    if isinstance(window, Calendar):
        return period_start(day, window.calendar), next_period_start(day, window.calendar)
    start = fiscal_start(day, window.fiscal_year)
    return start, add_months(start, 12)


def _anniversary(day: date, joined_on: date) -> tuple[date, date]:
    start = anniversary_start(day, joined_on)
    years = start.year - joined_on.year
    return start, add_months(joined_on, 12 * (years + 1))
