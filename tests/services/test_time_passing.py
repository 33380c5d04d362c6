"""Members that are due: reviews, ends and expiries come at their instants, whoever works and whenever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from loyalty_engine.clock import SystemClock
from loyalty_engine.services import Refusal, RefusalCode, advance_due
from loyalty_engine.services import engine as engines
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import (
    HEAD,
    PROGRAM,
    START,
    Shop,
    done,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

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
    assert await shop.rows("SELECT next_boundary_at FROM member") == [(None,)]
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


async def test_nothing_happens_to_a_member_before_joining(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    before = START - timedelta(seconds=1)
    refused(await shop.send(purchase(10, before)), RefusalCode.INVALID_INPUT, "occurredAt")
    refused(await shop.note(value_of("a", 1, before)), RefusalCode.INVALID_INPUT, "occurredAt")
    await shop.buy(10, START)


async def test_what_is_recorded_of_a_member_is_in_the_order_of_time(app_database: Database) -> None:
    shop = await new_shop(app_database, clock=SystemClock(), clock_at=None)
    await shop.enrol()
    await shop.buy(50, external_id="b")
    work = [
        *(shop.send(purchase(10), f"a{number}") for number in range(20)),
        *(shop.note(value_of("a", number), f"b{number}") for number in range(10)),
        *(shop.reverse(linked_return("b", 5), f"c{number}") for number in range(5)),
    ]
    for answer in await asyncio.gather(*work):
        assert not isinstance(answer, Refusal), answer
    for query in (
        "SELECT recorded_at FROM outbox ORDER BY member_sequence",
        "SELECT recorded_at FROM transfer ORDER BY transfer_id",
    ):
        recorded = [at for (at,) in await shop.rows(query)]
        assert recorded == sorted(recorded)


async def test_programs_of_which_few_are_kept_are_compiled_again(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await new_shop(app_database)
    for bound in ("600", "700"):
        source = PROGRAM.replace("SLUG", shop.slug).replace('"500"', f'"{bound}"')
        done(await publish_program(shop.engine, shop.caller, source), Published)
    monkeypatch.setattr(engines, "PROGRAMS_KEPT", 1)
    await shop.restarted().enrol()
    await shop.restarted().buy(10)
    assert await shop.balance() == 10
