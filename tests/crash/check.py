"""What must be true after a crash; every breach is a line of text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from loyalty_engine.clock import SystemClock
from loyalty_engine.plugins import discover
from loyalty_engine.services import Engine
from loyalty_engine.services.credentials import operator
from loyalty_engine.store.database import Database
from tests.crash.load import Call, Client, Journal
from tests.crash.operations import Mark
from tests.properties.invariants import broken
from tests.services.shop import SECRET_KEY, Shop

RECORDED = """
SELECT fact_id::text AS id, source, external_id FROM fact WHERE type <> 'answer'
UNION ALL SELECT member_id::text, NULL, NULL FROM member
UNION ALL SELECT adjustment_id::text, NULL, NULL FROM adjustment
UNION ALL SELECT reward_id::text, NULL, NULL FROM reward
UNION ALL SELECT coupon_id::text, NULL, NULL FROM coupon
"""
POSITIONS = "SELECT position FROM outbox WHERE position IS NOT NULL ORDER BY position"


@asynccontextmanager
async def looked_at(url: str, business_id: UUID) -> AsyncIterator[Shop]:
    """The business past the API, seen with the application's role."""
    database = await Database.connect(url)
    try:
        engine = Engine(database, discover(), SystemClock(), SECRET_KEY)
        yield Shop(engine, operator(business_id), "")
    finally:
        await database.close()


async def recorded(shop: Shop) -> dict[Mark, str]:
    """The ids of all that is made, by every mark under which an answer may speak of it."""
    found: dict[Mark, str] = {}
    for row_id, source, external_id in await shop.rows(RECORDED):
        found[row_id] = row_id
        if source is not None:
            found[source, external_id] = row_id
    return found


def lost(calls: Sequence[Call], there: Collection[Mark]) -> Iterator[str]:
    """What was acknowledged and is gone."""
    for call in calls:
        for mark in call.marks:
            if mark not in there:
                yield f"{call} was acknowledged and is gone: {mark}"


def surplus(calls: Sequence[Call], there: dict[Mark, str]) -> Iterator[str]:
    """What is there and no answer speaks of: done for nobody, or once more."""
    told = {there[mark] for call in calls for mark in call.marks if mark in there}
    for row_id in set(there.values()) - told:
        yield f"nobody was told of {row_id}"


def done_twice(calls: Sequence[Call], there: dict[Mark, str]) -> Iterator[str]:
    """What two calls were both told to have made."""
    makers: dict[str, Call] = {}
    for call in calls:
        for row_id in {there[mark] for mark in call.marks if mark in there}:
            if makers.setdefault(row_id, call) is not call:
                yield f"{call} and {makers[row_id]} both made {row_id}"


async def asked_again(client: Client, calls: Sequence[Call]) -> list[str]:
    """Sends every call of a round once more: the same answers, and one for those that had none."""
    found = []
    for call in calls:
        again = await client.ask_again(call)
        if again is None:
            found.append(f"{call} is never answered")
        elif call.answer is None:
            call.answer, call.was_done = again, bool(again.get("replayed"))
        elif {**again, "replayed": None} != {**call.answer, "replayed": None}:
            found.append(f"{call} was answered {dict(call.answer)} and is now answered {dict(again)}")
        elif "replayed" in again and not again["replayed"]:
            found.append(f"{call} was acknowledged and is done once more")
    return found


async def what_is_wrong(
    url: str, business_id: UUID, client: Client, journal: Journal, number: int
) -> list[str]:
    """Everything that a crash in this round broke; nothing, if every promise held."""
    calls = journal.of_round(number)
    async with looked_at(url, business_id) as shop:
        found = list(lost(journal.calls, await recorded(shop)))
        found += await asked_again(client, calls)
        there = await recorded(shop)
        found += [
            *lost(journal.calls, there),
            *surplus(journal.calls, there),
            *done_twice(journal.calls, there),
        ]
        found += [f"{promise}: {rows}" for promise, rows in (await broken(shop)).items()]
        positions = [position for (position,) in await shop.rows(POSITIONS)]
        if positions != list(range(1, len(positions) + 1)):
            found.append(f"events are published with gaps: {positions[-10:]}")
        rows = await shop.row_counts()
        await shop.refold_all()
        if await shop.row_counts() != rows:
            found.append("what is stored is not what the facts come to")
    return list(dict.fromkeys(found))
