"""Purchases of one instant stand in the order of their keys, for returns too."""

from datetime import UTC, datetime

from loyalty_engine.store.database import Database
from tests.services.shop import PROGRAM, new_shop

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


async def test_a_return_withdraws_no_claim_made_before_its_purchase_at_the_same_instant(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, PROGRAM.replace('returns = "undo"', 'returns = "from_now"'))
    await shop.enrol()
    await shop.buy(100, NOON, external_id="a")
    await shop.buy(60, NOON, external_id="b")
    await shop.give_back("b", at=datetime(2026, 2, 2, tzinfo=UTC))
    assert await shop.tier() == "silver"
    claims = await shop.rows("SELECT figures FROM claim WHERE withdrawn_effect_id IS NULL ORDER BY from_at")
    assert [figures["spend.spend"][0] for (figures,) in claims] == ["100.0000", "100.0000"]
    await shop.give_back("a", 1, datetime(2026, 2, 3, tzinfo=UTC))
    assert await shop.tier() == "basic"
