"""Members are locked in the order of their ids, so that nobody waits in a circle (BEHAVIOUR L26)."""

from __future__ import annotations

import asyncio

import pytest

from loyalty_engine.services.commands import Transferred
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.services.points_shop import PointsShop, points_shop
from tests.services.shop import done

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'
"""
FREE = "SELECT FROM member WHERE business_id = $1 AND member_id = $2 FOR NO KEY UPDATE NOWAIT"


@pytest.fixture
async def shop(app_database: Database) -> PointsShop:
    made = await points_shop(app_database)
    for name in ("ann", "bob"):
        await made.enrol(name)
        await made.buy(10, member=name)
    return made


@pytest.mark.parametrize("first", [0, 1], ids=["the first is named first", "the last is named first"])
async def test_who_waits_for_one_member_holds_no_later_one(
    app_database: Database, shop: PointsShop, first: int
) -> None:
    (early, early_id), (late, late_id) = sorted((await shop.member_ids()).items(), key=lambda each: each[1])
    sender, receiver = ((early, late), (late, early))[first]
    async with app_database.writing(shop.business_id) as holding:
        await lock_members(holding, shop.business_id, [early_id])
        sending = asyncio.create_task(shop.transfer(1, sender=sender, receiver=receiver))
        while not await shop.value(WAITING):
            assert not sending.done()
        async with app_database.writing(shop.business_id) as looking:
            await looking.execute(FREE, shop.business_id, late_id)
    done(await sending, Transferred)
