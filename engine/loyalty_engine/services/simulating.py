"""Simulations, done in chunks of members: what a worker does of them, and another one continues.

Every chunk sees the business as it is when the chunk begins, and what the chunks before it came to is kept.
What is folded in one piece, because it draws on the same budgets, tells now and then how far it is, and ends
where it was cancelled.
A worker that is killed leaves behind that it began a chunk, and nothing else. Another one begins that chunk
again, up to ATTEMPTS_MOST times.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from loyalty_engine.clock import ClockJumped
from loyalty_engine.entities.simulation import ATTEMPTS_MOST
from loyalty_engine.program import Program
from loyalty_engine.program.plan import stored_plan
from loyalty_engine.rating import ProgramVersion
from loyalty_engine.services.backtest import Backtest, Period
from loyalty_engine.services.backtest_chunks import BacktestChunk, Reading
from loyalty_engine.services.engine import Business, Engine, ProgramUnavailable
from loyalty_engine.services.simulation import LISTED, Move, Simulated, preview
from loyalty_engine.services.simulation_counts import previewed
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import CLASHES
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.simulations import (
    Advanced,
    SimulationWork,
    advance_simulation,
    begin_chunk,
    fail_simulation,
    open_simulation,
    open_simulations,
    simulation_lock,
    tell_simulation,
)
from loyalty_engine.store.verification.business import last_member, members_after

_logger = logging.getLogger(__name__)


class CannotGoOn(Exception):
    """The simulation ends without a result; ``failure`` says why."""

    failure: str


class AnotherPublished(CannotGoOn):
    """A version was published since the preview was asked for, so that it would follow another one."""

    failure = "overtaken"


class Lost(CannotGoOn):
    """Its next chunk was begun as often as one is, and nobody came back from that."""

    failure = "lost"


class _Ended(Exception):
    """Somebody ended the simulation while a chunk of it was folded."""


async def continue_simulation(engine: Engine, business_id: UUID) -> int:
    """Do the next chunk of the business's earliest simulation on which nobody works; how many were done.

    The first chunk only finds out which members there are. A simulation that cannot go on has failed, and so
    has one of which a chunk came to nothing ATTEMPTS_MOST times. Errors on the way to the database are
    raised.
    """
    async with engine.database.reading(business_id) as connection:
        waiting = await open_simulations(connection, business_id)
    for simulation_id in waiting:
        try:
            if await _chunk(engine, business_id, simulation_id):
                return 1
        except ClockJumped:
            return 0
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            raise
        except (asyncpg.exceptions.OperatorInterventionError, *CLASHES):
            return 0  # the chunk is begun again
        except CannotGoOn as reason:
            _logger.warning("business %s: simulation %s has failed: %s", business_id, simulation_id, reason)
            await _fail(engine, business_id, simulation_id, reason.failure)
            return 1
        except ProgramUnavailable:
            await _fail(engine, business_id, simulation_id, "program")
            return 1
        except Exception:
            _logger.exception("business %s: a chunk of simulation %s has failed", business_id, simulation_id)
            await _fail(engine, business_id, simulation_id, "defect", attempts=ATTEMPTS_MOST)
            return 0
    return 0


async def _fail(
    engine: Engine, business_id: UUID, simulation_id: UUID, failure: str, attempts: int = 0
) -> None:
    """End it, if the chunk at hand was begun so often; else it is begun again."""

    async def work(connection: Connection) -> None:
        now = (await engine.business(connection, business_id)).now()
        await fail_simulation(connection, business_id, simulation_id, failure, now, attempts)

    await engine.database.write(business_id, work)


async def _chunk(engine: Engine, business_id: UUID, simulation_id: UUID) -> bool:
    """One chunk, read in a snapshot and folded after it.

    False: another worker has it at hand, or the simulation has ended.
    """
    async with engine.database.alone(simulation_lock(simulation_id)) as connection:
        if connection is None:
            return False
        async with connection.writing(business_id):
            work = await open_simulation(connection, business_id, simulation_id)
            if work is None:
                return False
            if work.attempts >= ATTEMPTS_MOST:
                raise Lost(
                    f"{ATTEMPTS_MOST} times nobody came back from members after {work.after_member_id}"
                )
            await begin_chunk(connection, business_id, simulation_id)
        async with connection.snapshot(business_id):
            business = await engine.business(connection, business_id)
            found = await _Chunk(engine, connection, business, work).read()

        async def tell(members_done: int) -> None:
            async with connection.writing(business_id):
                at = business.now()
                if not await tell_simulation(connection, business_id, simulation_id, at, members_done):
                    raise _Ended

        try:
            advanced = found if isinstance(found, Advanced) else await found.folded(tell)
        except _Ended:
            return True
        async with connection.writing(business_id):
            await advance_simulation(connection, business_id, simulation_id, business.now(), advanced)
        return True


class _Chunk:
    """What one chunk comes to."""

    def __init__(
        self, engine: Engine, connection: Connection, business: Business, work: SimulationWork
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._business = business
        self._business_id = business.business_id
        self._work = work
        self._plan = stored_plan(work.plan)

    async def read(self) -> Advanced | Reading:
        """How far the simulation is then; of a back-test what is to be folded for that."""
        program = self._engine.draft(self._work.simulation_id, self._work.source or "")
        if program is None:
            raise ProgramUnavailable("a rule of the file is not installed any more")
        if self._work.kind == "preview":
            return await self._preview(program, cast("datetime", self._work.effective_at))
        period = Period(cast("datetime", self._work.from_at), cast("datetime", self._work.until_at))
        backtest = Backtest(self._engine, self._connection, self._business, program, self._plan, period)
        chunk = BacktestChunk(
            self._engine, self._connection, self._business_id, self._work, program, backtest, period
        )
        return await (chunk.choose() if self._work.counted is None else chunk.read())

    async def _preview(self, program: Program, starts: datetime) -> Advanced:
        work, result = self._work, Simulated(starts)
        if work.counted is None:
            last, members = await last_member(self._connection, self._business_id)
            counted = previewed(None, result)
            return Advanced(members, 0, None, last, None, counted, None, done=last is None)
        published = await self._engine.rulebook(self._connection, self._business_id)
        number = published.versions[-1].number
        if number != work.rulebook_version:
            raise AnotherPublished(f"version {number} was published meanwhile")
        version = ProgramVersion(work.simulation_id, number + 1, starts, program, self._plan)
        trying = await preview(self._engine, self._connection, self._business, version)
        last = cast("UUID", work.through_member_id)
        rows = await members_after(self._connection, self._business_id, work.after_member_id, last)
        await trying.add(result, rows)
        after = rows[-1].member_id if rows else last
        further = work.further(len(rows), after, previewed(work.counted, result), done=after == last)
        return replace(further, moved=self._named(result))

    def _named(self, result: Simulated) -> dict[str, Any] | None:
        """The members who move, up to `LISTED` who fall and as many others; None: those named before."""
        before = self._work.moved or {"falling": [], "others": []}
        chunk = {"falling": result.falling, "others": result.others}
        named = {
            name: [*before[name], *(_written(member, move) for member, move in moved)][:LISTED]
            for name, moved in chunk.items()
        }
        return None if named == before else named


def _written(member: MemberRow, move: Move) -> list[Any]:
    return [str(member.member_id), move.ladder, move.from_tier, move.to_tier, move.falls]
