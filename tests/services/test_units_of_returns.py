"""Units that no return states go when nothing remains, whichever return arrives last."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from loyalty_engine.services.commands import LineInput
from loyalty_engine.store.database import Database
from tests.properties.snapshots import snapshot
from tests.services.shop import HEAD, Shop, new_shop

UNITS = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }]
combine = "items"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "qualified" }
returns = "from_now"

[[rules]]
id = "items"
rule = "tier_frequency"
config = { count = "units", window = "lifetime", FILTER thresholds = { silver = 10 } }
"""
)


def at(day: int) -> datetime:
    return datetime(2026, 2, day, 12, tzinfo=UTC)


async def delivered(database: Database, returns: list[tuple[str, int, Any]], *, by_line: bool) -> Shop:
    """A purchase of ten units for ten euros, and its returns in some order of arrival."""
    program = UNITS.replace("FILTER", 'categories = ["books"],' if by_line else "")
    shop = await new_shop(database, program)
    await shop.enrol()
    lines = (LineInput("1", Decimal(10), Decimal(10), "books"),) if by_line else ()
    await shop.buy(10, at(1), external_id="bought", units=Decimal(10), lines=lines)
    for name, day, given in returns:
        await shop.give_back("bought", at=at(day), external_id=name, **given)
    return shop


PARTS: dict[str, list[tuple[str, int, Any]]] = {
    "by amount, no units stated": [("x", 7, {"amount": 4}), ("y", 10, {"amount": 6})],
    "by line, some units stated": [
        ("x", 7, {"lines": (LineInput("1", Decimal(3)),)}),
        ("y", 9, {"lines": (LineInput("1", Decimal(3), Decimal(2)),)}),
        ("z", 10, {"lines": (LineInput("1", Decimal(4)),)}),
    ],
}


@pytest.mark.parametrize("parts", PARTS)
async def test_the_order_of_arrival_of_returns_does_not_matter_to_units(
    app_database: Database, parts: str
) -> None:
    found = []
    for order in permutations(PARTS[parts]):
        shop = await delivered(app_database, list(order), by_line="line" in parts)
        before = await shop.row_counts()
        await shop.refold_all()
        assert await shop.row_counts() == before
        found.append((await snapshot(shop)).standings)
        assert await shop.tier() == "basic"
    assert all(standings == found[0] for standings in found)


async def test_without_stated_units_they_are_there_until_nothing_remains(app_database: Database) -> None:
    shop = await delivered(app_database, [("x", 7, {"amount": 4})], by_line=False)
    assert await shop.tier() == "silver"
    await shop.give_back("bought", 6, at(10))
    assert await shop.tier() == "basic"
