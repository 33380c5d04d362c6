"""Programme P2, a ladder of visits: a supermarket's baskets, expected tiers and points (see NOTICE.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from loyalty_engine.localtime import first_instant
from tests.data.points_card import DERIVED, HERE, NEW_YORK, NotDerived

AFTERWARDS = datetime(2019, 3, 2, 12, tzinfo=UTC)
"""After the last date of which results are expected."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A basket as the ladder counts it: a day, and what it holds before coupons."""

    household: str
    basket_id: str
    at: datetime
    gross: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a household stands at the end of a local day, with the year so far and all points."""

    household: str
    as_of: date
    days: int
    gross: str
    tier: str
    points: int

    @property
    def end(self) -> datetime:
        """The first instant that no longer counts."""
        return first_instant(self.as_of + timedelta(days=1), NEW_YORK)


Change = tuple[str, str, str, str, str]
"""Household, local date, basket or nothing at a boundary, tier before, tier after."""


@cache
def visits() -> tuple[Visit, ...]:
    """All baskets, in the order of their instants; raises NotDerived."""
    path = DERIVED / "completejourney_baskets.csv"
    if not path.exists():
        raise NotDerived(f"{path.name} is not here: run `make test-p3`, which derives it")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Visit(
                row["household_id"],
                row["basket_id"],
                datetime.fromisoformat(row["ts_utc"]),
                row["gross"],
            )
            for row in csv.DictReader(file)
        )


@cache
def joined() -> dict[str, datetime]:
    """The instant of each household's first basket."""
    found: dict[str, datetime] = {}
    for visit in visits():
        found.setdefault(visit.household, visit.at)
    return found


@cache
def expected() -> tuple[Standing, ...]:
    """Where every household is expected to stand, at several dates."""
    return tuple(
        Standing(
            row["household_id"],
            date.fromisoformat(row["as_of"]),
            int(row["ytd_days"]),
            row["ytd_gross_usd"],
            row["tier"],
            int(row["points"]),
        )
        for row in _rows("expected_p2_visit_tiers.csv")
    )


@cache
def expected_changes() -> tuple[Change, ...]:
    """Every expected change of tier, in order."""
    names = ("household_id", "effective_date", "trigger_basket", "from_tier", "to_tier")
    found = [tuple(row[name] for name in names) for row in _rows("expected_p2_tier_changes.csv")]
    return tuple(
        sorted((household, day, basket, before, after) for household, day, basket, before, after in found)
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
