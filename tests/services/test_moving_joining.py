"""An activity before joining moves joining to it, where the program says so (SEMANTICS section 9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import Recorded
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.properties.snapshots import snapshot
from tests.services.shop import NOW, PROGRAM, Shop, done, new_shop, purchase, refused, value_of

JOINED = datetime(2026, 2, 1, 9, tzinfo=UTC)
FIRST = datetime(2025, 11, 20, 9, tzinfo=UTC)
MOVING = PROGRAM.replace("\n[[points]]", 'earlier = "moves_joining"\n\n[[points]]', 1)
CYCLES = (
    MOVING.replace('review = { every = "year"', 'review = { every = "cycle"')
    .replace("returns =", 'cycle = { months = 3, restart = ["upgrade"] }\nreturns =')
    .replace("{ rolling_months = 12 }", '"anniversary"')
)
EARLIER = [
    purchase(60, FIRST, external_id="first"),
    purchase(60, FIRST + timedelta(days=30), external_id="second"),
    purchase(60, JOINED + timedelta(days=30), external_id="third"),
]


async def shop_of(database: Database, program: str = MOVING) -> Shop:
    shop = await new_shop(database, program)
    await shop.enrol(enrolled_at=JOINED)
    return shop


async def joining(shop: Shop) -> tuple[datetime, date]:
    ((enrolled_at, joined_on),) = await shop.rows("SELECT enrolled_at, joined_on FROM member")
    return enrolled_at, joined_on


async def beginnings(shop: Shop) -> list[tuple[datetime, bool]]:
    """Every standing at joining that was ever posted, and whether it stands."""
    query = (
        "SELECT effective_at, withdrawn_effect_id IS NULL FROM standing WHERE from_tier IS NULL ORDER BY 2, 1"
    )
    return [(at, stands) for at, stands in await shop.rows(query)]


async def test_an_activity_before_joining_is_refused_where_the_program_says_nothing(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database, PROGRAM)
    answer = await shop.send(EARLIER[0])
    assert refused(answer, RefusalCode.INVALID_INPUT, "occurredAt").word == "before-enrolment"
    assert (await joining(shop))[0] == JOINED


async def test_joining_moves_to_the_activity_and_what_was_known_before_stays_readable(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database)
    done(await shop.send(EARLIER[0]), Recorded)
    assert await joining(shop) == (FIRST, FIRST.date())
    assert await beginnings(shop) == [(JOINED, False), (FIRST, True)]
    posted = await shop.rows(
        "SELECT value, effective_at FROM effect WHERE cause_kind = 'enrolment' ORDER BY effect_id"
    )
    assert posted == [(1, JOINED), (-1, JOINED), (1, FIRST)]
    assert await shop.value("SELECT since FROM current_standing") == FIRST
    assert await shop.balance() == 60
    assert await broken(shop) == {}


@pytest.mark.parametrize("program", [MOVING, CYCLES], ids=["calendar", "cycle"])
async def test_the_state_is_that_of_a_member_who_joined_then(app_database: Database, program: str) -> None:
    expected = await new_shop(app_database, program)
    await expected.enrol(enrolled_at=FIRST)
    for each in EARLIER:
        done(await expected.send(each), Recorded)
    await expected.advance()
    for order in permutations(EARLIER):
        shop = await shop_of(app_database, program)
        for each in order:
            done(await shop.send(each), Recorded)
        await shop.advance()
        assert await snapshot(shop) == await snapshot(expected)
        assert await broken(shop) == {}
        counts = await shop.row_counts()
        await shop.refold_all()
        assert await shop.row_counts() == counts


async def test_the_first_of_a_batch_moves_joining_and_a_repeated_batch_moves_nothing(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database)
    await shop.send_batch(EARLIER[::-1])
    assert await beginnings(shop) == [(JOINED, False), (FIRST, True)]
    counts = await shop.row_counts()
    assert all(done(each, Recorded).replayed for each in await shop.send_batch(EARLIER))
    assert await shop.row_counts() == counts


async def test_joining_moves_again_and_again(app_database: Database) -> None:
    shop = await shop_of(app_database)
    for each in reversed(EARLIER):
        done(await shop.send(each), Recorded)
    assert (await joining(shop))[0] == FIRST
    assert await beginnings(shop) == [
        (FIRST + timedelta(days=30), False),
        (JOINED, False),
        (FIRST, True),
    ]
    assert await broken(shop) == {}


async def test_a_dated_value_moves_no_joining(app_database: Database) -> None:
    shop = await shop_of(app_database)
    answer = await shop.note(value_of("colour", "red", FIRST))
    assert refused(answer, RefusalCode.INVALID_INPUT, "occurredAt").word == "before-enrolment"


async def test_what_is_booked_now_moves_no_joining(app_database: Database) -> None:
    late = 'late = { days = 30, then = "book_now" }\nearlier ='
    shop = await shop_of(app_database, MOVING.replace("earlier =", late))
    done(await shop.send(EARLIER[0]), Recorded)
    assert (await joining(shop))[0] == JOINED
    assert await shop.value("SELECT occurred_at FROM fact") == NOW
