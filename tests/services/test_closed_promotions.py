"""What a promotion that is over had paid goes back to its budget and quota all the same (BEHAVIOUR L32)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import NOW, PROGRAM, done, new_shop

DAY = timedelta(days=1)
PROMOTION = """
[[rules]]
id = "promo"
rule = "partner_rewards"
config = { partner = "acme", currency = "points", points = 7, exhausted = "none", quota = 3, funding = [
    { partner = "acme", percent = "50", budget_points = 10 },
    { partner = "bolt", percent = "50", budget_points = 3 },
] }
"""


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review", "never"])
async def test_a_return_after_the_end_of_a_promotion_gives_back_what_its_partners_paid(
    app_database: Database, returns: str
) -> None:
    program = PROGRAM.replace('returns = "undo"', f'returns = "{returns}"')
    shop = await new_shop(app_database, program + PROMOTION)
    await shop.enrol()
    await shop.buy(10, NOW - DAY, external_id="bought")
    assert await shop.budgets() == {("promo", "acme"): 7, ("promo", "bolt"): 0}
    over = program.replace("SLUG", shop.slug)
    done(await publish_program(shop.engine, shop.caller, over), Published)
    await shop.set_clock(NOW + 2 * DAY)
    await shop.advance()
    await shop.buy(10, NOW + DAY)
    assert await shop.balance() == 27
    await shop.give_back("bought", at=NOW + 2 * DAY)
    assert await shop.budgets() == {("promo", "acme"): 10, ("promo", "bolt"): 3}
    quota = await shop.value("SELECT balance FROM account WHERE kind = 'quota'")
    assert quota == (3 if returns == "undo" else 2)
    assert await shop.balance() == 10
    assert await broken(shop) == {}
    before = await shop.row_counts()
    await shop.refold_all()
    assert (await shop.row_counts(), await broken(shop)) == (before, {})
