"""Back-tests in chunks of members: a chunk is read in a snapshot, and folded after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from loyalty_engine.entities.simulation import SAMPLE_MOST
from loyalty_engine.program import Program
from loyalty_engine.rating.periods import Cost
from loyalty_engine.services.backtest import AT_ONCE, Backtest, Period
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.simulation_counts import backtested, stratum_read, stratum_written
from loyalty_engine.services.strata import Stratum
from loyalty_engine.services.trials import Pair, TrialAnswers
from loyalty_engine.store.backtest import members_read, sampled_members
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.simulations import Advanced, SimulationWork, joined_after, last_joined

WHOLE = "whole"
"""The only stratum where everybody is folded."""

FOUND_NOTHING = {"cut": False, "merges": False}
"""What would make the figures estimates, before anybody is folded."""

TellMembers = Callable[[int], Awaitable[None]]
"""Told how many members of a piece are done; it may raise to end the chunk."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A chunk that was read and is not folded yet; ``real`` is what the period came to, in the last one."""

    work: SimulationWork
    program: Program
    backtest: Backtest
    pairs: Sequence[Pair]
    answers: TrialAnswers
    strata: Mapping[UUID, Stratum]
    after: UUID | None
    real: Mapping[Cost, int] | None

    async def folded(self, tell: TellMembers) -> Advanced:
        """How far the simulation is when these members are folded; ``tell`` is told of one that rations."""
        members = len(self.pairs)

        async def told(taken: int, facts: int) -> None:
            await tell(members * taken // facts)

        backtest, work = self.backtest, self.work
        await backtest.fold(self.pairs, self.answers, self.strata, told if backtest.rations else None)
        counted = cast("dict[str, Any]", work.counted)
        cut = counted["cut"] or self.answers.cut
        if self.real is None:
            written = {name: stratum_written(each) for name, each in backtest.strata.items()}
            found = {"cut": cut, "merges": backtest.brings_otherwise, "strata": written}
            return work.further(members, self.after, {**counted, **found}, done=False)
        population, folded = counted["population"], len(work.chosen or ())
        if work.chosen is None:
            population = folded = backtest.strata[WHOLE].members = backtest.strata[WHOLE].folded
        result = backtested(self.program, backtest.result(self.real, population, folded, cut, ()))
        return work.further(members, self.after, result, done=True)


class BacktestChunk:
    """One chunk of a back-test, as a connection sees the business in a snapshot."""

    def __init__(
        self,
        engine: Engine,
        connection: Connection,
        business_id: UUID,
        work: SimulationWork,
        program: Program,
        backtest: Backtest,
        period: Period,
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._business_id = business_id
        self._work = work
        self._program = program
        self._backtest = backtest
        self._period = period

    async def choose(self) -> Advanced:
        """Who is folded: everybody by the ids, or a sample that is kept."""
        sample, end = self._work.sample, self._period.end
        if self._backtest.rations:
            sample = min(sample or SAMPLE_MOST, SAMPLE_MOST)
        if sample is None:
            last, members = await last_joined(self._connection, self._business_id, end)
            strata = {WHOLE: stratum_written(Stratum(members))}
            counted = {"population": members, **FOUND_NOTHING, "strata": strata}
            return Advanced(members, 0, None, last, None, counted, None, done=False)
        rows = await sampled_members(self._connection, self._business_id, end, sample)
        strata = {row["stratum"]: stratum_written(Stratum(row["in_stratum"])) for row in rows}
        chosen = [[str(row["member_id"]), row["stratum"]] for row in rows]
        population = rows[0]["members"] if rows else 0
        counted = {"population": population, **FOUND_NOTHING, "strata": strata}
        return Advanced(len(rows), 0, None, None, chosen, counted, None, done=False)

    async def read(self) -> Reading:
        """All that is needed to fold the next members."""
        work, backtest = self._work, self._backtest
        counted = cast("dict[str, Any]", work.counted)
        backtest.strata = {name: stratum_read(each) for name, each in counted["strata"].items()}
        backtest.brings_otherwise = counted.get("merges", False)
        rows, strata, done = await self._next()
        population = counted["population"]
        folded = population if work.chosen is None else len(work.chosen)
        published = await self._engine.rulebook(self._connection, self._business_id)
        return Reading(
            # What is folded in one piece begins at its first member again, however far somebody was.
            replace(work, members_done=0) if backtest.rations else work,
            self._program,
            backtest,
            await backtest.read(published, rows),
            await backtest.answers(folded, population),
            strata,
            rows[-1].member_id if rows else work.after_member_id,
            await backtest.real() if done else None,
        )

    async def _next(self) -> tuple[Sequence[MemberRow], dict[UUID, Stratum], bool]:
        """The members of this chunk with their strata, and whether they are the last."""
        work, strata = self._work, self._backtest.strata
        if work.chosen is None:
            last = work.through_member_id
            if last is None:
                return [], {}, True
            rows = await joined_after(
                self._connection, self._business_id, self._period.end, work.after_member_id, last
            )
            return (
                rows,
                {row.member_id: strata[WHOLE] for row in rows},
                not rows or rows[-1].member_id == last,
            )
        begin, end = work.members_done, work.members_done + 2 * AT_ONCE
        if self._backtest.rations:
            begin, end = 0, len(work.chosen)
        chosen = {UUID(key): strata[stratum] for key, stratum in work.chosen[begin:end]}
        rows = await members_read(self._connection, self._business_id, list(chosen))
        return rows, chosen, end >= len(work.chosen)
