"""What comes after a merge for something that the merged member did: carried on to who goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import (
    MembersMerged,
    Recorded,
)
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.friends import shop_of_friends
from tests.services.merging import MergingShop, check, merging_shop, program, with_two
from tests.services.shop import NOW, START, done, purchase, refused

DAY = timedelta(days=1)


@pytest.fixture
async def shop(app_database: Database) -> MergingShop:
    return await with_two(await merging_shop(app_database))


@pytest.mark.parametrize("returns", ["at_review", "from_now", "undo", "never"])
async def test_what_the_other_one_bought_is_returned_after_the_merge(
    app_database: Database, returns: str
) -> None:
    shop = await with_two(await merging_shop(app_database, program(returns)))
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(60, START + 2 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "silver"
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", 20, at=NOW + DAY / 2)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (100, {})
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.give_back("a1", at=NOW + DAY)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (60, {})
    assert await shop.tier("bob") == ("basic" if returns in ("from_now", "undo") else "silver")
    refused(await shop.reverse_again("a1"), RefusalCode.ALREADY_REVERSED)
    await check(shop)


async def test_what_was_spent_and_is_returned_after_the_merge_is_owed(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    done(await shop.redeem(60, NOW - DAY, member="bob"), Recorded)
    await shop.give_back("a1", at=NOW)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (-60, {})
    await check(shop)


async def test_a_redemption_of_before_is_given_back_to_who_goes_on_with_its_end(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY, external_id="a1")
    (lot,) = await shop.lots("ann")
    done(await shop.redeem(60, START + 2 * DAY, external_id="r1"), Recorded)
    done(await shop.merge(), MembersMerged)
    assert await shop.balance("bob") == 0
    await shop.give_back("r1", at=NOW)
    assert await shop.lots("bob") == [lot]
    await check(shop)


async def test_merges_follow_one_another_and_a_late_return_goes_all_the_way(shop: MergingShop) -> None:
    await shop.enrol("cid")
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(30, START + 2 * DAY, member="bob")
    await shop.buy(20, START + 2 * DAY, member="cid")
    done(await shop.merge("ann", "bob"), MembersMerged)
    done(await shop.merge("bob", "cid"), MembersMerged)
    assert (await shop.balance("cid"), await shop.tier("cid")) == (110, "silver")
    refusal = refused(await shop.send(purchase(10)), RefusalCode.MEMBER_MERGED)
    assert refusal.existing_id == (await shop.member_ids())["cid"]
    await check(shop)
    await shop.give_back("a1", at=NOW)
    accounts = [await shop.accounts(name) for name in ("ann", "bob", "cid")]
    assert accounts == [{}, {}, {"wallet": 50}]
    await check(shop)


async def test_a_gift_for_a_merged_member_goes_to_who_goes_on(app_database: Database) -> None:
    friends = await shop_of_friends(app_database)
    shop = MergingShop(friends.engine, friends.caller, friends.slug, friends._numbers)
    done(await shop.merge("ann", "cid"), MembersMerged)
    await shop.buy(30, NOW - DAY, member="bob", external_id="first")
    assert (await shop.balance("ann"), await shop.balance("cid")) == (0, 15)
    assert await broken(shop) == {}
    await shop.give_back("first", at=NOW)
    assert (await shop.balance("ann"), await shop.balance("cid")) == (0, 0)
    assert await broken(shop) == {}
