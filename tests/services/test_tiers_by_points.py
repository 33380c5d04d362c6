"""Tiers by points earned and by referrals in a business: what is stored is what a whole fold gives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, START, new_shop

DAY = timedelta(days=1)
PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 2
rounding = "toward_zero"
expiry = { days = 10 }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "TREE"
upgrade = { at = "activity", until = "lifetime" }
cycle = { months = 12, restart = ["upgrade"] }
downgrade = { to = "qualified" }
returns = "RETURNS"

[[rules]]
id = "earned"
rule = "tier_points"
config = { currency = "points", window = "WINDOW", thresholds = { silver = 100, gold = "149.50" } }

[[rules]]
id = "recruiting"
rule = "tier_referral"
config = { rewards = ["friends"], window = "lifetime", thresholds = { silver = 1, gold = 2 } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[rules]]
id = "friends"
rule = "referral_reward"
config = { currency = "points", referrer_points = 5, minimum_amount = "10" }
"""
)


def program(returns: str = "at_review", tree: str = "earned", window: str = "lifetime") -> str:
    return PROGRAM.replace("RETURNS", returns).replace("TREE", tree).replace("WINDOW", window)


@pytest.mark.parametrize(
    ("returns", "expected"),
    [("undo", "basic"), ("from_now", "basic"), ("at_review", "silver"), ("never", "silver")],
)
async def test_points_of_a_purchase_that_is_returned_after_they_expired_are_earned_no_more(
    app_database: Database, returns: str, expected: str
) -> None:
    shop = await new_shop(app_database, program(returns))
    await shop.enrol()
    await shop.buy("100.50", START + DAY, external_id="b")
    assert await shop.tier() == "silver"
    await shop.give_back("b", "60.25", at=START + 20 * DAY)
    assert await shop.tier() == expected
    kinds = "SELECT kind FROM effect WHERE kind = 'forgone' AND business_id = $1"
    assert len(await shop.rows(kinds, shop.business_id)) == (0 if returns == "undo" else 1)
    await shop.buy("59.74", START + 21 * DAY)
    await shop.buy("49.50", START + 22 * DAY)
    assert await shop.tier() == ("gold" if returns == "never" else "silver")
    assert await broken(shop) == {}


async def test_points_that_a_cycle_has_are_those_after_the_purchase_that_restarted_it(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, program(window="cycle"))
    await shop.enrol()
    await shop.buy("120", START + DAY)
    await shop.buy("149.49", START + 2 * DAY)
    assert await shop.tier() == "silver"
    assert await broken(shop) == {}
    await shop.buy("0.01", START + 2 * DAY, external_id="late")
    assert await shop.tier() == "gold"
    assert await broken(shop) == {}


async def test_each_member_referred_that_qualified_counts_once_and_no_more_when_it_is_returned(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, program("from_now", tree="recruiting"))
    await shop.enrol("ann")
    for friend in ("bob", "cid"):
        await shop.enrol(friend, referred_by="ann")
        await shop.buy(9, START + DAY, member=friend)
    assert await shop.tier("ann") == "basic"
    await shop.buy(10, START + 2 * DAY, member="bob", external_id="first")
    await shop.buy(50, START + 3 * DAY, member="bob")
    assert await shop.tier("ann") == "silver"
    await shop.buy(10, START + 4 * DAY, member="cid", external_id="other")
    assert await shop.tier("ann") == "gold"
    await shop.give_back("other", at=START + 5 * DAY)
    assert await shop.tier("ann") == "silver"
    await shop.give_back("first", at=START + 6 * DAY)
    assert await shop.tier("ann") == "basic"
    await shop.buy(10, START + 7 * DAY, member="bob")
    assert await shop.tier("ann") == "silver"
    assert await broken(shop) == {}
