"""A ladder that a version dropped, or that is frozen, stays as it is, and nothing is written of it."""

from __future__ import annotations

from datetime import timedelta

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import refold_parked
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import NOW, PROGRAM, START, new_shop
from tests.services.test_failing_rules import fickle_shop, trouble
from tests.services.test_migrations import proven, publish

WITHOUT = PROGRAM.replace('key = "status"', 'key = "level"')
REMOVED = plan_of({"ladders": {"status": {"claims": "remove"}}})


async def test_a_claim_that_is_over_on_a_ladder_that_is_gone_is_no_difference(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(150)
    await publish(shop, WITHOUT, REMOVED)
    await shop.set_clock(NOW + timedelta(days=300))
    await shop.advance()
    await shop.buy(1, NOW + timedelta(days=299))
    assert await shop.tier() == "silver"
    await proven(shop)


async def test_a_claim_whose_end_a_frozen_ladder_waits_for_stays_what_the_standing_rests_on(
    app_database: Database,
) -> None:
    shop = await fickle_shop(app_database)
    await shop.set_clock(START + timedelta(days=2))
    await shop.buy(60)
    until = "SELECT until_at FROM current_standing WHERE tier = 'silver'"
    claimed = await shop.value(until)
    with trouble(tier=ZeroDivisionError):
        await shop.set_clock(START + timedelta(days=90))
        await shop.advance()
        await shop.buy(1, START + timedelta(days=80))
        await shop.buy(1, START + timedelta(days=85))
        assert (await shop.tier(), await shop.value(until)) == ("silver", claimed)
    await refold_parked(shop.engine, shop.business_id)
    await shop.advance()
    assert await broken(shop) == {}
