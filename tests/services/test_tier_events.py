"""A change of tier is told once, in the order in which it became known (BEHAVIOUR L23)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import START, Shop, new_shop, purchase

DAY = timedelta(days=1)
NEW_YEAR = datetime(2027, 12, 31, 23, tzinfo=UTC)


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    made = await new_shop(app_database)
    await made.enrol()
    return made


async def told(shop: Shop) -> list[Any]:
    """What was told of tiers, in the order of the member's events."""
    rows = await shop.rows(
        "SELECT type, body ->> 'from', body ->> 'to' FROM outbox WHERE type LIKE 'tier.c%'"
        " ORDER BY member_sequence"
    )
    return [(kind.removeprefix("tier."), *tiers) for kind, *tiers in rows]


async def test_a_crossing_is_told_once_and_a_correction_takes_it_back(shop: Shop) -> None:
    bought = purchase(60, START + 2 * DAY)
    await shop.buy(60, START + DAY)
    assert await told(shop) == []
    await shop.send(bought)
    await shop.send(bought)
    await shop.buy(10, START + 3 * DAY)
    assert await told(shop) == [("changed", "basic", "silver")]
    await shop.buy(50, START + DAY / 2, external_id="late")
    moved = (await told(shop))[1:]
    assert Counter(moved) == {("corrected", None, None): 1, ("changed", "basic", "silver"): 1}
    await shop.give_back("late", at=START + 4 * DAY)
    assert len(await told(shop)) == 5
    assert await broken(shop) == {}


async def test_a_fall_while_a_purchase_is_in_flight_is_told_once(shop: Shop) -> None:
    await shop.buy(120, START + DAY)
    await shop.set_clock(NEW_YEAR + 30 * DAY)
    await asyncio.gather(
        shop.advance(),
        *(shop.buy(30, NEW_YEAR + timedelta(hours=hour), external_id=f"b{hour}") for hour in range(6)),
        shop.advance(),
    )
    await shop.advance()
    changes = [tiers for kind, *tiers in await told(shop) if kind == "changed"]
    corrected = sum(kind == "corrected" for kind, *_ in await told(shop))
    there = await shop.rows(
        "SELECT from_tier, to_tier FROM standing WHERE from_tier IS NOT NULL AND withdrawn_effect_id IS NULL"
        " ORDER BY effective_at, is_boundary DESC"
    )
    assert there == [("basic", "silver"), ("silver", "basic"), ("basic", "silver")]
    assert len(changes) - corrected == len(there)
    assert await broken(shop) == {}
