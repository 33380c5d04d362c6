"""Programme P3, a supermarket's points card: purchases, redemptions, expected points (see NOTICE.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from loyalty_engine.localtime import first_instant

HERE = Path(__file__).parent
DERIVED = HERE.parents[1] / ".data"
NEW_YORK = ZoneInfo("America/New_York")
AFTERWARDS = datetime(2018, 4, 2, 12, tzinfo=UTC)
"""After the last date of which results are expected."""


class NotDerived(Exception):
    """The purchases are not here; they are not kept in the repository: run `make test-p3`."""


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household paid for at once; ``campaign_amount`` is the most it holds of one Type A campaign."""

    household: str
    basket_id: str
    at: datetime
    amount: str
    campaign_amount: str | None


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points that a household used."""

    household: str
    at: datetime
    points: str

    @property
    def external_id(self) -> str:
        """Unlike that of any basket."""
        return f"redemption {self.household} {self.at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Points:
    """Totals at the end of a local day, since the first basket."""

    household: str
    as_of: date
    base: int
    bonus: int
    redeemed: int
    expired: int
    balance: int

    @property
    def end(self) -> datetime:
        """The first instant that no longer counts."""
        return first_instant(self.as_of + timedelta(days=1), NEW_YORK)


@cache
def baskets() -> tuple[Basket, ...]:
    """All baskets, in order; raises NotDerived."""
    campaign_amounts = _campaign_amounts()
    return tuple(
        Basket(
            row["household_id"],
            row["basket_id"],
            datetime.fromisoformat(row["ts_utc"]),
            row["amount"],
            campaign_amounts.get(row["basket_id"]),
        )
        for row in _rows(DERIVED / "completejourney_baskets.csv")
    )


def _campaign_amounts() -> dict[str, str]:
    kinds = {
        row["campaign_id"]: row["campaign_type"] for row in _rows(DERIVED / "completejourney_campaigns.csv")
    }
    found: dict[str, str] = {}
    for row in _rows(DERIVED / "completejourney_basket_campaigns.csv"):
        if kinds[row["campaign_id"]] == "Type A":
            known = found.get(row["basket_id"], "0.00")
            found[row["basket_id"]] = max(known, row["eligible_amount"], key=_cents)
    return found


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))


@cache
def redemptions() -> tuple[Redemption, ...]:
    """All redemptions, in order."""
    return tuple(
        Redemption(row["household_id"], datetime.fromisoformat(row["ts_utc"]), row["points"])
        for row in _rows(HERE / "p3_redemptions.csv")
    )


def facts() -> list[Basket | Redemption]:
    """Baskets and redemptions together, in the order of their instants; raises NotDerived."""
    return sorted((*baskets(), *redemptions()), key=lambda each: each.at)


@cache
def expected() -> tuple[Points, ...]:
    """The expected totals of every household, at several dates."""
    return tuple(
        Points(
            row["household_id"],
            date.fromisoformat(row["as_of"]),
            *(
                int(row[name])
                for name in ("base_points", "partner_bonus_points", "redeemed", "expired", "balance")
            ),
        )
        for row in _rows(HERE / "expected_p3_points.csv")
    )


@cache
def joined() -> dict[str, datetime]:
    """The instant of each household's first basket."""
    found: dict[str, datetime] = {}
    for basket in baskets():
        found.setdefault(basket.household, basket.at)
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.exists():
        raise NotDerived(f"{path.name} is not here: run `make test-p3`, which derives it")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
