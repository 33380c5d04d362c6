"""What a merge brings ends with a notice, as what the survivor claimed itself does (SEMANTICS 4)."""

from __future__ import annotations

from datetime import timedelta

from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.store.database import Database
from tests.services.by_hand import set_by_hand
from tests.services.merging import LADDER, MergingShop, check, merging_shop, with_two
from tests.services.points_shop import named
from tests.services.shop import HEAD, NOW, done

DAY = timedelta(days=1)
ANNOUNCED = LADDER.replace('{ to = "qualified" }', '{ to = "qualified", notice_days = 14 }')
ANNOUNCED = ANNOUNCED.replace("RETURNS", "at_review").replace("WINDOW", '"lifetime"')
NOTICE = """
SELECT m.external_id, s.notice_tier, s.notice_at
FROM current_standing s JOIN member m USING (business_id, member_id)
ORDER BY 1
"""


async def opened(database: Database) -> MergingShop:
    """A shop in which ann is gold by hand until ten days after NOW, of which she was told."""
    shop = await with_two(await merging_shop(database, HEAD + ANNOUNCED))
    await set_by_hand(shop, "gold", NOW - 30 * DAY, until=(NOW + 10 * DAY).date())
    await shop.advance()
    ((_, tier, _), *_rest) = await shop.rows(NOTICE)
    assert tier == "basic"
    return shop


async def test_what_comes_ends_when_its_notice_is_old_enough_with_who_goes_on(app_database: Database) -> None:
    shop = await opened(app_database)
    done(await shop.merge(), MembersMerged)
    (of_ann, of_bob) = await shop.rows(NOTICE)
    assert of_ann == ("ann", None, None)
    assert of_bob[:2] == ("bob", "basic")
    assert of_bob[2] >= NOW + 14 * DAY
    await check(shop)
    await shop.set_clock(NOW + 12 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "gold"
    await check(shop)
    await shop.set_clock(NOW + 16 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_a_notice_is_taken_back_when_what_comes_lasts_longer(app_database: Database) -> None:
    shop = await opened(app_database)
    await set_by_hand(shop, "gold", NOW - DAY, member=named("bob"))
    done(await shop.merge("bob", "ann"), MembersMerged)
    assert await shop.rows(NOTICE) == [("ann", None, None), ("bob", None, None)]
    await shop.set_clock(NOW + 60 * DAY)
    await shop.advance()
    assert await shop.tier("ann") == "gold"
    await check(shop)
