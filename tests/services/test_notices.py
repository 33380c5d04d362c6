"""Grace and notices of downgrades as they are stored, told and proven."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.admission import applied, decided, example
from tests.services.shop import HEAD, Shop, done, new_shop
from tests.services.test_pauses import pause, resume

YEARLY = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
keep = "kept"
upgrade = { at = "activity", until = { end_of = "year" } }
review = { dates = ["01-01"], until = { end_of = "year" } }
downgrade = { to = "qualified", grace_days = GRACE, notice_days = NOTICE }
returns = "RETURNS"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { calendar = "year" }, thresholds = { silver = "100", gold = "500" } }

[[rules]]
id = "kept"
rule = "tier_spend"
config = { window = { calendar = "year" }, thresholds = { gold = "200" } }
"""
)
EVENTS = """
SELECT o.type, o.body FROM outbox o WHERE o.business_id = $1 AND o.type LIKE 'tier.%'
ORDER BY o.member_id, o.member_sequence
"""
NOTICE = "SELECT notice_tier, notice_at, noticed_at FROM current_standing WHERE business_id = $1"


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


async def yearly(database: Database, *, grace: int = 0, notice: int = 14, returns: str = "at_review") -> Shop:
    program = YEARLY.replace("GRACE", str(grace)).replace("NOTICE", str(notice)).replace("RETURNS", returns)
    shop = await new_shop(database, program, clock_at=at(2026, 1, 5))
    await shop.enrol(enrolled_at=at(2026, 1, 5))
    return shop


async def come(shop: Shop, instant: datetime) -> None:
    """Time passes, and the worker applies what comes with it."""
    await shop.set_clock(instant)
    while await shop.advance():
        pass


async def events(shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    return [(row[0], row[1]) for row in await shop.rows(EVENTS, shop.business_id)]


async def assert_proven(shop: Shop) -> None:
    """Folding again changes nothing, and a verification finds nothing."""
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
    assert (await verify_business(shop.engine, shop.business_id)).difference is None


async def test_a_downgrade_is_told_when_its_notice_is_due_and_comes_as_told(
    app_database: Database,
) -> None:
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2026, 12, 31))
    assert await shop.tier() == "gold"
    await come(shop, at(2027, 12, 17))
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await come(shop, at(2027, 12, 18))
    midnight, end = at(2027, 12, 17, 23), at(2027, 12, 31, 23)
    assert await shop.rows(NOTICE, shop.business_id) == [("basic", end, midnight)]
    assert (await events(shop))[-1] == (
        "tier.notice",
        {"ladder": "status", "from": "gold", "to": "basic", "at": end.isoformat()},
    )
    await assert_proven(shop)
    await come(shop, at(2028, 1, 1))
    assert await shop.tier() == "basic"
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await assert_proven(shop)


async def test_who_does_enough_to_keep_the_tier_is_told_that_it_is_kept(app_database: Database) -> None:
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2027, 12, 20))
    await shop.buy(200, at(2027, 12, 20))
    assert (await events(shop))[-1] == ("tier.notice_withdrawn", {"ladder": "status", "tier": "gold"})
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await come(shop, at(2028, 1, 2))
    assert await shop.tier() == "gold"
    await assert_proven(shop)


async def test_a_fact_that_comes_late_takes_a_notice_back_as_if_it_had_not_been_given(
    app_database: Database,
) -> None:
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2027, 12, 20))
    await shop.buy(200, at(2027, 6, 1))
    assert (await events(shop))[-1] == ("tier.notice_corrected", {"ladder": "status"})
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await assert_proven(shop)


async def test_grace_and_the_wait_for_a_notice_are_claims_of_their_own(app_database: Database) -> None:
    shop = await yearly(app_database, grace=5, notice=14, returns="from_now")
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2027, 2, 1))
    await shop.buy(200, at(2027, 2, 1), external_id="p2")
    await come(shop, at(2027, 12, 30))
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await shop.give_back("p2", 150, at(2027, 12, 30))
    claims = "SELECT tier, origin, from_at, until_at FROM claim WHERE business_id = $1 AND origin <> 'rules'"
    await come(shop, at(2028, 1, 2))
    assert await shop.rows(claims, shop.business_id) == [
        ("gold", "grace", at(2027, 12, 31, 23), at(2028, 1, 5, 23))
    ]
    assert await shop.rows(NOTICE, shop.business_id) == [("basic", at(2028, 1, 13, 23), at(2027, 12, 30))]
    await assert_proven(shop)
    await come(shop, at(2028, 1, 7))
    assert (await shop.rows(claims, shop.business_id))[1:] == [
        ("gold", "notice", at(2028, 1, 5, 23), at(2028, 1, 13, 23))
    ]
    assert await shop.tier() == "gold"
    await assert_proven(shop)
    await come(shop, at(2028, 1, 14))
    assert await shop.tier() == "basic"
    await assert_proven(shop)


async def test_what_waits_is_taken_up_where_it_was_left_by_whoever_goes_on(app_database: Database) -> None:
    """The stored state holds all: steps taken from it come to what a fold from the beginning comes to."""
    shop = await yearly(app_database, grace=3, notice=30, returns="from_now")
    await shop.buy(500, at(2026, 1, 5), external_id="p1")
    for instant in (at(2026, 3, 1), at(2026, 12, 1), at(2027, 1, 2)):
        await come(shop, instant)
    await shop.give_back("p1", 400, at(2027, 1, 2))
    for instant in (at(2027, 1, 3), at(2027, 1, 20), at(2027, 2, 3)):
        await come(shop, instant)
        await assert_proven(shop)
    assert await shop.tier() == "silver"


async def test_a_pause_takes_a_notice_back_and_another_is_given_after_it(app_database: Database) -> None:
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2027, 12, 20))
    done(await pause(shop), Recorded)
    assert (await events(shop))[-1] == ("tier.notice_withdrawn", {"ladder": "status", "tier": "gold"})
    await come(shop, at(2028, 2, 1))
    assert await shop.tier() == "gold"
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    done(await resume(shop), Recorded)
    falls = at(2028, 2, 15, 23)
    assert await shop.rows(NOTICE, shop.business_id) == [("basic", falls, at(2028, 2, 1))]
    await assert_proven(shop)
    await come(shop, falls - timedelta(seconds=1))
    assert await shop.tier() == "gold"
    await come(shop, falls)
    assert await shop.tier() == "basic"
    await assert_proven(shop)


async def test_a_membership_that_lapses_is_announced_unless_it_is_renewed(app_database: Database) -> None:
    shop = await example(
        app_database,
        "paid_prime",
        datetime(2026, 1, 31, 18, tzinfo=UTC),
        downgrade='{ to = "base", notice_days = 30 }',
    )
    await shop.enrol("ann", enrolled_at=datetime(2026, 1, 31, 18, tzinfo=UTC))
    await decided(shop, await applied(shop, "subscription"), "pay", paid="139")
    first, second = (datetime(year, 1, 31, 6, tzinfo=UTC) for year in (2027, 2028))
    await come(shop, first - timedelta(days=29))
    given = first - timedelta(days=30)
    assert await shop.rows(NOTICE, shop.business_id) == [("free", first, given)]
    await decided(shop, await applied(shop, "subscription"), "pay", paid="119")
    assert (await events(shop))[-1] == ("tier.notice_withdrawn", {"ladder": "prime", "tier": "prime"})
    await come(shop, second - timedelta(seconds=1))
    assert await shop.tier(ladder="prime") == "prime"
    assert await shop.rows(NOTICE, shop.business_id) == [("free", second, second - timedelta(days=30))]
    await come(shop, second)
    assert await shop.tier(ladder="prime") == "free"
    await assert_proven(shop)


async def test_a_purchase_that_comes_late_between_notice_and_downgrade_takes_the_notice_back(
    app_database: Database,
) -> None:
    """It was made on the 22nd and is known on the 28th; until the 22nd the notice stands as it was given."""
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2027, 12, 28))
    assert await shop.rows(NOTICE, shop.business_id) == [
        ("basic", at(2027, 12, 31, 23), at(2027, 12, 17, 23))
    ]
    await shop.buy(200, at(2027, 12, 22))
    assert [name for name, _ in await events(shop)][-2:] == ["tier.notice", "tier.notice_withdrawn"]
    assert await shop.rows(NOTICE, shop.business_id) == [(None, None, None)]
    await come(shop, at(2028, 1, 2))
    assert await shop.tier() == "gold"
    await assert_proven(shop)


async def test_a_purchase_that_comes_after_the_downgrade_undoes_it_with_its_notice(
    app_database: Database,
) -> None:
    shop = await yearly(app_database)
    await shop.buy(500, at(2026, 1, 5))
    await come(shop, at(2028, 1, 2))
    assert await shop.tier() == "basic"
    await shop.buy(200, at(2027, 12, 1))
    assert await shop.tier() == "gold"
    assert "tier.notice_corrected" in [name for name, _ in await events(shop)]
    await assert_proven(shop)


async def test_a_return_that_comes_late_is_announced_for_when_it_was_made(app_database: Database) -> None:
    """Notices lie in the time of the fold: what is known a month later is posted for when it happened."""
    shop = await yearly(app_database, returns="from_now")
    await shop.buy(500, at(2026, 1, 5), external_id="p1")
    await come(shop, at(2026, 4, 1))
    await shop.give_back("p1", 500, at(2026, 3, 1))
    await come(shop, at(2026, 4, 1, 13))
    assert await shop.tier() == "basic"
    told = [body for name, body in await events(shop) if name == "tier.notice"]
    assert told == [
        {"ladder": "status", "from": "gold", "to": "basic", "at": at(2026, 3, 15, 23).isoformat()}
    ]
    await assert_proven(shop)
