"""Whoever waits for an idempotency key that another request holds keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from loyalty_engine.services.commands import Recorded
from loyalty_engine.store import operations
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.shop import NOW, done, new_shop, purchase

WAITING = 20
TAKE = """
INSERT INTO operation (business_id, actor, key, mutation, input_hash, started_at)
VALUES ($1, 'operator', 'the-key', 'recordActivity', $2, $3)
"""


@pytest.fixture
async def narrow_database(database: str) -> AsyncIterator[Database]:
    """A pool of two connections."""
    opened = await Database.connect(as_app(database), min_size=2, max_size=2)
    yield opened
    await opened.close()


async def test_many_who_wait_for_one_key_leave_the_connections_to_others(
    app_database: Database, narrow_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "WAIT_SECONDS", 3600.0)
    shop = await new_shop(narrow_database)
    await shop.enrol()
    command = purchase(10, external_id="waited for")
    async with app_database.reading(shop.business_id) as holding:
        await holding.begin(shop.business_id)
        try:
            await holding.execute(TAKE, shop.business_id, bytes(32), NOW)
            waiting = [asyncio.create_task(shop.send(command, "the-key")) for _ in range(WAITING)]
            for number in range(WAITING):
                done(await shop.send(purchase(1), f"key {number}"), Recorded)
            assert not any(each.done() for each in waiting)
        finally:
            await holding.rollback()
    answers = [done(answer, Recorded) for answer in await asyncio.gather(*waiting)]
    assert [answer.replayed for answer in answers].count(False) == 1
    assert len({answer.fact_id for answer in answers}) == 1
    assert await shop.balance() == 10 + WAITING
    assert await broken(shop) == {}
