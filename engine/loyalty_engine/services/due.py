"""Time passing: members whose next boundary has come, and members that wait for a repaired rule."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from loyalty_engine.clock import Clock, ClockJumped, counted_nanoseconds
from loyalty_engine.services.engine import Engine, ProgramUnavailable
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.proposing import Proposals
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import lock_due_members, lock_members, parked_members

logger = logging.getLogger(__name__)

AMONG = 4
"""Among so many times more members than it takes a worker looks for some that no other is working on."""


class Pace:
    """How many members one transaction folds, so that none is locked for 50 ms.

    The number follows from how long the transactions before took, in nanoseconds. Less than a third of that
    time is wanted, for those that meet heavier members than the ones before, or a busy disk. It stays above
    what makes no difference: the statements of a transaction take their time by themselves.
    """

    WANTED = 15_000_000
    LEAST, MOST = 5, 500

    def __init__(self, counted: Callable[[], int] = counted_nanoseconds) -> None:
        self.counted = counted
        self.members = 1
        self.longest = 0

    def took(self, members: int, nanoseconds: int) -> None:
        """A transaction that had members locked for so long; one with few says nothing about many."""
        self.longest = max(self.longest, nanoseconds)
        wanted = members * self.WANTED // max(nanoseconds, 1)
        if wanted < self.members or members == self.members:
            self.members = max(self.LEAST, min(wanted, 2 * self.members, self.MOST))


async def advance_due(
    engine: Engine,
    at_most: int = 1000,
    *,
    sweeping: Clock | None = None,
    pace: Pace | None = None,
    proposals: Proposals | None = None,
) -> int:
    """Apply the boundaries that have come to some of the members that are due; how many were advanced.

    Any number of workers may do so at once: each locks what it works on and passes over the others'.
    A business whose program does not load is passed over, and the others go on.
    """
    due = await engine.database.due(engine.clock.now(), at_most)
    return await advance_members(engine, due, sweeping, pace, proposals)


async def advance_members(
    engine: Engine,
    due: Sequence[asyncpg.Record],
    sweeping: Clock | None = None,
    pace: Pace | None = None,
    proposals: Proposals | None = None,
) -> int:
    """Apply the boundaries that have come to the members among what is due; how many were advanced.

    `sweeping` is the clock that says what has come, where it is not the engine's. While it does not tell the
    time, members wait, but for those of sandboxes with clocks of their own. Of a crowd those go first, in the
    place of those listed, whom `proposals` names.
    """
    by_business: dict[UUID, list[asyncpg.Record]] = {}
    for row in due:
        if row["work"] == "boundary":
            by_business.setdefault(row["business_id"], []).append(row)
    advanced, pace, proposals = 0, pace or Pace(), proposals or Proposals()
    for business_id, rows in by_business.items():
        listed, instant = [row["member_id"] for row in rows], rows[-1]["next_boundary_at"]
        try:
            await _compile(engine, business_id)
            for member_ids in (await proposals.first(engine, business_id, listed, instant), listed):
                done = await _advance_all(engine, business_id, member_ids, sweeping or engine.clock, pace)
                advanced += done
                if done:
                    break
        except ClockJumped:
            continue
        except ProgramUnavailable:
            logger.exception("business %s: its members wait until its program loads", business_id)
    return advanced


async def _compile(engine: Engine, business_id: UUID) -> None:
    """Compile the business's program, which takes longer than members may be locked."""
    async with engine.database.reading(business_id) as connection:
        await engine.rulebook(connection, business_id)


async def _advance_all(
    engine: Engine, business_id: UUID, member_ids: Sequence[UUID], sweeping: Clock, pace: Pace
) -> int:
    advanced, waiting = 0, sorted(set(member_ids))
    while waiting:
        at_most = pace.members
        looked_at = waiting[: AMONG * at_most]
        taken = await _advance(engine, business_id, looked_at, at_most, sweeping, pace)
        passed = max(taken) if len(taken) == at_most else looked_at[-1]
        advanced, waiting = advanced + len(taken), waiting[bisect_right(waiting, passed) :]
    return advanced


async def _advance(
    engine: Engine,
    business_id: UUID,
    member_ids: Sequence[UUID],
    at_most: int,
    sweeping: Clock,
    pace: Pace,
) -> Collection[UUID]:
    """Advance the first of the members that are free and due; who they are."""
    locked_at = pace.counted()

    async def work(connection: Connection) -> Collection[UUID]:
        nonlocal locked_at
        business = replace(await engine.business(connection, business_id), clock=sweeping)
        locked_at = pace.counted()
        members = await lock_due_members(connection, business_id, member_ids, business.now(), at_most)
        rulebook, now = await engine.rulebook(connection, business_id), business.now()
        batch = FoldingBatch(connection, business, rulebook, now)
        await batch.fold([Arrivals(member) for member in members.values()], until=now)
        return members.keys()

    taken = await engine.database.write(business_id, work)
    if taken:
        pace.took(len(taken), pace.counted() - locked_at)
    return taken


async def refold_parked(engine: Engine, business_id: UUID, pace: Pace | None = None) -> int:
    """Fold again every member of a business at which a rule failed; how many were folded.

    What the repaired rule decides is posted as a difference; what still fails stays parked.
    """
    async with engine.database.reading(business_id) as connection:
        member_ids = await parked_members(connection, business_id)
    waiting, pace = member_ids, pace or Pace()
    try:
        await _compile(engine, business_id)
        while waiting:
            chunk, waiting = waiting[: pace.members], waiting[pace.members :]
            await refold(engine, business_id, chunk, pace)
    except ProgramUnavailable:
        logger.exception("business %s: its members wait until its program loads", business_id)
        return 0
    return len(member_ids)


async def refold(
    engine: Engine, business_id: UUID, member_ids: Sequence[UUID], pace: Pace | None = None
) -> None:
    """Fold some members again from the beginning and post the difference, which is nothing if all is well."""
    pace = pace or Pace()
    locked_at = pace.counted()

    async def work(connection: Connection) -> None:
        nonlocal locked_at
        business = await engine.business(connection, business_id)
        members = await lock_members(connection, business_id, member_ids, erased=True)
        locked_at = pace.counted()
        rulebook = await engine.rulebook(connection, business_id)
        batch = FoldingBatch(connection, business, rulebook, business.now())
        await batch.fold([Arrivals(member) for member in members.values()], again=True)

    await engine.database.write(business_id, work)
    pace.took(len(member_ids), pace.counted() - locked_at)
