"""Points that are spent while the worker sees to their end: one of the two has them (BEHAVIOUR L13)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import Refusal, RefusalCode, enrol_members
from loyalty_engine.services.commands import EnrolledBatch, EnrolMember
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.points_shop import TWO_MONTHS, PointsShop, points_shop
from tests.services.shop import START, done, refused

MANY = 20
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAMES = tuple(f"m{number}" for number in range(MANY))


@pytest.fixture(scope="module")
async def wide_database(database: str) -> AsyncIterator[Database]:
    """A pool in which many may work at once."""
    opened = await Database.connect(as_app(database), min_size=MANY, max_size=MANY)
    yield opened
    await opened.close()


async def test_points_are_spent_or_gone_whoever_comes_first(wide_database: Database) -> None:
    shop = await points_shop(wide_database, TWO_MONTHS, clock_at=START + 2 * DAY)
    new = [EnrolMember(name, enrolled_at=START) for name in NAMES]
    done(await enrol_members(shop.engine, shop.caller, shop.key(), new), EnrolledBatch)
    for name in NAMES:
        await shop.buy(100, START + DAY, member=name)
    (end,) = {row[0] for row in await shop.rows("SELECT expires_at FROM lot")}
    await shop.set_clock(end - HOUR)
    spent, late = await at_its_end(shop, end)
    assert {refusal.code for refusal in late} <= {RefusalCode.INSUFFICIENT_POINTS}
    assert len(spent) + len(late) == MANY
    found = Counter([tuple((await shop.accounts(name)).items()) for name in NAMES])
    assert found == Counter({(("held", 100),): len(spent), (): len(late)})
    gone = await shop.value("SELECT coalesce(sum(amount), 0)::int FROM transfer WHERE code = 'expire'")
    assert gone == 100 * len(late)
    assert await broken(shop) == {}


async def at_its_end(shop: PointsShop, end: datetime) -> tuple[list[object], list[Refusal]]:
    """What came of spending everybody's points while time passes their end and workers come."""

    async def pass_on() -> None:
        await shop.set_clock(end)
        await asyncio.gather(shop.advance(), shop.advance())

    spending = [shop.hold(100, end + DAY, member=name) for name in NAMES]
    *answers, _ = await asyncio.gather(*spending, pass_on())
    await shop.advance()
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    return [answer for answer in answers if not isinstance(answer, Refusal)], refused


async def test_from_their_end_on_points_are_not_spent_in_any_way_before_a_worker_came(
    app_database: Database,
) -> None:
    shop = await points_shop(app_database, TWO_MONTHS + '\ntender = "1"', clock_at=START + 2 * DAY)
    await shop.enrol("ann")
    await shop.enrol("bob")
    await shop.buy(100, START + DAY)
    end = await shop.value("SELECT expires_at FROM lot")
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: shop.hold(1, end + DAY),
        lambda: shop.transfer(1),
        lambda: shop.pay(points=Decimal(1), external_id=shop.key()),
        lambda: shop.adjust(-1),
    ]
    await shop.set_clock(end - timedelta(milliseconds=1))
    for way in ways:
        assert not isinstance(await way(), Refusal)
    await shop.set_clock(end)
    for way in ways:
        refused(await way(), RefusalCode.INSUFFICIENT_POINTS)
    assert await shop.accounts() == {"wallet": 96, "held": 1}
    assert await broken(shop) == {}
