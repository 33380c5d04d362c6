"""Members paused and resumed through the services: stored, moved, refused, verified."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.services import Refusal, RefusalCode, pause_member, resume_member, reverse_activity
from loyalty_engine.services.commands import ActivityBy, MemberBy, Recorded, ReverseActivity
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from tests.services.by_hand import assert_verified, set_by_hand
from tests.services.shop import NOW, PROGRAM, START, Shop, done, new_shop, purchase, refused, value_of

ANN = MemberBy(external_id="ann")
QUARTERLY = PROGRAM.replace('until = { end_of = "year" } }\nreview', "until = { months = 3 } }\nreview")


async def pause(shop: Shop, until: date | None = None, **given: Any) -> Recorded | Refusal:
    """Pause Ann."""
    command = PauseMember(**{"member": ANN, "reason": "abroad", "until": until, **given})
    return await pause_member(shop.engine, shop.caller, shop.key(), command)


async def resume(shop: Shop, member: MemberBy = ANN) -> Recorded | Refusal:
    """Resume her."""
    return await resume_member(shop.engine, shop.caller, shop.key(), ResumeMember(member, "back"))


async def opened(database: Database, program: str = QUARTERLY) -> Shop:
    """A shop in which Ann is silver until 15 September, because of what she bought now."""
    shop = await new_shop(database, program)
    await shop.enrol("ann")
    await shop.buy(150, NOW - timedelta(minutes=1), external_id="p1")
    return shop


async def at(shop: Shop, when: str) -> None:
    """Time passes until an instant, for everybody."""
    await shop.set_clock(datetime.fromisoformat(when).replace(tzinfo=UTC))
    await shop.advance()


async def member(shop: Shop) -> tuple[Any, ...]:
    """What Ann's row says of her pause."""
    return (await shop.rows("SELECT status, paused_at, paused_until FROM member"))[0]


async def until(shop: Shop) -> datetime | None:
    """Until when her tier is held."""
    found: datetime | None = await shop.value("SELECT until_at FROM current_standing WHERE ladder = 'status'")
    return found


async def test_a_paused_member_keeps_its_tier_and_then_has_the_days_paused_more(
    app_database: Database,
) -> None:
    shop = await opened(app_database)
    assert await until(shop) == datetime(2026, 9, 14, 22, tzinfo=UTC)
    await shop.set_clock(NOW + timedelta(days=1))
    made = done(await pause(shop), Recorded)
    assert await member(shop) == ("paused", NOW + timedelta(days=1), None)
    kept = await shop.rows("SELECT kind, reason FROM fact WHERE fact_id = $1", made.fact_id)
    assert kept == [("pause", "abroad")]
    assert await shop.value("SELECT next_review_at FROM current_standing") is None
    await assert_verified(shop)
    await at(shop, "2027-06-16T12:00")
    assert await shop.tier() == "silver"
    await assert_verified(shop)
    done(await resume(shop), Recorded)
    assert await member(shop) == ("active", None, None)
    assert await until(shop) == datetime(2027, 9, 14, 22, tzinfo=UTC)
    await assert_verified(shop)
    await at(shop, "2027-09-14T23:00")
    assert await shop.tier() == "basic"
    await assert_verified(shop)


async def test_a_pause_that_was_planned_ends_by_itself(app_database: Database) -> None:
    shop = await opened(app_database)
    done(await pause(shop, date(2026, 7, 1)), Recorded)
    ends = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert (await member(shop))[2] == ends
    assert await shop.value("SELECT next_boundary_at FROM member") == ends
    await at(shop, "2026-06-30T22:00")
    assert await member(shop) == ("active", None, None)
    assert await until(shop) == datetime(2026, 9, 30, 22, tzinfo=UTC)
    events = "SELECT type FROM outbox WHERE type LIKE 'member.%' ORDER BY member_sequence"
    assert await shop.rows(events) == [("member.paused",), ("member.resumed",)]
    await assert_verified(shop)


async def test_a_claim_set_by_hand_is_moved_with_its_lock_origin_and_reason(app_database: Database) -> None:
    shop = await opened(app_database)
    await set_by_hand(shop, "basic", locked=True, until=date(2026, 7, 1))
    done(await pause(shop, date(2026, 6, 25)), Recorded)
    await at(shop, "2026-06-26T00:00")
    query = """
        SELECT c.origin, c.locked, c.until_at, first.claim_id IS NOT NULL FROM claim c
        LEFT JOIN claim first ON first.business_id = c.business_id AND first.claim_id = c.moves_claim_id
        WHERE c.withdrawn_effect_id IS NULL AND c.tier = 'basic'
        """
    assert await shop.rows(query) == [("override", True, datetime(2026, 7, 10, 22, tzinfo=UTC), True)]
    await at(shop, "2026-07-10T21:00")
    assert await shop.tier() == "basic"
    await assert_verified(shop)
    await at(shop, "2026-07-10T22:00")
    assert await shop.tier() == "silver"
    await assert_verified(shop)


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review"])
async def test_what_arrives_later_about_the_time_before_a_pause_changes_what_was_moved(
    app_database: Database, returns: str
) -> None:
    shop = await opened(app_database, QUARTERLY.replace('returns = "undo"', f'returns = "{returns}"'))
    done(await pause(shop, date(2026, 6, 25)), Recorded)
    await at(shop, "2026-06-26T00:00")
    await shop.buy(400, NOW - timedelta(minutes=30))
    assert await shop.tier() == "gold"
    assert await until(shop) == datetime(2026, 9, 24, 22, tzinfo=UTC)
    await assert_verified(shop)
    await shop.give_back("p1", 100, datetime(2026, 6, 25, 22, 30, tzinfo=UTC))
    assert await shop.tier() == ("gold" if returns == "at_review" else "silver")
    await assert_verified(shop)
    await at(shop, "2026-12-01T00:00")
    await assert_verified(shop)


async def test_two_pauses_move_what_was_bought_first_twice(app_database: Database) -> None:
    shop = await opened(app_database)
    done(await pause(shop, date(2026, 6, 20)), Recorded)
    await at(shop, "2026-06-21T00:00")
    done(await pause(shop), Recorded)
    await at(shop, "2026-06-25T12:00")
    done(await resume(shop), Recorded)
    assert await until(shop) == datetime(2026, 9, 23, 22, tzinfo=UTC)
    await assert_verified(shop)
    first = await shop.rows("SELECT DISTINCT moves_claim_id FROM claim WHERE moves_claim_id IS NOT NULL")
    assert len(first) == 1


async def test_what_is_bought_while_paused_counts_and_earns(app_database: Database) -> None:
    shop = await opened(app_database)
    done(await pause(shop), Recorded)
    await shop.set_clock(NOW + timedelta(days=3))
    await shop.buy(600, NOW + timedelta(days=2))
    assert await shop.tier() == "gold"
    assert await shop.balance() > 600
    await assert_verified(shop)


async def test_a_claim_whose_end_came_in_the_pause_is_in_force_whatever_else_is_recorded(
    app_database: Database,
) -> None:
    shop = await opened(app_database)
    done(await pause(shop), Recorded)
    for day in (1, 2):
        await at(shop, f"2026-10-0{day}T12:00")
        await shop.send(purchase(-1, datetime(2026, 10, day, 10, tzinfo=UTC), kind="return"))
    await assert_verified(shop)
    await at(shop, "2026-10-03T12:00")
    done(await resume(shop), Recorded)
    assert await until(shop) == datetime(2027, 1, 2, 23, tzinfo=UTC)
    await assert_verified(shop)
    await at(shop, "2026-12-31T23:00")
    assert await shop.tier() == "silver"


async def test_the_cycle_is_moved_and_stored(app_database: Database) -> None:
    program = PROGRAM.replace(
        'review = { every = "year", until = { end_of = "year" } }',
        'cycle = { months = 6, restart = [] }\nreview = { every = "cycle", until = { months = 6 } }',
    )
    shop = await opened(app_database, program)
    await at(shop, "2026-08-01T12:00")
    done(await pause(shop, date(2026, 8, 11)), Recorded)
    await at(shop, "2026-08-12T12:00")
    query = "SELECT next_review_at, cycle_anchor, cycle_ends_on FROM current_standing"
    ends = datetime(2027, 1, 14, 23, tzinfo=UTC)
    assert await shop.rows(query) == [(ends, START.date(), date(2027, 1, 15))]
    await assert_verified(shop)
    await at(shop, "2027-01-20T12:00")
    ((review, anchor, moved),) = await shop.rows(query)
    assert (review, anchor, moved) == (datetime(2027, 7, 14, 22, tzinfo=UTC), date(2027, 1, 15), None)
    await assert_verified(shop)


async def test_what_cannot_be_paused_or_resumed_is_refused(app_database: Database) -> None:
    shop = await opened(app_database)
    refused(await resume(shop), RefusalCode.INVALID_INPUT, "member")
    refused(await pause(shop, date(2026, 6, 15)), RefusalCode.INVALID_INPUT, "until")
    refused(await pause(shop, reason=" "), RefusalCode.INVALID_INPUT, "reason")
    refused(await resume(shop, MemberBy(external_id="bob")), RefusalCode.NOT_FOUND, "member")
    made = done(await pause(shop), Recorded)
    refused(await pause(shop), RefusalCode.INVALID_INPUT, "member")
    back = ReverseActivity(ActivityBy(id=made.fact_id), "desk", "back", NOW)
    answer = await reverse_activity(shop.engine, shop.caller, shop.key(), back)
    refused(answer, RefusalCode.INVALID_INPUT, "activity")


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review"])
async def test_a_claim_is_in_force_for_as_long_as_a_pause_lasts_whatever_is_recorded_meanwhile(
    app_database: Database, returns: str
) -> None:
    """What comes in October, after its end, is folded into the state in which it still holds."""
    shop = await opened(app_database, QUARTERLY.replace('returns = "undo"', f'returns = "{returns}"'))
    done(await pause(shop), Recorded)
    await at(shop, "2026-10-01T12:00")
    for number in range(2):
        when = datetime(2026, 10, 1, 10 + number, tzinfo=UTC)
        done(await shop.note(value_of("vip", True, when)), Recorded)
        assert await until(shop) == datetime(2026, 9, 14, 22, tzinfo=UTC)
        await assert_verified(shop)
    done(await resume(shop), Recorded)
    assert await until(shop) == datetime(2026, 12, 31, 23, tzinfo=UTC)
    await assert_verified(shop)
    await at(shop, "2027-01-01T12:00")
    assert await shop.tier() == "silver"  # the review of 1 January claims it for what twelve months hold
    await assert_verified(shop)


@pytest.mark.parametrize("returned_on", ["2026-08-01", "2026-10-01"])
async def test_a_lower_claim_that_a_return_leaves_in_a_pause_lasts_as_long_as_the_one_before_it(
    app_database: Database, returned_on: str
) -> None:
    shop = await new_shop(app_database, QUARTERLY.replace('returns = "undo"', 'returns = "from_now"'))
    await shop.enrol("ann")
    await shop.buy(600, NOW, external_id="p1")
    assert (await shop.tier(), await until(shop)) == ("gold", datetime(2026, 9, 14, 22, tzinfo=UTC))
    await shop.set_clock(NOW + timedelta(days=5))
    done(await pause(shop), Recorded)
    await at(shop, f"{returned_on}T12:00")
    await shop.give_back("p1", 450, datetime.fromisoformat(f"{returned_on}T11:00").replace(tzinfo=UTC))
    assert await shop.tier() == "silver"
    await assert_verified(shop)
    await at(shop, "2026-11-20T12:00")
    done(await resume(shop), Recorded)
    assert await until(shop) == datetime(2027, 2, 14, 23, tzinfo=UTC)  # 153 days paused
    await assert_verified(shop)
