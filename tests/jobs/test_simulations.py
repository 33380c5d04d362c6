"""What a worker does of simulations when it looks for work."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from loyalty_engine.jobs import worker
from loyalty_engine.jobs.worker import work_once
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.services.shop import Shop, new_shop
from tests.services.simulated import preview, row


class Some(Database):
    """The shared pool, seen by a worker as if there were only these businesses."""

    def __init__(self, shared: Database, *shops: Shop) -> None:
        super().__init__(shared._pool)
        self.shops = shops

    async def due(self, now: datetime, at_most: int) -> list[asyncpg.Record]:
        """What is due in them."""
        rows, own = await super().due(now, 1_000_000), {shop.business_id for shop in self.shops}
        return [row for row in rows if row["business_id"] in own][:at_most]


async def test_a_worker_does_one_chunk_at_a_time_of_any_business(app_database: Database) -> None:
    shops = [await new_shop(app_database) for _ in range(2)]
    for shop in shops:
        await shop.enrol()
    ids = [await preview(shop) for shop in shops]
    one = shops[0].engine
    engine = Engine(Some(app_database, *shops), one.installed, one.clock, one.secret_key)
    found = [0, 0]
    for chunks in range(1, 5):
        assert await work_once(engine, set())
        found = [(await row(shop, each))["chunks"] for shop, each in zip(shops, ids, strict=True)]
        assert sum(found) == chunks
    assert found == [2, 2]


async def test_a_business_on_whose_simulation_another_worker_is_keeps_nobody_from_others(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, free = [await new_shop(app_database) for _ in range(2)]
    for shop in (busy, free):
        await preview(shop)
    asked: list[UUID] = []

    async def at_hand(_engine: Engine, business_id: UUID) -> int:
        asked.append(business_id)
        return int(business_id == free.business_id)

    monkeypatch.setattr(worker, "continue_simulation", at_hand)
    one = free.engine
    engine = Engine(Some(app_database, busy, free), one.installed, one.clock, one.secret_key)
    while busy.business_id not in asked:
        assert await work_once(engine, set())
    assert asked[-1] == free.business_id
