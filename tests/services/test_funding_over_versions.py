"""A version that decides what was granted already, with other shares: the budgets pay no more than they hold.

An activity may be minutes ahead of the clock, and so of a version that takes effect now.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, NOW, Shop, done, new_shop

MINUTE = timedelta(minutes=1)
PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
multiple = "2"
quota = 1
exhausted = "EXHAUSTED"
funding = [
    { partner = "acme", percent = "50", budget_points = 100 },
    { partner = "bolt", percent = "30", budget_points = 20 },
]
"""
)
ACME, BOLT = ("promo", "acme"), ("promo", "bolt")


async def shop_that(database: Database, exhausted: str) -> Shop:
    """Ann bought for 60 in three minutes from now: acme pays 30 of the award and bolt 18."""
    shop = await new_shop(database, PROGRAM.replace("EXHAUSTED", exhausted))
    await shop.enrol()
    await shop.buy(60, NOW + 3 * MINUTE, external_id="ahead")
    assert await shop.balance() == 120
    assert await shop.budgets() == {ACME: 70, BOLT: 2}
    return shop


async def publish(shop: Shop, exhausted: str, percent: str) -> None:
    """A version from now on by which bolt pays another share."""
    changed = PROGRAM.replace("EXHAUSTED", exhausted).replace('"30"', f'"{percent}"')
    answer = await publish_program(shop.engine, shop.caller, changed.replace("SLUG", shop.slug))
    done(answer, Published)
    assert await shop.advance() == 1


async def check(shop: Shop) -> None:
    assert await broken(shop) == {}
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows


@pytest.mark.parametrize(
    ("exhausted", "granted", "budgets"),
    [("reduce", 41, {ACME: 80, BOLT: 0}), ("none", 0, {ACME: 100, BOLT: 20})],
)
async def test_a_budget_that_is_to_pay_more_than_it_holds_pays_less_or_nothing(
    app_database: Database, exhausted: str, granted: int, budgets: dict[tuple[str, str], int]
) -> None:
    shop = await shop_that(app_database, exhausted)
    await publish(shop, exhausted, "50")
    assert await shop.balance() == 60 + granted
    assert await shop.budgets() == budgets
    assert await shop.value("SELECT balance FROM account WHERE kind = 'quota'") == (0 if granted else 1)
    await check(shop)
    await shop.set_clock(NOW + 10 * MINUTE)
    await shop.give_back("ahead", None, NOW + 10 * MINUTE)
    assert await shop.balance() == 0
    assert await shop.budgets() == {ACME: 100, BOLT: 20}
    await check(shop)


@pytest.mark.parametrize(("percent", "left"), [("10", 14), ("33", 1)])
async def test_another_share_that_the_budgets_hold_is_paid_by_them(
    app_database: Database, percent: str, left: int
) -> None:
    shop = await shop_that(app_database, "none")
    await publish(shop, "none", percent)
    assert await shop.balance() == 120
    assert await shop.budgets() == {ACME: 70, BOLT: left}
    await check(shop)
