"""The pool: one business at a time, nothing left over, and writes that are whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from loyalty_engine.entities import Member
from loyalty_engine.store import connection as connection_module
from loyalty_engine.store.connection import Connection, NotCommittedError
from loyalty_engine.store.database import ATTEMPTS, Database
from loyalty_engine.store.rows import insert_rows
from tests.database.world import new_member, new_world
from tests.server import as_app

SETTING = "SELECT coalesce(current_setting('loyalty.business_id', true), '')"


@pytest.fixture
async def single(database: str) -> AsyncIterator[Database]:
    """A pool with one connection, so that everything after is on the one that was used before."""
    opened = await Database.connect(as_app(database), max_size=1)
    yield opened
    await opened.close()


async def _seen(database: Database, business_id: UUID) -> list[UUID]:
    async with database.reading(business_id) as connection:
        return [row["business_id"] for row in await connection.fetch("SELECT business_id FROM business")]


async def test_a_connection_serves_one_business_after_the_other(single: Database) -> None:
    worlds = [(await new_world(single)).business_id for _ in range(2)]
    for business_id in (worlds[0], worlds[1], worlds[1], worlds[0]):
        assert await _seen(single, business_id) == [business_id]


async def test_the_business_is_set_only_when_it_changes(single: Database) -> None:
    first, second = [(await new_world(single)).business_id for _ in range(2)]
    await _seen(single, first)
    statements: list[str] = []
    single.on_statement.append(statements.append)
    await _seen(single, first)
    assert len(statements) == 1
    await _seen(single, second)
    assert len(statements) == 3
    assert "set_config" in statements[1]


async def test_a_write_for_another_business_leaves_the_session_as_it_was(single: Database) -> None:
    first, second = [(await new_world(single)).business_id for _ in range(2)]
    await _seen(single, first)
    async with single.writing(second) as connection:
        assert await connection.fetchval(SETTING) == str(second)
    async with single.reading(first) as connection:
        assert await connection.fetchval(SETTING) == str(first)


async def test_a_failed_statement_leaves_nothing_behind(single: Database) -> None:
    first, second = [(await new_world(single)).business_id for _ in range(2)]
    for business_id in (first, second):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with single.reading(business_id) as connection:
                await connection.execute("SELECT 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with single.writing(business_id) as connection:
                await connection.execute("SELECT 1 / 0")
        assert await _seen(single, second) == [second]
        assert await _seen(single, first) == [first]


async def test_a_failed_change_of_business_is_not_remembered(
    single: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = [(await new_world(single)).business_id for _ in range(2)]
    await _seen(single, first)
    with monkeypatch.context() as patch:
        patch.setattr(connection_module, "_SET_FOR_SESSION", "SELECT $1::text, 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await _seen(single, second)
    assert await _seen(single, second) == [second]
    assert await _seen(single, first) == [first]


async def test_a_cancelled_write_is_rolled_back_and_its_connection_used_again(single: Database) -> None:
    world = await new_world(single)

    async def hang() -> None:
        async with single.writing(world.business_id) as connection:
            await new_member(connection, world)
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(hang())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with single.reading(world.business_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM member") == 0
    assert await _seen(single, world.business_id) == [world.business_id]


async def test_an_exception_takes_back_the_whole_write(single: Database) -> None:
    world = await new_world(single)

    async def work(connection: Connection) -> None:
        await insert_rows(connection, Member, [world.member()])
        raise LookupError

    statements: list[str] = []
    single.on_statement.append(statements.append)
    with pytest.raises(LookupError):
        await single.write(world.business_id, work)
    assert statements[-1] == "ROLLBACK"
    async with single.reading(world.business_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM member") == 0


async def test_an_error_that_somebody_swallowed_is_not_taken_for_a_commit(single: Database) -> None:
    world = await new_world(single)

    async def swallow(connection: Connection) -> None:
        await new_member(connection, world)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.execute("SELECT 1 / 0")

    with pytest.raises(NotCommittedError):
        await single.write(world.business_id, swallow)


async def test_the_business_cannot_be_changed_in_a_transaction(single: Database) -> None:
    first, second = [(await new_world(single)).business_id for _ in range(2)]
    with pytest.raises(RuntimeError, match="outside a transaction"):
        async with single.writing(first) as connection:
            await connection.choose(second)


async def test_a_write_costs_two_round_trips_besides_its_own(single: Database) -> None:
    world = await new_world(single)
    statements: list[str] = []
    single.on_statement.append(statements.append)
    async with single.writing(world.business_id) as connection:
        await connection.fetchval("SELECT 1")
    assert len(statements) == 3
    assert statements[0].startswith("BEGIN")
    assert statements[1:] == ["SELECT 1", "COMMIT"]


async def test_a_deadlock_is_tried_again(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        members = [await new_member(connection, world) for _ in range(2)]
    attempts = 0

    async def lock_in_order(first: UUID, second: UUID) -> str:
        async def work(connection: Connection) -> str:
            nonlocal attempts
            attempts += 1
            for member_id in (first, second):
                await connection.execute(
                    "SELECT 1 FROM member WHERE member_id = $1 FOR NO KEY UPDATE", member_id
                )
                await asyncio.sleep(0.05)
            return "locked"

        return await app_database.write(world.business_id, work)

    outcomes = await asyncio.gather(lock_in_order(*members), lock_in_order(*reversed(members)))
    assert set(outcomes) == {"locked"}
    assert attempts > 2


async def test_a_clash_that_does_not_end_is_raised_after_the_last_attempt(app_database: Database) -> None:
    world = await new_world(app_database)
    attempts = 0

    async def clash(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        await connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(asyncpg.SerializationError):
        await app_database.write(world.business_id, clash)
    assert attempts == ATTEMPTS


async def test_values_arrive_exactly_as_they_were_sent(app_database: Database) -> None:
    world = await new_world(app_database)
    document = {"price": Decimal("0.10"), "名": ["é", None, True, 9 * 10**15], "big": Decimal("1E+3")}
    async with app_database.reading(world.business_id) as connection:
        arrived = await connection.fetchrow(
            "SELECT $1::jsonb AS document, $2::numeric AS amount, $3::uuid AS id, $4::timestamptz AS at",
            document, Decimal("12.5000"), world.business_id, datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    assert arrived is not None
    assert arrived["document"] == {**document, "big": 1000}
    assert isinstance(arrived["document"]["price"], Decimal)
    assert str(arrived["amount"]) == "12.5000"
    assert arrived["id"] == world.business_id
    assert arrived["at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert arrived["at"].tzinfo is UTC
