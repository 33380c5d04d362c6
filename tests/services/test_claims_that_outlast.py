"""Of claims of which one outlasts the other, a step and a fold from the beginning keep the same one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import pause_member
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember
from loyalty_engine.store.database import Database
from tests.services.shop import NOW, PROGRAM, done, new_shop
from tests.services.test_migrations import proven, publish

KEPT = PROGRAM.replace('returns = "undo"', 'returns = "at_review"')
UNTIL = '{ end_of = "year" } }\nreview'
MONTHLY, LIFELONG = (
    KEPT.replace(UNTIL, f"{until} }}\nreview") for until in ('{ end_of = "month" }', '"lifetime"')
)


async def test_what_was_outlasted_in_a_pause_and_lasts_longer_after_it_is_kept(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, MONTHLY)
    await shop.enrol("ann")
    rest = PauseMember(MemberBy(external_id="ann"), "away", date(2026, 9, 15))
    done(await pause_member(shop.engine, shop.caller, shop.key(), rest), Recorded)
    for days, amount in ((17, 150), (76, 1)):
        await shop.set_clock(NOW + timedelta(days=days))
        await shop.buy(amount, NOW + timedelta(days=days))
    await shop.set_clock(NOW + timedelta(days=93))
    await shop.advance()
    assert await shop.value("SELECT until_at FROM current_standing") == datetime(2026, 10, 14, 22, tzinfo=UTC)
    await proven(shop)
    await shop.set_clock(NOW + timedelta(days=100))
    await shop.advance()
    await proven(shop)


async def test_of_two_lifelong_claims_on_a_tier_that_two_became_the_first_is_kept(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, LIFELONG)
    await shop.enrol("ann")
    await shop.buy(150, NOW - timedelta(days=20))
    await shop.buy(400, NOW - timedelta(days=10))
    merged = (
        KEPT.replace('{ key = "silver" }, ', "").replace('silver = "100", ', "").replace("silver", "gold")
    )
    await publish(shop, merged, plan_of({"ladders": {"status": {"tiers": {"silver": "gold"}}}}))
    await shop.advance()
    assert await shop.tier() == "gold"
    await proven(shop)
