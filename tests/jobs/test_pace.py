"""How many members a transaction advances follows from how long such transactions take."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from loyalty_engine.plugins import discover
from loyalty_engine.program import Program
from loyalty_engine.services import Engine, advance_due
from loyalty_engine.services.due import Pace, advance_members
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.services.shop import PROGRAM, SECRET_KEY, Shop, new_shop

FREE = "SELECT FROM member WHERE business_id = $1 FOR NO KEY UPDATE NOWAIT"
NEW_YEAR = datetime(2027, 1, 1, 12, tzinfo=UTC)
MILLISECOND = 1_000_000
"""In nanoseconds."""


def paced(milliseconds_each: float, transactions: int) -> Pace:
    """A pace after some transactions, each member of which took so long."""
    pace = Pace()
    for _ in range(transactions):
        pace.took(pace.members, int(pace.members * milliseconds_each * MILLISECOND))
    return pace


@pytest.mark.parametrize(("each", "members"), [(0.01, 500), (0.1, 150), (1, 15), (2, 7), (40, 5)])
def test_members_are_locked_for_as_long_as_is_wanted(each: float, members: int) -> None:
    assert paced(each, 20).members == members


def test_a_long_transaction_is_followed_by_shorter_ones_at_once() -> None:
    pace = paced(0.1, 20)
    pace.took(pace.members, 1000 * MILLISECOND)
    assert (pace.members, pace.longest) == (5, 1000 * MILLISECOND)


def test_a_transaction_with_few_members_does_not_say_that_many_are_quick() -> None:
    pace = paced(1, 20)
    pace.took(1, MILLISECOND // 10)
    assert pace.members == 15


async def advance_of(shop: Shop, engine: Engine) -> int:
    """Advance the members of one shop that are due, whoever else is."""
    due = await engine.database.due(engine.clock.now(), 100_000)
    return await advance_members(engine, [row for row in due if row["business_id"] == shop.business_id])


async def test_everybody_is_advanced_however_few_at_a_time(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=datetime(2026, 2, 1, tzinfo=UTC))
    for number in range(7):
        await shop.enrol(f"m{number}")
    await shop.set_clock(NEW_YEAR)
    ticks = iter(range(1000))
    pace = Pace(lambda: next(ticks) * 1000 * MILLISECOND)
    assert [await advance_due(shop.engine, pace=pace) for _ in range(2)] == [7, 0]
    assert (pace.members, pace.longest) == (5, 1000 * MILLISECOND)


async def test_a_worker_takes_those_whom_nobody_else_has_taken(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=datetime(2026, 2, 1, tzinfo=UTC))
    for number in range(12):
        await shop.enrol(f"m{number}")
    await shop.set_clock(NEW_YEAR)
    in_order = sorted((await shop.member_ids()).values())
    elsewhere = [in_order[place] for place in (0, 1, 2, 6, 11)]
    async with app_database.writing(shop.business_id) as another:
        await lock_members(another, shop.business_id, elsewhere)
        assert await advance_of(shop, shop.engine) == 7
    due = "SELECT member_id FROM member WHERE business_id = $1 AND next_boundary_at <= $2 ORDER BY 1"
    async with app_database.reading(shop.business_id) as looking:
        rows = await looking.fetch(due, shop.business_id, NEW_YEAR)
    assert [row["member_id"] for row in rows] == elsewhere
    assert await advance_of(shop, shop.engine) == 5


async def test_nobody_is_locked_while_a_program_is_compiled(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=datetime(2026, 2, 1, tzinfo=UTC))
    await shop.enrol("m0")
    await shop.set_clock(NEW_YEAR)
    compiled = 0

    class Watched(Engine):
        async def _compile(
            self, connection: Connection, business_id: UUID, missing: list[UUID]
        ) -> dict[UUID, Program]:
            nonlocal compiled
            compiled += len(missing)
            async with app_database.writing(business_id) as looking:
                await looking.execute(FREE, business_id)
            return await super()._compile(connection, business_id, missing)

    engine = Watched(app_database, discover(), shop.engine.clock, SECRET_KEY)
    assert await advance_of(shop, engine) == 1
    assert compiled == 1
