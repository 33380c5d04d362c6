"""A fact may be minutes ahead of the clock, and so ahead of a version that takes effect now."""

from datetime import timedelta

from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.services.shop import NOW, PROGRAM, done, new_shop


async def test_a_fact_ahead_of_now_is_decided_by_the_version_in_force_at_its_instant(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(60, NOW - timedelta(hours=1))
    await shop.buy(30, NOW + timedelta(minutes=3))
    assert await shop.tier() == "basic"
    assert await shop.balance() == 90
    changed = PROGRAM.replace("SLUG", shop.slug).replace('silver = "100"', 'silver = "80"')
    changed = changed.replace('basic = "1"', 'basic = "3"')
    done(await publish_program(shop.engine, shop.caller, changed), Published)
    assert await shop.advance() == 1
    assert await shop.tier() == "silver"
    assert await shop.balance() == 60 + 90
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
