"""Until when claims and lots hold; every end is exclusive and lies at 00:00 local."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.localtime import is_day_start
from loyalty_engine.program.file import PointsSection, Upgrade
from loyalty_engine.rating.ends import claim_end, lot_end, next_period
from tests.rating.generated_programs import ZONES
from tests.rating.histories import EARN, LONDON, POINTS, available, folded, instant, program_of, purchase
from tests.rating.random_settings import PROPERTY

NEW_YORK = ZoneInfo("America/New_York")


def claimed(until: object, at: str, zone: ZoneInfo = LONDON) -> str | None:
    upgrade = Upgrade.model_validate({"at": "activity", "until": until})
    end = claim_end(upgrade.until, instant(at), zone)
    return None if end is None else end.astimezone(zone).isoformat()


def points(expiry: object) -> PointsSection:
    return PointsSection.model_validate(
        {"key": "points", "decimals": 0, "rounding": "floor", "expiry": expiry}
    )


@pytest.mark.parametrize(
    ("until", "at", "expected"),
    [
        ("lifetime", "2024-03-15T10:00", None),
        ({"months": 12}, "2024-03-15T10:00", "2025-03-15T00:00:00+00:00"),
        ({"months": 1}, "2024-01-31T10:00", "2024-02-29T00:00:00+00:00"),
        ({"months": 12}, "2024-02-29T10:00", "2025-02-28T00:00:00+00:00"),
        ({"months": 6}, "2024-01-15T10:00", "2024-07-15T00:00:00+01:00"),
        ({"end_of": "year"}, "2024-03-15T10:00", "2025-01-01T00:00:00+00:00"),
        ({"end_of": "year", "plus_months": 12}, "2024-12-31T23:59:59", "2026-01-01T00:00:00+00:00"),
        ({"end_of": "year", "plus_months": 14}, "2024-03-15T10:00", "2026-03-01T00:00:00+00:00"),
        ({"end_of": "quarter"}, "2024-03-31T22:59:59", "2024-04-01T00:00:00+01:00"),
        ({"end_of": "quarter"}, "2024-03-31T23:00:00", "2024-07-01T00:00:00+01:00"),
        ({"end_of": "month", "plus_months": 1}, "2024-01-31T10:00", "2024-03-01T00:00:00+00:00"),
    ],
)
def test_a_claim_ends_counted_from_its_own_instant(until: object, at: str, expected: str | None) -> None:
    assert claimed(until, at) == expected


def test_a_claim_made_at_a_boundary_is_of_the_period_that_begins_there() -> None:
    assert claimed({"end_of": "year"}, "2025-01-01T00:00") == "2026-01-01T00:00:00+00:00"


def test_the_period_of_a_claim_is_that_of_the_business_zone() -> None:
    assert claimed({"end_of": "year"}, "2025-01-01T04:59", NEW_YORK) == "2025-01-01T00:00:00-05:00"
    assert claimed({"end_of": "year"}, "2025-01-01T05:00", NEW_YORK) == "2026-01-01T00:00:00-05:00"


@pytest.mark.parametrize(
    ("expiry", "earned_on", "gone_on"),
    [
        ({"months": 12}, "2024-03-15", "2025-03-16"),
        ({"months": 12, "then": "that_day"}, "2024-02-29", "2025-03-01"),
        ({"months": 1}, "2024-01-31", "2024-03-01"),
        ({"months": 3, "then": "end_of_month"}, "2024-01-01", "2024-05-01"),
        ({"months": 3, "then": "end_of_month"}, "2024-01-31", "2024-05-01"),
        ({"months": 3, "then": "end_of_month"}, "2024-11-30", "2025-03-01"),
        ({"months": 12, "then": "end_of_quarter"}, "2024-02-10", "2025-04-01"),
        ({"months": 12, "then": "end_of_year"}, "2024-02-10", "2026-01-01"),
        ({"days": 1}, "2024-02-28", "2024-03-01"),
        ({"days": 365}, "2024-03-01", "2025-03-02"),
        ({"day": "10-01", "after_months": 36}, "2021-09-30", "2024-10-01"),
        ({"day": "10-01", "after_months": 36}, "2021-10-01", "2025-10-01"),
        ({"day": "10-01", "after_months": 0}, "2024-09-30", "2024-10-01"),
        ({"day": "10-01", "after_months": 0}, "2024-10-01", "2025-10-01"),
        ({"day": "01-01", "after_months": 1}, "2024-12-15", "2026-01-01"),
    ],
)
def test_points_are_gone_at_00_00_of_the_day_after_their_last(
    expiry: object, earned_on: str, gone_on: str
) -> None:
    end = lot_end(points(expiry), date.fromisoformat(earned_on), LONDON)
    assert end is not None
    assert end.astimezone(LONDON).isoformat()[:19] == f"{gone_on}T00:00:00"


def test_points_may_never_expire() -> None:
    assert lot_end(points("never"), date(2024, 1, 1), LONDON) is None


@pytest.mark.parametrize("month", range(1, 13))
def test_points_of_a_supermarket_are_gone_on_the_first_of_the_fourth_month_after(month: int) -> None:
    """P3: January's points are gone on 1 May, whatever the day."""
    section = points({"months": 3, "then": "end_of_month"})
    gone = date(2017 + (month + 4 - 1) // 12, (month + 4 - 1) % 12 + 1, 1)
    for day in (1, 15, 28):
        end = lot_end(section, date(2017, month, day), NEW_YORK)
        assert end is not None
        assert end.astimezone(NEW_YORK) == datetime(gone.year, gone.month, 1, tzinfo=NEW_YORK)


def test_points_are_there_through_the_last_instant_of_their_last_day_and_not_longer() -> None:
    program = program_of(POINTS.replace('"never"', "{ days = 10 }"), EARN)
    bought = [purchase("2024-06-10T20:00", "50")]
    assert available(folded(program, bought, "2024-06-20T22:59:59")) == 50
    assert available(folded(program, bought, "2024-06-20T23:00:00")) == 0


def test_expired_points_are_gone_before_an_activity_of_that_very_instant() -> None:
    program = program_of(POINTS.replace('"never"', "{ days = 10 }"), EARN)
    bought = purchase("2024-06-10T20:00", "50")
    taken = purchase("2024-06-20T23:00:00", "-20", kind="return")
    outcome = folded(program, [bought, taken], "2024-07-01")
    assert (available(outcome), outcome.state.wallets["points"].debt) == (0, 20)


@pytest.mark.parametrize(
    ("every", "after", "expected"),
    [
        ("month", "2024-01-15T10:00", "2024-02-01T00:00:00+00:00"),
        ("quarter", "2024-01-15T10:00", "2024-04-01T00:00:00+01:00"),
        ("year", "2024-01-15T10:00", "2025-01-01T00:00:00+00:00"),
        ("year", "2025-01-01T00:00", "2026-01-01T00:00:00+00:00"),
        ("quarter", "2024-03-31T22:59:59", "2024-04-01T00:00:00+01:00"),
        ("quarter", "2024-03-31T23:00:00", "2024-07-01T00:00:00+01:00"),
    ],
)
def test_the_next_review_is_later_than_the_instant(every: str, after: str, expected: str) -> None:
    assert next_period(every, instant(after), LONDON).astimezone(LONDON).isoformat() == expected


@PROPERTY
@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - made UTC below
    st.sampled_from(
        [{"months": 1}, {"months": 7}, {"end_of": "month"}, {"end_of": "year", "plus_months": 3}]
    ),
)
def test_a_claim_ends_later_than_it_began_and_where_a_day_begins(
    zone: ZoneInfo, naive: datetime, until: object
) -> None:
    at = naive.replace(tzinfo=UTC)
    end = claim_end(Upgrade.model_validate({"at": "review", "until": until}).until, at, zone)
    assert end is not None
    assert end > at
    assert is_day_start(end, zone)
