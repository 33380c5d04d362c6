"""A version that never was in force leaves nothing behind: another one took its place at the same instant."""

from __future__ import annotations

from datetime import timedelta

from loyalty_engine.store.database import Database
from tests.services.shop import NOW, PROGRAM, new_shop
from tests.services.test_migrations import proven, publish

CYCLIC = PROGRAM.replace("{ rolling_months = 12 }", '"cycle"').replace(
    'returns = "undo"', 'returns = "undo"\ncycle = { months = 3, restart = [] }'
)


async def test_nothing_is_counted_in_the_cycle_of_a_version_whose_place_another_took(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol("ann")
    await publish(shop, CYCLIC)
    await publish(shop, PROGRAM.replace("500", "400"))
    await shop.set_clock(NOW + timedelta(days=1))
    await shop.buy(150, NOW + timedelta(days=1))
    await proven(shop)
