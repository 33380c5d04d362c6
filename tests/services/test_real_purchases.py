"""Programme P1 on the purchases of a real shop, whose results were computed independently of this engine.

See tests/data/NOTICE.md for where they come from.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.localtime import first_instant
from loyalty_engine.services import enrol_members
from loyalty_engine.services.commands import Enrolled, EnrolledBatch, EnrolMember, RecordActivity, Recorded
from loyalty_engine.store.database import Database
from tests.services.shop import Shop, done, new_shop, purchase

DATA = Path(__file__).parents[1] / "data"
LONDON = ZoneInfo("Europe/London")
AFTERWARDS = datetime(2012, 1, 1, tzinfo=UTC)

P1 = """
[program]
business = "SLUG"
name = "Gym"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 3 }

[[ladders]]
key = "level"
tiers = [{ key = "junior" }, { key = "middle" }, { key = "senior" }]
combine = "spend"
upgrade = { at = "activity", until = { end_of = "quarter" } }
review = { every = "quarter", until = { end_of = "quarter" } }
downgrade = { to = "qualified" }
returns = "at_review"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { middle = "1000", senior = "5000" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rates = { junior = "1", middle = "1.5" }, negative = "take_back" }
"""

Delivery = Literal["in order, in batches", "one by one, shuffled", "in batches with repeats, shuffled"]
DELIVERIES: tuple[Delivery, ...] = (
    "in order, in batches",
    "one by one, shuffled",
    "in batches with repeats, shuffled",
)


@cache
def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def purchases() -> list[RecordActivity]:
    return [
        purchase(
            row["amount_gbp"],
            datetime.fromisoformat(row["ts_utc"]),
            member=row["customer_id"],
            kind=row["kind"],
            external_id=row["invoice_no"],
            units=Decimal(row["units"]),
        )
        for row in table("online_retail_sample.csv")
    ]


async def enrol_all(shop: Shop, items: Sequence[RecordActivity]) -> None:
    joined: dict[str, datetime] = {}
    for item in items:
        name = str(item.member.external_id)
        joined[name] = min(joined.get(name, AFTERWARDS), item.occurred_at)
    new = [EnrolMember(name, enrolled_at=at) for name, at in joined.items()]
    answer = done(await enrol_members(shop.engine, shop.caller, shop.key(), new), EnrolledBatch)
    assert all(isinstance(each, Enrolled) for each in answer.results)


async def deliver(shop: Shop, items: list[RecordActivity], how: Delivery) -> None:
    chance = random.Random(20)
    match how:
        case "in order, in batches":
            for start in range(0, len(items), 300):
                for each in await shop.send_batch(items[start : start + 300]):
                    done(each, Recorded)
                await shop.advance()
        case "one by one, shuffled":
            chance.shuffle(items)
            for item in items:
                done(await shop.send(item), Recorded)
        case "in batches with repeats, shuffled":
            items = [*items, *chance.sample(items, len(items) // 20)]
            chance.shuffle(items)
            for start in range(0, len(items), 90):
                for each in await shop.send_batch(items[start : start + 90]):
                    done(each, Recorded)
    await shop.advance()


async def tier_changes(shop: Shop) -> list[tuple[str, ...]]:
    query = """
        SELECT m.external_id, s.effective_at, s.is_boundary, s.external_id, s.from_tier, s.to_tier
        FROM standing s JOIN member m USING (business_id, member_id)
        WHERE s.withdrawn_effect_id IS NULL AND s.from_tier IS NOT NULL
        """
    return sorted(
        (customer, str(at.astimezone(LONDON).date()), "" if at_boundary else invoice, before, after)
        for customer, at, at_boundary, invoice, before, after in await shop.rows(query)
    )


async def tier_at_the_end_of(shop: Shop, customer: str, day: date) -> str:
    query = """
        SELECT s.to_tier FROM standing s JOIN member m USING (business_id, member_id)
        WHERE m.external_id = $1 AND s.withdrawn_effect_id IS NULL AND s.effective_at < $2
        ORDER BY s.effective_at DESC, s.is_boundary, s.source DESC, s.external_id DESC LIMIT 1
        """
    return cast("str", await shop.value(query, customer, first_instant(day + timedelta(days=1), LONDON)))


STORED = """
SELECT m.external_id, l.cause_key, l.rule, l.slot, l.amount, l.remaining, l.expired, l.expires_at
FROM lot l JOIN member m USING (business_id, member_id) WHERE l.amount > 0 ORDER BY 1, 2, 3, 4
"""
BALANCES = """
SELECT m.external_id, a.kind, a.balance FROM account a JOIN member m USING (business_id, member_id)
WHERE a.balance <> 0 ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
async def first_results(app_database: Database) -> tuple[object, object]:
    """Lots and balances after delivery in order."""
    shop = await new_shop(app_database, P1, clock_at=AFTERWARDS)
    items = purchases()
    await enrol_all(shop, items)
    await deliver(shop, items, DELIVERIES[0])
    return await shop.rows(STORED), await shop.rows(BALANCES)


@pytest.mark.parametrize("how", DELIVERIES)
async def test_tiers_and_changes_are_the_expected_ones_row_for_row(
    app_database: Database, first_results: tuple[object, object], how: Delivery
) -> None:
    shop = await new_shop(app_database, P1, clock_at=AFTERWARDS)
    items = purchases()
    await enrol_all(shop, items)
    await deliver(shop, items, how)
    expected = [
        (row["customer_id"], row["effective_date"], row["trigger_invoice"], row["from_tier"], row["to_tier"])
        for row in table("expected_p1_tier_changes.csv")
    ]
    assert await tier_changes(shop) == sorted(expected)
    for row in table("expected_p1_spend_tiers.csv"):
        day = date.fromisoformat(row["as_of"])
        assert await tier_at_the_end_of(shop, row["customer_id"], day) == row["tier"], row
    assert (await shop.rows(STORED), await shop.rows(BALANCES)) == first_results
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
