"""The outbox relay: one order for each business, without gaps, and each member's own order kept."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from loyalty_engine.clock import FixedClock
from loyalty_engine.jobs.relay import publish_events
from loyalty_engine.jobs.worker import work
from loyalty_engine.plugins import discover
from loyalty_engine.services.activities import record_activities
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.commands import Batch, EnrolledBatch, EnrolMember, MemberBy, RecordActivity
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.members import enrol_members
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.command_line.shell import PROGRAM

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEMBERS = 20

ORDER = "SELECT position, member_id, member_sequence FROM outbox ORDER BY position"


@pytest.fixture
def engine(app_database: Database) -> Engine:
    return Engine(app_database, discover(), FixedClock(NOW), b"k" * 32)


@pytest.fixture
async def caller(engine: Engine) -> Caller:
    """A business with members who each bought three times."""
    slug = f"b{uuid4().hex}"
    made = await create_business(engine, CreateBusiness(slug, PROGRAM.replace("SLUG", slug)))
    assert isinstance(made, BusinessCreated)
    caller = operator(made.business_id)
    members = [EnrolMember(f"m{n}", enrolled_at=datetime(2026, 1, 1, tzinfo=UTC)) for n in range(MEMBERS)]
    enrolled = await enrol_members(engine, caller, "members", members)
    assert isinstance(enrolled, EnrolledBatch)
    assert not any(isinstance(result, Refusal) for result in enrolled.results)
    await purchases(engine, caller, range(3))
    return caller


async def purchases(engine: Engine, caller: Caller, days: range) -> None:
    answer = await record_activities(
        engine,
        caller,
        f"days {days}",
        [
            RecordActivity(
                MemberBy(external_id=f"m{n}"),
                "purchase",
                "till",
                f"{n}-{day}",
                datetime(2026, 2, 1 + day, tzinfo=UTC),
                amount=Decimal(200),
            )
            for n in range(MEMBERS)
            for day in days
        ],
    )
    assert isinstance(answer, Batch)
    assert not any(isinstance(result, Refusal) for result in answer.results), answer.results[0]


async def positions(engine: Engine, caller: Caller) -> list[tuple[int | None, UUID, int]]:
    async with engine.database.reading(caller.business_id) as connection:
        return [tuple(record) for record in await connection.fetch(ORDER)]


def assert_in_order(rows: list[tuple[int | None, UUID, int]]) -> None:
    assert [position for position, _, _ in rows] == list(range(1, len(rows) + 1))
    members = {member for _, member, _ in rows}
    for each in members:
        own = [sequence for _, member, sequence in rows if member == each]
        assert own == list(range(1, len(own) + 1))


async def test_events_get_positions_without_gaps_in_each_members_order(
    engine: Engine, caller: Caller
) -> None:
    before = await positions(engine, caller)
    assert len(before) > MEMBERS
    assert {position for position, _, _ in before} == {None}
    assert await publish_events(engine, caller.business_id) == len(before)
    assert await publish_events(engine, caller.business_id) == 0
    assert_in_order(await positions(engine, caller))


async def test_later_events_follow_and_several_relays_at_once_make_no_gap(
    engine: Engine, caller: Caller
) -> None:
    await publish_events(engine, caller.business_id)
    await purchases(engine, caller, range(3, 6))
    await asyncio.gather(*(publish_events(engine, caller.business_id) for _ in range(8)))
    await publish_events(engine, caller.business_id)
    assert_in_order(await positions(engine, caller))


async def test_the_worker_publishes_and_stops_when_asked(engine: Engine, caller: Caller) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(work(engine, stop, pause_seconds=0.01))
    async with asyncio.timeout(60):
        while not await all_published(engine, caller):  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.01)
        stop.set()
        await working
    assert_in_order(await positions(engine, caller))


async def all_published(engine: Engine, caller: Caller) -> bool:
    async with engine.database.reading(caller.business_id) as connection:
        waiting = await connection.fetchval("SELECT count(*) FROM outbox WHERE position IS NULL")
    return bool(waiting == 0)


async def test_what_is_due_names_businesses_with_events_until_they_are_published(
    engine: Engine, caller: Caller
) -> None:
    async def ours() -> list[str]:
        rows = await engine.database.due(NOW, 1_000_000)
        return [row["work"] for row in rows if row["business_id"] == caller.business_id]

    assert "events" in await ours()
    await publish_events(engine, caller.business_id)
    assert "events" not in await ours()
