"""The plugin referral_reward in a program: both sides of a referral, and its end."""

from __future__ import annotations

from datetime import timedelta

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
expiry = "never"

[[rules]]
id = "friends"
rule = "referral_reward"
[rules.config]
currency = "points"
referrer_points = 50
referred_points = 20
minimum_amount = "10"
within_days = 30

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }
"""
)


async def test_both_sides_are_rewarded_for_the_first_purchase_that_qualifies_and_stands(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await shop.enrol("ann")
    await shop.enrol("bob", referred_by="ann")
    await shop.buy("9.99", START + DAY, member="bob")
    assert await shop.balance("ann") == 0
    await shop.buy(10, START + 2 * DAY, member="bob", external_id="first")
    await shop.buy(30, START + 3 * DAY, member="bob")
    assert (await shop.balance("ann"), await shop.balance("bob")) == (50_00, 49_99 + 20_00)
    await shop.give_back("first", at=START + 4 * DAY)
    assert (await shop.balance("ann"), await shop.balance("bob")) == (50_00, 39_99 + 20_00)
    assert await broken(shop) == {}


async def test_a_purchase_after_the_days_to_qualify_rewards_nobody(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await shop.enrol("ann")
    await shop.enrol("bob", referred_by="ann")
    await shop.buy(40, START + 30 * DAY, member="bob")
    assert (await shop.balance("ann"), await shop.balance("bob")) == (0, 40_00)
