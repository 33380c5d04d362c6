"""Holds, pending points and what spendings used, changed behind the engine's back, are named."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.points_shop import points_shop
from tests.services.shop import START, done
from tests.verification.world import tamper

DAY = timedelta(days=1)

CASES = {
    "a held balance": (
        "UPDATE account SET balance = 29 WHERE MINE AND kind = 'held'",
        ("balances", "balance of the held account, points", "29", "30"),
    ),
    "the points of a hold": (
        "UPDATE hold SET amount = 31 WHERE MINE AND state = 'open'",
        ("replay", "hold of ", "amount 31", "amount 30"),
    ),
    "a hold that was closed": (
        "UPDATE hold SET state = 'voided', captured = 0 WHERE MINE AND state = 'captured'",
        ("replay", "hold of ", "state voided, captured 0", "state captured, captured 10"),
    ),
    "a hold that is gone": (
        "DELETE FROM hold WHERE MINE AND state = 'open'",
        ("replay", "hold ", "nothing", "amount 30"),
    ),
    "what a redemption used": (
        "UPDATE point_use SET amount = 19 WHERE MINE AND amount = 20",
        ("replay", "use of lot points/points/", "19", "20"),
    ),
    "the points of a redemption": (
        "UPDATE fact SET points = points - 1 WHERE MINE AND kind = 'redemption'",
        ("replay", "effect points/points/-/redeemed of activity ", "20", "21"),
    ),
}


@pytest.mark.parametrize(("statement", "named"), CASES.values(), ids=CASES)
async def test_what_was_changed_is_named(
    app_database: Database, database: str, statement: str, named: tuple[str, str, str, str]
) -> None:
    shop = await points_shop(app_database)
    await shop.enrol("ann")
    await shop.buy(100, START + DAY, external_id="first")
    done(await shop.redeem(20, START + 3 * DAY), Recorded)
    closed = done(await shop.hold(10), Recorded)
    done(await shop.capture(closed.fact_id), Recorded)
    done(await shop.hold(30), Recorded)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
    await asyncio.to_thread(tamper, database, shop, statement)
    found = (await verify_business(shop.engine, shop.business_id)).difference
    check, what, stored, rebuilt = named
    assert found is not None
    assert (found.check, found.member) == (check, "ann"), found
    assert what in found.what, found
    assert stored in found.stored, found
    assert rebuilt in found.rebuilt, found
