"""Merges while others write: one of two wins, nobody is kept waiting for ever, and no point is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import MembersMerged, Recorded, Transferred
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.merging import MergingShop, merging_shop
from tests.services.shop import START, done, purchase

DAY = timedelta(days=1)
ROUNDS = 8


@pytest.fixture(scope="module")
async def crowd(database: str) -> AsyncIterator[Database]:
    opened = await Database.connect(as_app(database), min_size=12, max_size=12)
    yield opened
    await opened.close()


async def shop_of(crowd: Database) -> MergingShop:
    shop = await merging_shop(crowd)
    for name in ("ann", "bob", "cid"):
        await shop.enrol(name)
        await shop.buy(100, START + DAY, member=name)
    return shop


async def total(shop: MergingShop) -> int:
    return sum([await shop.balance(name) for name in ("ann", "bob", "cid")])


async def test_of_two_merges_of_each_other_one_is_done(crowd: Database) -> None:
    for _ in range(ROUNDS):
        shop = await shop_of(crowd)
        answers = await asyncio.gather(shop.merge("ann", "bob"), shop.merge("bob", "ann"))
        assert sorted(type(answer).__name__ for answer in answers) == ["MembersMerged", "Refusal"]
        codes = [answer.code for answer in answers if isinstance(answer, Refusal)]
        assert codes == [RefusalCode.MEMBER_MERGED]
        assert await total(shop) == 300
        assert await broken(shop) == {}


async def test_merges_in_a_circle_leave_one_who_has_everything(crowd: Database) -> None:
    shop = await shop_of(crowd)
    answers = await asyncio.gather(
        shop.merge("ann", "bob"), shop.merge("bob", "cid"), shop.merge("cid", "ann")
    )
    assert sum(isinstance(answer, MembersMerged) for answer in answers) == 2
    assert sorted([await shop.balance(name) for name in ("ann", "bob", "cid")]) == [0, 0, 300]
    assert await broken(shop) == {}


async def test_what_is_spent_during_a_merge_is_spent_before_it_or_not_at_all(crowd: Database) -> None:
    for _ in range(ROUNDS):
        shop = await shop_of(crowd)
        merged, sent, bought, *_ = await asyncio.gather(
            shop.merge("ann", "bob"),
            shop.transfer(30, sender="ann", receiver="cid"),
            shop.send(purchase(7, START + 2 * DAY)),
            shop.transfer(10, sender="bob", receiver="ann"),
        )
        done(merged, MembersMerged)
        assert isinstance(sent, Transferred) or sent.code == RefusalCode.MEMBER_MERGED
        came = 7 if isinstance(bought, Recorded) else 0
        assert await shop.balance("ann") == 0
        assert await total(shop) == 300 + came
        assert await broken(shop) == {}


async def test_a_return_during_a_merge_is_taken_from_whoever_has_the_points(crowd: Database) -> None:
    for _ in range(ROUNDS):
        shop = await shop_of(crowd)
        await shop.buy(40, START + 2 * DAY, external_id=(name := f"x-{shop.slug}"))
        merged, _returned = await asyncio.gather(
            shop.merge("ann", "bob"), shop.give_back(name, at=START + 3 * DAY)
        )
        done(merged, MembersMerged)
        assert (await shop.balance("ann"), await total(shop)) == (0, 300)
        assert await broken(shop) == {}
