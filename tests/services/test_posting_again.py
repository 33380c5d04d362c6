"""What was posted, taken back and wanted again corrects what stood before: a key begins only once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import PROGRAM, START, lines, linked_return, new_shop

EXPIRY = datetime(2026, 2, 28, 23, tzinfo=UTC)
"""The end of February where the shop is."""


async def test_points_expire_again_at_the_instant_at_which_others_did_that_were_returned_since(
    app_database: Database,
) -> None:
    short = PROGRAM.replace("{ months = 12,", "{ months = 1,")
    shop = await new_shop(app_database, short, clock_at=datetime(2026, 3, 10, tzinfo=UTC))
    await shop.enrol()
    await shop.buy(10, datetime(2026, 1, 8, tzinfo=UTC), external_id="first")
    assert await shop.advance() == 1
    await shop.reverse(linked_return("first", at=datetime(2026, 1, 9, tzinfo=UTC)))
    await shop.buy(30, datetime(2026, 1, 12, tzinfo=UTC))
    assert await shop.balance() == 30
    assert await shop.advance() == 1
    assert await shop.balance() == 0
    posted = await shop.rows(
        """
        SELECT e.value, e.corrects_effect_id = lag(e.effect_id) OVER (ORDER BY e.effect_id) FROM effect e
        WHERE e.boundary_at = $1 AND e.slot LIKE '%expired' ORDER BY e.effect_id
        """,
        EXPIRY,
    )
    assert posted == [(10, None), (-10, True), (30, True)]
    assert not await broken(shop)


async def test_a_figure_of_nothing_is_the_same_however_it_came_to_be_nothing(app_database: Database) -> None:
    """Read from the database it is 0, and added up from what was bought and returned 0.0000."""
    either = PROGRAM.replace('combine = "spend"', 'combine = { op = "any_of", of = ["spend", "books"] }')
    books = """
[[rules]]
id = "books"
rule = "tier_spend"
config = { window = "lifetime", categories = ["books"], thresholds = { silver = "1000" } }
"""
    shop = await new_shop(app_database, either.replace('"undo"', '"from_now"') + books)
    await shop.enrol()
    bought = lines(("0", 10, "books"))
    await shop.buy(10, datetime(2026, 1, 8, tzinfo=UTC), external_id="first", lines=bought)
    await shop.reverse(linked_return("first", at=datetime(2026, 1, 9, tzinfo=UTC)))
    await shop.buy(150, datetime(2026, 1, 12, tzinfo=UTC))
    assert await shop.tier() == "silver"
    assert not await broken(shop)


async def test_a_claim_that_is_in_force_again_has_the_figures_that_it_has_now(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM.replace('returns = "undo"', 'returns = "from_now"'))
    await shop.enrol()
    await shop.buy(110, START + timedelta(days=2), external_id="back")
    await shop.give_back("back", None, START + timedelta(days=3))
    assert await shop.tier() == "basic"
    await shop.buy(130, START + timedelta(days=1))
    assert await shop.tier() == "silver"
    in_force = "SELECT figures->'spend.spend'->>0 FROM claim WHERE withdrawn_effect_id IS NULL ORDER BY 1"
    assert await shop.rows(in_force) == [("130.0000",), ("130.0000",)]
    assert await broken(shop) == {}
