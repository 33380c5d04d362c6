"""Two who are one person since: the return of a purchase releases what either used for it (L29)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.store.database import Database
from tests.services.coupons import open_couponing
from tests.services.merging import MergingShop, check
from tests.services.shop import NOW, START, done

DAY = timedelta(days=1)


@pytest.mark.parametrize("used_by", ["ann", "bob"])
async def test_the_return_of_a_purchase_releases_the_coupon_that_the_same_person_used_for_it(
    app_database: Database, used_by: str
) -> None:
    shop = await open_couponing(app_database)
    await shop.enrol("ann")
    await shop.enrol("bob")
    merging = MergingShop(shop.engine, shop.caller, shop.slug, shop._numbers)
    code = await shop.issue(limit=1)
    if used_by == "ann":
        await shop.use(code, "ann", purchase=("till", "p"))
        done(await merging.merge("ann", "bob"), MembersMerged)
        await shop.buy(40, START + DAY, member="bob", external_id="p")
    else:
        await shop.buy(40, START + DAY, member="ann", external_id="p")
        done(await merging.merge("ann", "bob"), MembersMerged)
        await shop.use(code, "bob", purchase=("till", "p"))
    await shop.give_back("p", 10, NOW)
    assert await shop.used() == 1
    await shop.give_back("p", None, NOW)
    assert await shop.used() == 0
    await check(merging)
    await shop.use(code, "bob")
    await check(merging)
