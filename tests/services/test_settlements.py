"""Closed periods: nothing is recorded in them any more; it is refused or booked now (BEHAVIOUR L21)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import Recorded, Settled
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.properties.invariants import broken
from tests.services.shop import (
    NOW,
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

CLOSED = datetime(2026, 4, 1, tzinfo=UTC)
BEFORE, AFTER = CLOSED - timedelta(seconds=1), CLOSED
BOOKING = PROGRAM.replace("\n[[points]]", 'late = { then = "book_now" }\n\n[[points]]', 1)
PARTNER = """
[[rules]]
id = "promo"
rule = "partner_rewards"
config = { partner = "mill", currency = "points", points = 5, funding = [] }
"""


async def shop_of(database: Database, program: str = PROGRAM) -> Shop:
    shop = await new_shop(database, program + PARTNER)
    await shop.enrol()
    return shop


async def test_what_occurred_in_a_closed_period_is_refused_and_what_occurred_after_it_is_not(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database)
    done(await shop.send(purchase(10, BEFORE)), Recorded)
    done(await shop.close(CLOSED), Settled)
    for answer in (
        await shop.send(purchase(10, BEFORE)),
        await shop.note(value_of("colour", "red", BEFORE)),
    ):
        refusal = refused(answer, RefusalCode.PERIOD_CLOSED, "occurredAt")
        assert refusal.parameters == {"since": CLOSED.isoformat()}
    done(await shop.send(purchase(10, AFTER)), Recorded)
    done(await shop.note(value_of("colour", "red", AFTER)), Recorded)


async def test_what_was_recorded_before_it_was_closed_is_replayed(app_database: Database) -> None:
    shop = await shop_of(app_database)
    command = purchase(10, BEFORE)
    (first,) = await shop.send_batch([command])
    done(await shop.close(CLOSED), Settled)
    (again,) = await shop.send_batch([command])
    assert done(again, Recorded).fact_id == done(first, Recorded).fact_id


async def test_what_comes_for_a_closed_period_is_booked_now_where_the_program_says_so(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database, BOOKING)
    done(await shop.close(CLOSED), Settled)
    await shop.buy(10, BEFORE, external_id="late")
    await shop.buy(10, AFTER, external_id="in time")
    assert await shop.rows("SELECT occurred_at, original_effective_at FROM fact ORDER BY external_id") == [
        (AFTER, None),
        (NOW, BEFORE),
    ]


async def test_a_partner_s_period_closes_the_activities_of_that_partner_alone(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database)
    await shop.buy(50, BEFORE, partner="mill", external_id="old")
    done(await shop.close(CLOSED, "mill"), Settled)
    refused(await shop.send(purchase(10, BEFORE, partner="mill")), RefusalCode.PERIOD_CLOSED)
    refused(await shop.reverse(linked_return("old", at=BEFORE)), RefusalCode.PERIOD_CLOSED)
    done(await shop.send(purchase(10, BEFORE)), Recorded)
    done(await shop.note(value_of("colour", "red", BEFORE)), Recorded)
    done(await shop.reverse(linked_return("old", at=AFTER)), Recorded)
    assert await broken(shop) == {}


async def test_a_return_after_a_closed_period_corrects_what_its_purchase_came_to_in_it(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database)
    await shop.buy(120, BEFORE, external_id="old")
    done(await shop.close(CLOSED), Settled)
    await shop.set_clock(NOW + timedelta(hours=1))
    await shop.give_back("old", at=AFTER)
    query = """
        SELECT recorded_at > s.closed_at, sum(value)::int FROM effect, settlement s
        WHERE kind = 'points' AND slot LIKE '%/earned' AND effective_at < s.until_at GROUP BY 1 ORDER BY 1
        """
    assert await shop.rows(query) == [(False, 125), (True, -125)]
    assert await shop.balance() == 0
    assert await broken(shop) == {}


@pytest.mark.parametrize(
    ("until", "partner", "word"),
    [
        (CLOSED, None, "settlement-goes-forward"),
        (CLOSED - timedelta(days=1), None, "settlement-goes-forward"),
        (CLOSED, "mill", "settlement-goes-forward"),
        (NOW + timedelta(seconds=1), None, "settlement-not-over"),
    ],
)
async def test_closing_goes_forward_and_closes_only_what_is_over(
    app_database: Database, until: datetime, partner: str | None, word: str
) -> None:
    shop = await shop_of(app_database)
    done(await shop.close(CLOSED), Settled)
    answer = refused(await shop.close(until, partner), RefusalCode.INVALID_INPUT, "until")
    assert answer.word == word
    assert await shop.value("SELECT count(*) FROM settlement") == 1


async def test_a_business_and_each_partner_close_for_themselves(app_database: Database) -> None:
    shop = await shop_of(app_database)
    done(await shop.close(CLOSED + timedelta(days=1), "mill"), Settled)
    done(await shop.close(CLOSED), Settled)
    done(await shop.close(NOW), Settled)
    refused(await shop.close(CLOSED + timedelta(days=2), "mill"), RefusalCode.INVALID_INPUT, "until")
    refused(await shop.close(NOW, "nobody"), RefusalCode.INVALID_INPUT, "partner")


async def test_two_who_close_the_same_period_at_once_close_it_once(app_database: Database) -> None:
    shop = await shop_of(app_database)
    answers = await asyncio.gather(*(shop.close(CLOSED) for _ in range(4)))
    assert sum(isinstance(each, Settled) for each in answers) == 1
    assert await shop.value("SELECT count(*) FROM settlement") == 1


async def test_closing_waits_for_what_is_being_recorded(app_database: Database) -> None:
    shop = await shop_of(app_database)
    (member_id,) = (await shop.member_ids()).values()
    waiting = """
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    async with app_database.writing(shop.business_id) as connection:
        await lock_members(connection, shop.business_id, [member_id])
        closing = asyncio.create_task(shop.close(CLOSED))
        while not await shop.value(waiting):
            assert not closing.done()
        assert not closing.done()
    done(await closing, Settled)


async def test_closing_answers_the_same_under_the_same_key(app_database: Database) -> None:
    shop = await shop_of(app_database)
    first = done(await shop.close(CLOSED, key="k"), Settled)
    again = done(await shop.close(CLOSED, key="k"), Settled)
    assert (first.settlement_id, again.replayed) == (again.settlement_id, True)
    refused(await shop.close(NOW, key="k"), RefusalCode.IDEMPOTENCY_CONFLICT)


async def test_joining_moves_to_an_activity_of_an_open_period_only(app_database: Database) -> None:
    shop = await new_shop(
        app_database, PROGRAM.replace("\n[[points]]", 'earlier = "moves_joining"\n\n[[points]]', 1)
    )
    await shop.enrol(enrolled_at=AFTER + timedelta(days=9))
    done(await shop.close(CLOSED), Settled)
    refused(await shop.send(purchase(10, BEFORE)), RefusalCode.PERIOD_CLOSED)
    done(await shop.send(purchase(10, AFTER)), Recorded)
    assert await shop.value("SELECT enrolled_at FROM member") == AFTER
    assert START < AFTER
