"""What comes late is refused or booked now, as the program in force says (SEMANTICS 5, BEHAVIOUR L21)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import (
    NOW,
    PROGRAM,
    Shop,
    done,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

JOINED = datetime(2025, 1, 1, 9, tzinfo=UTC)
OPEN_SINCE = datetime(2026, 3, 16, 23, tzinfo=UTC)
"""The first instant, in Berlin, of the day 90 days before NOW."""

TOO_LATE = OPEN_SINCE - timedelta(seconds=1)


def program(then: str | None, days: int = 90) -> str:
    """The shop's program with a limit, or without one."""
    late = "" if then is None else f'late = {{ days = {days}, then = "{then}" }}\n'
    return PROGRAM.replace("\n[[points]]", f"{late}\n[[points]]", 1)


async def shop_that(database: Database, then: str | None) -> Shop:
    shop = await new_shop(database, program(then))
    await shop.enrol(enrolled_at=JOINED)
    return shop


async def instants(shop: Shop, external_id: str) -> tuple[datetime, datetime | None]:
    """When a fact counts, and when it really happened where that is another instant."""
    query = "SELECT occurred_at, original_effective_at FROM fact WHERE external_id = $1"
    ((occurred_at, original),) = await shop.rows(query, external_id)
    return occurred_at, original


@pytest.mark.parametrize("then", ["refuse", "book_now", None])
async def test_what_happened_on_the_first_open_day_is_not_late(
    app_database: Database, then: str | None
) -> None:
    shop = await shop_that(app_database, then)
    await shop.buy(10, OPEN_SINCE, external_id="b")
    assert await instants(shop, "b") == (OPEN_SINCE, None)


async def test_without_a_limit_nothing_is_late(app_database: Database) -> None:
    shop = await shop_that(app_database, None)
    await shop.buy(10, JOINED, external_id="b")
    assert await instants(shop, "b") == (JOINED, None)


async def test_what_is_late_is_refused_and_leaves_nothing(app_database: Database) -> None:
    shop = await shop_that(app_database, "refuse")
    before = await shop.row_counts()
    answers = [
        await shop.send(purchase(10, TOO_LATE)),
        await shop.note(value_of("colour", "red", TOO_LATE)),
    ]
    for answer in answers:
        refusal = refused(answer, RefusalCode.PERIOD_CLOSED, "occurredAt")
        assert refusal.parameters == {"since": OPEN_SINCE.isoformat()}
        assert not refusal.retryable
    assert await shop.row_counts() == before


async def test_a_late_return_is_refused_and_a_return_today_of_an_old_purchase_is_not(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, program("refuse"), clock_at=TOO_LATE)
    await shop.enrol(enrolled_at=JOINED)
    await shop.buy(50, TOO_LATE - timedelta(days=1), external_id="old")
    await shop.set_clock(NOW)
    late = await shop.reverse(linked_return("old", at=TOO_LATE))
    refused(late, RefusalCode.PERIOD_CLOSED, "occurredAt")
    await shop.give_back("old", at=NOW)
    assert await shop.balance() == 0
    assert await broken(shop) == {}


async def test_what_is_booked_now_counts_today_by_the_rulebook_of_today_and_keeps_its_own_instant(
    app_database: Database,
) -> None:
    shop = await shop_that(app_database, "book_now")
    doubled = program("book_now").replace('basic = "1"', 'basic = "2"').replace("SLUG", shop.slug)
    done(await publish_program(shop.engine, shop.caller, doubled), Published)
    await shop.buy(10, TOO_LATE, external_id="b")
    assert await instants(shop, "b") == (NOW, TOO_LATE)
    assert await shop.balance() == 20
    assert await shop.value("SELECT local_day FROM fact WHERE external_id = 'b'") == NOW.date()
    rated = await shop.value(
        "SELECT v.version FROM effect JOIN program_version v USING (business_id, program_version_id)"
        " WHERE kind = 'points'"
    )
    assert rated == 2
    assert await broken(shop) == {}


async def test_a_dated_value_that_is_booked_now_holds_from_now_on(app_database: Database) -> None:
    shop = await shop_that(app_database, "book_now")
    done(await shop.note(value_of("colour", "red", TOO_LATE, external_id="v")), Recorded)
    assert await instants(shop, "v") == (NOW, TOO_LATE)


async def test_each_item_of_a_batch_is_judged_alone_and_one_that_was_booked_now_is_replayed(
    app_database: Database,
) -> None:
    shop = await shop_that(app_database, "book_now")
    early, late = purchase(10, NOW, external_id="in time"), purchase(20, TOO_LATE, external_id="late")
    first = [done(each, Recorded) for each in await shop.send_batch([early, late])]
    await shop.set_clock(NOW + timedelta(days=1))
    again = [done(each, Recorded) for each in await shop.send_batch([late, early])]
    assert [each.fact_id for each in again] == [each.fact_id for each in reversed(first)]
    assert all(each.replayed for each in again)
    assert await instants(shop, "late") == (NOW, TOO_LATE)


async def test_a_batch_records_what_is_in_time_where_what_is_late_is_refused(app_database: Database) -> None:
    shop = await shop_that(app_database, "refuse")
    in_time, late = await shop.send_batch([purchase(10, NOW), purchase(20, TOO_LATE)])
    done(in_time, Recorded)
    refused(late, RefusalCode.PERIOD_CLOSED, "occurredAt")
    assert await shop.balance() == 10


async def test_what_happened_before_joining_is_refused_as_such_and_never_booked_now(
    app_database: Database,
) -> None:
    shop = await shop_that(app_database, "book_now")
    answer = await shop.send(purchase(10, JOINED - timedelta(days=1)))
    assert refused(answer, RefusalCode.INVALID_INPUT, "occurredAt").word == "before-enrolment"


async def test_a_return_never_counts_before_its_purchase_that_was_booked_now(app_database: Database) -> None:
    shop = await shop_that(app_database, "book_now")
    await shop.buy(50, TOO_LATE, external_id="b")
    await shop.give_back("b", 20, OPEN_SINCE + timedelta(days=1), external_id="in time")
    await shop.set_clock(NOW + timedelta(days=1))
    await shop.give_back("b", 10, TOO_LATE + timedelta(milliseconds=1), external_id="late")
    assert await instants(shop, "in time") == (NOW, OPEN_SINCE + timedelta(days=1))
    assert await instants(shop, "late") == (NOW + timedelta(days=1), TOO_LATE + timedelta(milliseconds=1))
    before = await shop.reverse(linked_return("b", 1, TOO_LATE - timedelta(seconds=1)))
    assert refused(before, RefusalCode.INVALID_INPUT, "occurredAt").word == "return-before-purchase"
    assert await shop.balance() == 20
    assert await broken(shop) == {}


async def test_the_version_in_force_now_says_what_is_late(app_database: Database) -> None:
    shop = await shop_that(app_database, "refuse")
    lenient = program("refuse", days=400).replace("SLUG", shop.slug)
    done(await publish_program(shop.engine, shop.caller, lenient, NOW + timedelta(days=1)), Published)
    refused(await shop.send(purchase(10, TOO_LATE)), RefusalCode.PERIOD_CLOSED)
    await shop.set_clock(NOW + timedelta(days=1))
    done(await shop.send(purchase(10, TOO_LATE)), Recorded)


async def test_what_was_booked_now_is_folded_again_at_the_same_place(app_database: Database) -> None:
    shop = await shop_that(app_database, "book_now")
    await shop.buy(120, TOO_LATE)
    await shop.set_clock(NOW + timedelta(days=1))
    await shop.buy(Decimal(30), NOW - timedelta(days=1))
    counts = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == counts
    assert await broken(shop) == {}
