"""Who goes on after a merge is erased: nothing more is recorded of those who went into it either (L49)."""

from __future__ import annotations

from datetime import timedelta

from loyalty_engine.services import RefusalCode, erase_member
from loyalty_engine.services.commands import Erased, EraseMember, MembersMerged
from loyalty_engine.services.coupon_uses import release_coupon_use, reopen_coupon_use
from loyalty_engine.store.database import Database
from tests.services.coupons import Couponing, open_couponing
from tests.services.friends import gifts, shop_of_friends
from tests.services.merging import MergingShop, check
from tests.services.points_shop import named
from tests.services.shop import START, Shop, done, refused

DAY = timedelta(days=1)


def merging(shop: Shop) -> MergingShop:
    """The same shop, in which members are merged."""
    return MergingShop(shop.engine, shop.caller, shop.slug, shop._numbers)


async def merge_and_erase(shop: MergingShop, absorbed: str, survivor: str) -> None:
    done(await shop.merge(absorbed, survivor), MembersMerged)
    done(await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(named(survivor))), Erased)


async def test_nothing_is_given_to_a_referrer_who_went_into_somebody_erased(app_database: Database) -> None:
    shop = merging(await shop_of_friends(app_database))
    await shop.enrol("zed")
    await shop.buy(30, START + DAY, member="bob", external_id="before")
    await merge_and_erase(shop, "ann", "zed")
    given = [("ann", 15, "before", False)]
    assert await gifts(shop) == given
    await shop.buy(50, START + 2 * DAY, member="cid", external_id="after")
    await shop.buy(60, START, member="bob", external_id="earlier")
    assert await gifts(shop) == given
    assert (await shop.balance("cid"), await shop.balance("bob")) == (7, 7)
    await check(shop)
    for name in ("after", "earlier", "before"):
        await shop.give_back(name)
        await check(shop)
    assert await gifts(shop) == given
    assert (await shop.balance("cid"), await shop.balance("bob")) == (0, 0)


async def test_what_the_absorbed_redeemed_and_used_ends_no_more(app_database: Database) -> None:
    shop: Couponing = await open_couponing(app_database)
    await shop.enrol("ann")
    await shop.enrol("bob")
    await shop.buy(200, START + DAY)
    await shop.offer(stock=3)
    redemption = (await shop.redeem()).redemption_id
    code = await shop.issue(limit=3)
    uses = [(await shop.use(code)).use_id, (await shop.use(code)).use_id]
    await shop.release(uses[1])
    await merge_and_erase(merging(shop), "ann", "bob")
    rows = await shop.row_counts()
    for answer in (
        await shop.cancel(redemption),
        await shop.fulfil(redemption),
        await release_coupon_use(shop.engine, shop.caller, shop.key(), uses[0]),
        await reopen_coupon_use(shop.engine, shop.caller, shop.key(), uses[1]),
    ):
        refused(answer, RefusalCode.NOT_FOUND)
    assert await shop.row_counts() == rows
    assert await merging(shop).accounts("ann") == {}
    await check(merging(shop))
