"""What is kept of rewards and coupons, changed behind the engine's back, is named by a verification."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.coupons import Couponing, open_couponing
from tests.services.shop import START, done
from tests.verification.world import tamper

CASES = {
    "stock": (
        "UPDATE account SET balance = 9 WHERE business_id = %(business)s AND kind = 'stock'",
        ("shared_balances", "balance of the stock account", "9", "1"),
    ),
    "a price": (
        "UPDATE redemption SET price = 1 WHERE MINE AND cancelled_at IS NULL",
        ("redemptions", "price of redemption", "1 points", "20 points by a redemption"),
    ),
    "a cancellation": (
        """UPDATE redemption SET cancelled_at = NULL, cancelled_fact_id = NULL, restock_transfer_id = NULL
           WHERE MINE AND cancelled_at IS NOT NULL""",
        ("cancelled", "return of redemption", "none", "-"),
    ),
    "a release": (
        """UPDATE coupon_use SET released_at = NULL, released_fact_id = NULL
           WHERE MINE AND released_at IS NOT NULL""",
        ("released", "return of coupon use", "none", "-"),
    ),
    "a count": (
        "UPDATE coupon SET used = 5 WHERE business_id = %(business)s",
        ("coupons", "uses of coupon free", "5", "1"),
    ),
}


async def busy(database: Database) -> Couponing:
    """Ann redeemed two mugs and cancelled one; she used a coupon twice, and released it once."""
    shop = await open_couponing(database)
    await shop.enrol()
    await shop.buy(120, START + timedelta(days=1))
    await shop.offer("mug", 20, stock=2)
    made = [await shop.redeem() for _ in range(2)]
    done(await shop.cancel(made[0].redemption_id), object)
    code = await shop.issue()
    uses = [await shop.use(code) for _ in range(2)]
    done(await shop.release(uses[0].use_id), object)
    return shop


async def test_what_nobody_touched_has_no_difference(app_database: Database) -> None:
    shop = await busy(app_database)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None


@pytest.mark.parametrize(("statement", "named"), CASES.values(), ids=CASES)
async def test_what_was_changed_is_named(
    app_database: Database, database: str, statement: str, named: tuple[str, str, str, str]
) -> None:
    shop = await busy(app_database)
    await asyncio.to_thread(tamper, database, shop, statement)
    found = (await verify_business(shop.restarted().engine, shop.business_id)).difference
    assert found is not None, "nothing was found"
    check, what, stored, rebuilt = named
    assert found.check == check, found
    assert what in found.what
    assert found.stored == stored
    assert rebuilt in found.rebuilt
