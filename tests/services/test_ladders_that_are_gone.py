"""A ladder that a version dropped, or that is frozen, stays as it is, and nothing is written of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import merge_members, refold_parked
from loyalty_engine.services.commands import MemberBy, MembersMerged, MergeMembers
from loyalty_engine.store.database import Database
from loyalty_engine.store.reads.moments import Moment
from loyalty_engine.store.reads.standings_then import claims_then, standings_then
from loyalty_engine.store.reads.view import View
from tests.properties.invariants import broken
from tests.services.leaving import assert_sound, claimed, leave
from tests.services.shop import NOW, PROGRAM, START, Shop, done, new_shop
from tests.services.test_failing_rules import fickle_shop, trouble
from tests.services.test_migrations import proven, publish
from tests.services.test_migrations_of_paused import pause

WITHOUT = PROGRAM.replace('key = "status"', 'key = "level"')
REMOVED = plan_of({"ladders": {"status": {"claims": "remove"}}})
BACK = plan_of({"ladders": {"level": {"claims": "remove"}}})
DAY = timedelta(days=1)


async def test_a_claim_that_is_over_on_a_ladder_that_is_gone_is_no_difference(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(150)
    await publish(shop, WITHOUT, REMOVED)
    await shop.set_clock(NOW + timedelta(days=300))
    await shop.advance()
    await shop.buy(1, NOW + timedelta(days=299))
    assert await shop.tier() == "silver"
    await proven(shop)


async def test_a_claim_whose_end_a_frozen_ladder_waits_for_stays_what_the_standing_rests_on(
    app_database: Database,
) -> None:
    shop = await fickle_shop(app_database)
    await shop.set_clock(START + timedelta(days=2))
    await shop.buy(60)
    until = "SELECT until_at FROM current_standing WHERE tier = 'silver'"
    claimed = await shop.value(until)
    with trouble(tier=ZeroDivisionError):
        await shop.set_clock(START + timedelta(days=90))
        await shop.advance()
        await shop.buy(1, START + timedelta(days=80))
        await shop.buy(1, START + timedelta(days=85))
        assert (await shop.tier(), await shop.value(until)) == ("silver", claimed)
    await refold_parked(shop.engine, shop.business_id)
    await shop.advance()
    assert await broken(shop) == {}


async def then(shop: Shop, at: datetime) -> tuple[str | None, int]:
    """Where Ann stood on the ladder at an instant, as known now, and how many claims she had there."""
    member_id = await shop.value("SELECT member_id FROM member WHERE external_id = 'ann'")
    moment = Moment(member_id, at, NOW + 300 * DAY)
    async with shop.engine.database.reading(shop.business_id) as connection:
        view = View(shop.business_id)
        stood = (await standings_then(connection, view, [moment])).get(moment, {}).get("status")
        claims = (await claims_then(connection, view, [moment])).get(moment, [])
    return None if stood is None else stood.tier, sum(claim.ladder == "status" for claim in claims)


async def test_who_leaves_claims_nothing_on_a_ladder_that_is_gone_also_when_it_comes_back(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(150)
    await publish(shop, WITHOUT, REMOVED)
    await shop.set_clock(NOW + DAY)
    assert await then(shop, NOW) == ("silver", 1)
    await leave(shop)
    assert (await shop.tier(), await claimed(shop)) == ("basic", [])
    assert await then(shop, NOW + DAY) == ("basic", 0)
    await assert_sound(shop)
    await publish(shop, PROGRAM, BACK)
    await shop.set_clock(NOW + 2 * DAY)
    await shop.advance()
    assert await shop.tier() == "basic"
    assert await then(shop, NOW) == ("silver", 1)
    assert await then(shop, NOW + 2 * DAY) == ("basic", 0)
    await assert_sound(shop)


async def test_who_is_paused_or_had_a_cycle_on_it_claims_nothing_there_either(app_database: Database) -> None:
    cycled = PROGRAM.replace(
        'upgrade = { at = "activity", until = { end_of = "year" } }',
        'upgrade = { at = "activity", until = "lifetime" }\n'
        'cycle = { months = 12, restart = ["upgrade", "downgrade"] }',
    )
    shop = await new_shop(app_database, cycled)
    await shop.enrol()
    await shop.buy(600)
    await pause(shop)
    await publish(shop, WITHOUT, REMOVED)
    await shop.set_clock(NOW + 300 * DAY)
    await leave(shop)
    assert (await shop.tier(), await claimed(shop)) == ("basic", [])
    await publish(shop, cycled, BACK)
    await shop.advance()
    assert await shop.tier() == "basic"
    await assert_sound(shop)


async def test_what_is_returned_to_who_left_such_a_ladder_corrects_what_stood_before(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(150, external_id="p1")
    await publish(shop, WITHOUT, REMOVED)
    await shop.set_clock(NOW + DAY)
    await leave(shop)
    await publish(shop, PROGRAM, BACK)
    await shop.set_clock(NOW + 3 * DAY)
    await shop.give_back("p1", at=NOW + 2 * DAY)
    assert (await shop.tier(), await claimed(shop)) == ("basic", [])
    assert await then(shop, NOW) == ("basic", 0)
    await assert_sound(shop)


@pytest.mark.parametrize("days", [2, 300])
@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review", "never"])
async def test_a_claim_that_another_outlasts_on_a_ladder_that_is_gone_is_no_difference(
    app_database: Database, returns: str, days: int
) -> None:
    program = PROGRAM.replace('returns = "undo"', f'returns = "{returns}"')
    shop = await new_shop(app_database, program)
    await shop.enrol()
    await shop.buy(150, external_id="p1")
    await shop.buy(600)
    await proven(shop)
    await publish(shop, program.replace('key = "status"', 'key = "level"'), REMOVED)
    await shop.advance()
    await proven(shop)
    await shop.set_clock(NOW + DAY)
    await shop.buy(1, NOW + DAY)
    await proven(shop)
    await shop.set_clock(NOW + days * DAY)
    await shop.advance()
    await shop.buy(1, NOW + days * DAY)
    await proven(shop)
    await publish(shop, program, BACK)
    await shop.set_clock(NOW + days * DAY + DAY)
    await shop.advance()
    assert await shop.tier() == ("gold" if days < 100 else "basic")
    await proven(shop)


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review"])
@pytest.mark.parametrize("joined", ["before", "after"])
async def test_who_is_merged_brings_its_claims_on_a_ladder_that_is_gone(
    app_database: Database, joined: str, returns: str
) -> None:
    program = PROGRAM.replace('returns = "undo"', f'returns = "{returns}"')
    shop = await new_shop(app_database, program)
    await shop.enrol()
    if joined == "before":
        await shop.enrol("ben")
    await shop.buy(150, external_id="p1")
    await shop.buy(600, external_id="p2")
    await publish(shop, program.replace('key = "status"', 'key = "level"'), REMOVED)
    await shop.set_clock(NOW + DAY)
    if joined == "after":
        await shop.enrol("ben", enrolled_at=NOW + DAY)
    command = MergeMembers(MemberBy(external_id="ann"), MemberBy(external_id="ben"))
    done(await merge_members(shop.engine, shop.caller, shop.key(), command), MembersMerged)
    assert await shop.tier("ben") == "gold"
    await assert_sound(shop)
    await shop.set_clock(NOW + 2 * DAY)
    await shop.give_back("p2", at=NOW + 2 * DAY)
    await assert_sound(shop)
    await publish(shop, program, BACK)
    await shop.set_clock(NOW + 3 * DAY)
    await shop.advance()
    assert await shop.tier("ben") == ("silver" if returns == "undo" else "gold")
    await assert_sound(shop)
