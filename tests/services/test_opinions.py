"""Claims that last as long as a rule says are kept, taken up live, and folded again to the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from loyalty_engine.services.commands import Recorded
from loyalty_engine.store.database import Database
from tests.services.by_hand import assert_verified
from tests.services.shop import HEAD, START, Shop, done, new_shop, value_of

PROGRAM = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = { op = "any_of", of = ["airline", "hotel"] }
upgrade = { at = "activity", until = "opinion" }
downgrade = { to = "qualified" }
returns = "from_now"

[[rules]]
id = "airline"
rule = "tier_partner_status"
config = { key = "airline", statuses = { platinum = "gold" } }

[[rules]]
id = "hotel"
rule = "tier_partner_status"
config = { key = "hotel", statuses = { gold = "silver" } }
"""
)


async def status(shop: Shop, key: str, known: str, until: str, at: datetime) -> None:
    """A partner says what a member's status is, and until when."""
    fact = value_of(key, {"value": known, "until": until}, at, kind="partner_status")
    done(await shop.note(fact), Recorded)


async def test_what_rules_say_is_kept_and_folded_again_to_the_same(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=START + timedelta(days=1))
    await shop.enrol("ann")
    at = START + timedelta(hours=1)
    first = (START + timedelta(days=30)).date().isoformat()
    second = (START + timedelta(days=60)).date().isoformat()
    await status(shop, "airline", "platinum", first, at)
    await status(shop, "hotel", "gold", second, at + timedelta(hours=1))
    assert await shop.tier() == "gold"
    ((ends,),) = await shop.rows("SELECT ruling->'ends' FROM standing WHERE to_tier = 'gold'")
    assert ends == {"airline": {"gold": first}}
    for days, tier in ((29, "gold"), (31, "silver"), (61, "basic")):
        await shop.set_clock(START + timedelta(days=days))
        await shop.advance()
        assert await shop.tier() == tier
        await assert_verified(shop)
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
