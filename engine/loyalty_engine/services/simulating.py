"""Simulations, done in chunks of members: what a worker does of them, and another one continues.

Every chunk sees the business as it is when the chunk begins, and what the chunks before it came to is kept.
A worker that is killed leaves behind that it began a chunk, and nothing else. Another one begins that chunk
again, up to ATTEMPTS_MOST times.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from loyalty_engine.clock import ClockJumped
from loyalty_engine.entities.simulation import ATTEMPTS_MOST, SAMPLE_MOST
from loyalty_engine.program import Program
from loyalty_engine.program.plan import stored_plan
from loyalty_engine.rating import ProgramVersion
from loyalty_engine.services.backtest import AT_ONCE, Backtest, Period
from loyalty_engine.services.engine import Business, Engine, ProgramUnavailable
from loyalty_engine.services.simulation import LISTED, Move, Simulated, preview
from loyalty_engine.services.simulation_counts import (
    backtested,
    previewed,
    stratum_read,
    stratum_written,
)
from loyalty_engine.services.strata import Stratum
from loyalty_engine.store.backtest import members_read, sampled_members
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import CLASHES
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.simulations import (
    Advanced,
    SimulationWork,
    advance_simulation,
    begin_chunk,
    fail_simulation,
    joined_after,
    last_joined,
    open_simulation,
    open_simulations,
    simulation_lock,
)
from loyalty_engine.store.verification.business import last_member, members_after

_logger = logging.getLogger(__name__)

FOUND_NOTHING = {"cut": False, "merges": False}
"""What would make the figures of a back-test estimates, before anybody is folded."""

WHOLE = "whole"
"""The only stratum where everybody is folded."""


class CannotGoOn(Exception):
    """The simulation ends without a result; ``failure`` says why."""

    failure: str


class AnotherPublished(CannotGoOn):
    """A version was published since the preview was asked for, so that it would follow another one."""

    failure = "overtaken"


class Lost(CannotGoOn):
    """Its next chunk was begun as often as one is, and nobody came back from that."""

    failure = "lost"


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
    """One chunk, read in a snapshot. False: another worker has it at hand, or the simulation has ended."""
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
            advanced = await _Chunk(engine, connection, business, work).advanced()
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

    async def advanced(self) -> Advanced:
        """How far the simulation is then."""
        program = self._engine.draft(self._work.simulation_id, self._work.source or "")
        if program is None:
            raise ProgramUnavailable("a rule of the file is not installed any more")
        if self._work.kind == "preview":
            return await self._preview(program, cast("datetime", self._work.effective_at))
        period = Period(cast("datetime", self._work.from_at), cast("datetime", self._work.until_at))
        backtest = Backtest(self._engine, self._connection, self._business, program, self._plan, period)
        if self._work.counted is None:
            return await self._choose(backtest, period)
        return await self._backtest(program, backtest, period)

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
        further = self._further(len(rows), after, previewed(work.counted, result), done=after == last)
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

    def _further(self, members: int, after: UUID | None, counted: dict[str, Any], *, done: bool) -> Advanced:
        work = self._work
        so_far = work.members_done + members
        return Advanced(
            so_far if done else max(so_far, work.members or 0),
            so_far,
            after,
            work.through_member_id,
            None if done else work.chosen,
            counted,
            None,
            done,
        )

    async def _choose(self, backtest: Backtest, period: Period) -> Advanced:
        """Who is folded: everybody by the ids, or a sample that is kept."""
        sample = self._work.sample
        if backtest.rations:
            sample = min(sample or SAMPLE_MOST, SAMPLE_MOST)
        if sample is None:
            last, members = await last_joined(self._connection, self._business_id, period.end)
            strata = {WHOLE: stratum_written(Stratum(members))}
            counted = {"population": members, **FOUND_NOTHING, "strata": strata}
            return Advanced(members, 0, None, last, None, counted, None, done=False)
        rows = await sampled_members(self._connection, self._business_id, period.end, sample)
        strata = {row["stratum"]: stratum_written(Stratum(row["in_stratum"])) for row in rows}
        chosen = [[str(row["member_id"]), row["stratum"]] for row in rows]
        population = rows[0]["members"] if rows else 0
        counted = {"population": population, **FOUND_NOTHING, "strata": strata}
        return Advanced(len(rows), 0, None, None, chosen, counted, None, done=False)

    async def _backtest(self, program: Program, backtest: Backtest, period: Period) -> Advanced:
        counted = cast("dict[str, Any]", self._work.counted)
        backtest.strata = {name: stratum_read(each) for name, each in counted["strata"].items()}
        backtest.brings_otherwise = counted.get("merges", False)
        rows, strata, done = await self._next(backtest, period)
        population, chosen = counted["population"], self._work.chosen
        folded = population if chosen is None else len(chosen)
        answers = await backtest.answers(folded, population)
        published = await self._engine.rulebook(self._connection, self._business_id)
        if rows:
            at_once = len(rows) if backtest.rations else AT_ONCE
            for first in range(0, len(rows), at_once):
                await backtest.fold(published, rows[first : first + at_once], answers, strata)
        cut = counted["cut"] or answers.cut
        after = rows[-1].member_id if rows else self._work.after_member_id
        if not done:
            written = {name: stratum_written(each) for name, each in backtest.strata.items()}
            found = {"cut": cut, "merges": backtest.brings_otherwise, "strata": written}
            return self._further(len(rows), after, {**counted, **found}, done=False)
        if chosen is None:
            population = folded = backtest.strata[WHOLE].members = backtest.strata[WHOLE].folded
        result = backtested(program, await backtest.result(population, folded, cut, ()))
        return self._further(len(rows), after, result, done=True)

    async def _next(
        self, backtest: Backtest, period: Period
    ) -> tuple[Sequence[MemberRow], dict[UUID, Stratum], bool]:
        """The members of this chunk with their strata, and whether they are the last."""
        work = self._work
        if work.chosen is None:
            last = work.through_member_id
            if last is None:
                return [], {}, True
            rows = await joined_after(
                self._connection, self._business_id, period.end, work.after_member_id, last
            )
            whole = backtest.strata[WHOLE]
            return rows, {row.member_id: whole for row in rows}, not rows or rows[-1].member_id == last
        begin = work.members_done
        end = len(work.chosen) if backtest.rations else begin + 2 * AT_ONCE
        chosen = {UUID(key): backtest.strata[stratum] for key, stratum in work.chosen[begin:end]}
        rows = await members_read(self._connection, self._business_id, list(chosen))
        return rows, chosen, end >= len(work.chosen)


def _written(member: MemberRow, move: Move) -> list[Any]:
    return [str(member.member_id), move.ladder, move.from_tier, move.to_tier, move.falls]
