"""Until when: of claims and of lots, and when the next review is held. All ends are exclusive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import (
    DAY,
    add_months,
    first_instant,
    is_day_start,
    local_day,
    next_period_start,
    period_start,
)
from loyalty_engine.program import LadderPolicy
from loyalty_engine.program.file import (
    AfterDays,
    AfterMonths,
    Cycle,
    Idle,
    PointsSection,
    UntilEndOf,
    UntilMonths,
)
from loyalty_engine.rating.state import CycleState, LadderState


def claim_end(
    until: str | UntilMonths | UntilEndOf, at: datetime, zone: ZoneInfo, opinion: date | None = None
) -> datetime | None:
    """The end of a claim made at an instant, at 00:00 local of a date; None for a lifetime.

    ``opinion`` is the day until which the rules say that the tier is supported.
    """
    if until == "opinion" and opinion is not None:
        return first_instant(opinion, zone)
    if isinstance(until, str):
        return None
    day = local_day(at, zone)
    if isinstance(until, UntilMonths):
        return first_instant(add_months(day, until.months), zone)
    end = next_period_start(day, until.end_of)
    return first_instant(add_months(end, until.plus_months), zone)


def lot_end(section: PointsSection, day: date, zone: ZoneInfo) -> datetime | None:
    """When points earned on a local day are gone: the first instant of the day after the last valid one."""
    expiry = section.expiry
    if isinstance(expiry, str | Idle):
        return None
    if isinstance(expiry, AfterMonths):
        last = add_months(day, expiry.months)
        if expiry.then == "that_day":
            return first_instant(last + DAY, zone)
        return first_instant(next_period_start(last, expiry.then.removeprefix("end_of_")), zone)
    if isinstance(expiry, AfterDays):
        return first_instant(day + timedelta(days=expiry.days + 1), zone)
    month, day_of_month = (int(part) for part in expiry.day.split("-"))
    earliest = add_months(day, expiry.after_months)
    found = date(earliest.year, month, day_of_month)
    if found <= earliest:
        found = date(earliest.year + 1, month, day_of_month)
    return first_instant(found, zone)


def idle_end(expiry: Idle, earned_on: date, kept_on: date | None, zone: ZoneInfo) -> datetime:
    """When points are gone that nothing kept since; the last valid day is the one before."""
    since = max(earned_on, kept_on or earned_on)
    return first_instant(add_months(since, expiry.idle_months) + DAY, zone)


def remaining_end(
    expiry: object, expires_at: datetime | None, earned_at: datetime, kept: int, zone: ZoneInfo
) -> datetime | None:
    """When what is left of a lot is gone; ``kept`` is the ordinal of the last day that kept it, 0: none."""
    if expires_at is not None or not isinstance(expiry, Idle):
        return expires_at
    return idle_end(expiry, local_day(earned_at, zone), date.fromordinal(kept) if kept else None, zone)


def idle_until(expiry: Idle, at: datetime, zone: ZoneInfo) -> date:
    """The last day such that what was earned and kept no later is gone at an instant."""
    day = add_months(local_day(at, zone), -expiry.idle_months) + timedelta(days=4)
    while idle_end(expiry, day, None, zone) > at:
        day -= DAY
    return day


def release_at(section: PointsSection, day: date, zone: ZoneInfo) -> datetime | None:
    """When points earned on a local day can be spent; None where only a confirmation releases them."""
    if section.pending is None or section.pending.days is None:
        return None
    return first_instant(day + timedelta(days=section.pending.days), zone)


def cycle_ends(section: Cycle, cycle: CycleState, zone: ZoneInfo) -> Iterator[datetime]:
    """Where a cycle under way may end: months are counted from its anchor, never from an end to the next.

    It ends at the first that comes; one that the program of that time did not have was none.
    """
    begins, first = (cycle.anchor, 1) if cycle.ends_on is None else (cycle.ends_on, 0)
    ends = (first_instant(add_months(begins, section.months * each), zone) for each in count(first))
    return (end for end in ends if end > cycle.began_at)


def next_review(policy: LadderPolicy, state: LadderState, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first review strictly after an instant; None for a ladder without reviews."""
    if policy.review is None:
        return None
    if policy.review.every == "cycle":
        return next_cycle(policy, state, after, zone)
    if policy.review.every is None:
        return next_date(policy.review.dates, after, zone)
    return next_period(policy.review.every, after, zone)


def is_review(policy: LadderPolicy, at: datetime, zone: ZoneInfo, *, cycle_over: bool) -> bool:
    """Whether the ladder is reviewed at the instant."""
    if policy.review is None or not is_day_start(at, zone):
        return False
    if policy.review.every == "cycle":
        return cycle_over
    if policy.review.every is None:
        return is_date(policy.review.dates, at, zone)
    day = local_day(at, zone)
    return period_start(day, policy.review.every) == day


def next_date(dates: Sequence[str], after: datetime, zone: ZoneInfo) -> datetime:
    """Where the next of some dates of each year, written "MM-DD", begins, strictly after an instant."""
    year = local_day(after, zone).year
    begins = (instant for each in (year, year + 1) for instant in dates_of(dates, each, zone))
    return min(instant for instant in begins if instant > after)


def is_date(dates: Sequence[str], at: datetime, zone: ZoneInfo) -> bool:
    """Whether one of some dates of each year begins at the instant; one that a zone skips, with the next."""
    year = local_day(at, zone).year
    return any(at == instant for each in (year - 1, year) for instant in dates_of(dates, each, zone))


def dates_of(dates: Sequence[str], year: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Where the dates of a year begin."""
    for written in dates:
        month, day = written.split("-")
        yield first_instant(date(year, int(month), int(day)), zone)


def next_period(period: str, after: datetime, zone: ZoneInfo) -> datetime:
    """Where the next calendar period begins, strictly after an instant."""
    return first_instant(next_period_start(local_day(after, zone), period), zone)


def next_cycle(policy: LadderPolicy, state: LadderState, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the cycle under way, strictly after an instant; None for a ladder without cycles."""
    if policy.section.cycle is None or state.cycle is None:
        return None
    return next(end for end in cycle_ends(policy.section.cycle, state.cycle, zone) if end > after)


def is_cycle_end(policy: LadderPolicy, state: LadderState, at: datetime, zone: ZoneInfo) -> bool:
    """Whether the cycle under way ends at the instant."""
    if policy.section.cycle is None or state.cycle is None:
        return False
    return next(end for end in cycle_ends(policy.section.cycle, state.cycle, zone) if end >= at) == at
