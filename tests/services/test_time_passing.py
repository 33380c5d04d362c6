"""Members that are due: reviews, ends and expiries come at their instants, whoever works and whenever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loyalty_engine.services import advance_due
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, PROGRAM, START, Shop, done, new_shop

NO_REVIEW = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }]
combine = "spend"
upgrade = { at = "review", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { silver = "100" } }
"""
)
CLUB = """
[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"
"""


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


async def standings(shop: Shop) -> list[tuple[object, ...]]:
    query = """
        SELECT effective_at, from_tier, to_tier FROM standing
        WHERE withdrawn_effect_id IS NULL AND from_tier IS NOT NULL ORDER BY effective_at
        """
    return await shop.rows(query)


async def test_a_version_that_begins_reaches_members_of_whom_nothing_else_was_to_come(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, NO_REVIEW, clock_at=utc(2026, 2, 1))
    await shop.enrol()
    await shop.buy(150)
    assert await shop.rows("SELECT next_boundary_at FROM member") == [(None,)]
    reviewed = NO_REVIEW.replace(
        "downgrade", 'review = { every = "month", until = "lifetime" }\ndowngrade', 1
    )
    source = reviewed.replace("SLUG", shop.slug) + CLUB
    begins = utc(2026, 2, 10, 11)
    done(await publish_program(shop.engine, shop.caller, source, begins), Published)
    assert await shop.rows("SELECT next_boundary_at FROM member") == [(begins,)]
    assert await shop.advance() == 0
    await shop.set_clock(utc(2026, 4, 1))
    assert await shop.advance() == 1
    assert await standings(shop) == [(utc(2026, 2, 28, 23), "basic", "silver")]
    assert await shop.tier(ladder="club") == "guest"
    assert await broken(shop) == {}


async def test_a_publication_does_not_put_off_what_comes_sooner(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=utc(2026, 2, 1))
    await shop.enrol()
    (before,) = await shop.rows("SELECT next_boundary_at FROM member")
    source = PROGRAM.replace("SLUG", shop.slug).replace('"500"', '"600"')
    done(await publish_program(shop.engine, shop.caller, source, utc(2027, 6, 1)), Published)
    assert await shop.rows("SELECT next_boundary_at FROM member") == [before]


async def test_points_are_gone_at_their_end_and_a_tier_too(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=utc(2026, 2, 1))
    await shop.enrol()
    await shop.buy(150)
    end = utc(2026, 12, 31, 23)
    await shop.set_clock(end - timedelta(seconds=1))
    assert await shop.advance() == 0
    await shop.set_clock(end)
    assert await shop.advance() == 1
    assert (await shop.tier(), await shop.balance()) == ("silver", 150)
    expires = utc(2027, 1, 31, 23)
    await shop.set_clock(expires - timedelta(seconds=1))
    await shop.advance()
    assert await shop.balance() == 150
    await shop.set_clock(expires)
    await shop.advance()
    assert await shop.balance() == 0
    assert await shop.value("SELECT amount FROM transfer WHERE code = 'expire'") == 150
    await shop.set_clock(utc(2028, 2, 1))
    await shop.advance()
    assert await standings(shop) == [
        (START + timedelta(days=1), "basic", "silver"),
        (utc(2027, 12, 31, 23), "silver", "basic"),
    ]
    assert await broken(shop) == {}


async def test_due_members_are_taken_in_chunks_until_none_is_left(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=utc(2026, 2, 1))
    for number in range(7):
        await shop.enrol(f"m{number}")
    await shop.set_clock(utc(2027, 1, 1, 12))
    assert [await advance_due(shop.engine, at_most=3) for _ in range(4)] == [3, 3, 1, 0]


async def test_a_purchase_that_was_late_is_there_when_time_had_passed_already(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=utc(2028, 3, 1))
    await shop.enrol()
    await shop.advance()
    await shop.buy(150, utc(2026, 5, 5))
    assert await standings(shop) == [
        (utc(2026, 5, 5), "basic", "silver"),
        (utc(2027, 12, 31, 23), "silver", "basic"),
    ]
    assert await shop.balance() == 0
    assert await broken(shop) == {}
