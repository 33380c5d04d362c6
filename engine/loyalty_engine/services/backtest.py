"""What a past period would have come to under a draft, member by member, against what it really came to.

Both are folds of the same facts: one by the published versions with the answers that were given, and one by
the draft from the beginning of the period on. It tells what the program would have given for what members
did; that they might have done something else is not in it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.program import Finding, Program, ProgramInvalid, compile_program
from loyalty_engine.program.plan import NO_PLAN, Plan
from loyalty_engine.rating import Outcome, ProgramVersion, Rulebook
from loyalty_engine.rating.periods import Cost, cost_of, costs
from loyalty_engine.services.answers import Answers, Given, MemberAnswers
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.histories import History, begun, histories
from loyalty_engine.services.programs import NotPublished, ProgramRefused, findings_at
from loyalty_engine.services.promotions import known_promotions, opened_units
from loyalty_engine.services.strata import Held, Stratum, margin, totals
from loyalty_engine.services.trials import Pair, Tell, Told, Trial, TrialAnswers, carried
from loyalty_engine.services.verification.replay import StoredAnswers
from loyalty_engine.store.backtest import members_read, posted_between, rationed_at, sampled_members
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.publishing import published_versions

AT_ONCE = 100
"""How many members are folded together where nothing is rationed."""

RATIONED_MAX = 5000
"""How many members are folded where something is: they draw on it in the order of facts, so together."""

JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant until before another."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """What it really came to, and what it would have come to.

    ``margin`` is how far the change of a sample may be off: half of its 95 % confidence interval.
    """

    was: int
    would: int
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Backtested:
    """What a period came to for the members who had joined before its end.

    ``estimates`` says why it is not exact: ``sample``, ``budgets`` (somebody would have been granted less
    than asked), ``gifts`` (others would have been given something else, which they might have spent) or
    ``merges`` (somebody would have had something else to bring into another membership). ``costs`` are in the
    smallest units of their currency. ``tiers`` are without those who had left or been absorbed by the end.
    ``failed`` counts members at whom a rule failed.
    """

    period: Period
    members: int
    folded: int
    estimates: frozenset[str]
    costs: Mapping[Cost, Compared]
    tiers: Mapping[Held, int]
    failed: Mapping[str, int]
    findings: tuple[Finding, ...] = ()


async def backtest_program(
    engine: Engine,
    caller: Caller,
    source: str,
    period: Period,
    plan: Plan = NO_PLAN,
    sample: int | None = None,
) -> Backtested | NotPublished:
    """Fold a past period by the file as if it had been published with the plan at its start; writes nothing.

    ``sample`` folds about so many members, the same share of those on each tier. Refused where it could not
    have been published then, or where the period is not over.
    """
    try:
        program = compile_program(source, engine.installed)
        async with engine.database.snapshot(caller.business_id) as connection:
            business = await engine.business(connection, caller.business_id)
            findings = await backtest_findings(connection, business, program, period, plan)
            return await Backtest(engine, connection, business, program, plan, period).of(sample, findings)
    except (ProgramInvalid, ProgramRefused) as wrong:
        return NotPublished(wrong.findings)


async def backtest_findings(
    connection: Connection, business: Business, program: Program, period: Period, plan: Plan
) -> tuple[Finding, ...]:
    """What is to be thought of; ProgramRefused where there is nothing to fold."""
    if not period.start < period.end <= business.now():
        message = "a back-test is of a period that is over, and its end comes after its start"
        fix = f"choose instants up to {business.now().isoformat()}"
        raise ProgramRefused([Finding("until", message, fix=fix)])
    earlier = await published_versions(connection, business.business_id)
    known = await known_promotions(connection, business.business_id)
    return (*program.findings, *findings_at(program, business, known, earlier, period.start, plan))


class Backtest:
    """Two folds of a period for members as a connection sees them; ``strata`` have what came of them."""

    def __init__(
        self,
        engine: Engine,
        connection: Connection,
        business: Business,
        program: Program,
        plan: Plan,
        period: Period,
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._business = business
        self._program = program
        self._plan = plan
        self._period = period
        self.strata: dict[str, Stratum] = {}
        self.brings_otherwise = False
        """Whether somebody who was absorbed would have had something else to bring."""

    async def of(self, sample: int | None, findings: tuple[Finding, ...]) -> Backtested:
        business_id, period = self._business.business_id, self._period
        published = await self._engine.rulebook(self._connection, business_id)
        if self.rations:
            sample = min(sample or RATIONED_MAX, RATIONED_MAX)
        chosen = await sampled_members(self._connection, business_id, period.end, sample)
        members = chosen[0]["members"] if chosen else 0
        answers = await self.answers(len(chosen), members)
        at_once = max(1, len(chosen)) if self.rations else AT_ONCE
        strata = {row["member_id"]: self.stratum(row["stratum"], row["in_stratum"]) for row in chosen}
        for first in range(0, len(chosen), at_once):
            ids = [row["member_id"] for row in chosen[first : first + at_once]]
            rows = await members_read(self._connection, business_id, ids)
            await self.fold(await self.read(published, rows), answers, strata)
        return self.result(await self.real(), members, len(chosen), answers.cut, findings)

    @property
    def rations(self) -> bool:
        """Whether what one member is granted may be missing for another."""
        return any(
            terms.quota is not None or any(budget is not None for budget in terms.budgets.values())
            for terms in self._program.promotions.values()
        )

    async def answers(self, folded: int, members: int) -> TrialAnswers:
        """What there is to be granted: of a sample, its share of what was there."""
        left = await rationed_at(self._connection, self._business.business_id, self._period.start)
        for key, terms in self._program.promotions.items():
            for partner in terms.budgets:
                left.budgets.setdefault((key, partner), opened_units(self._program, terms, partner))
            if terms.quota is not None:
                left.quotas.setdefault(key, terms.quota)
        if folded < members:
            for name, units in left.budgets.items():
                left.budgets[name] = None if units is None else units * folded // members
            for key, awards in left.quotas.items():
                left.quotas[key] = awards * folded // members
        return TrialAnswers(self._connection, self._business, left)

    def stratum(self, tiers: str, members: int) -> Stratum:
        """The stratum of those who hold these tiers, of whom there are so many."""
        return self.strata.setdefault(tiers, Stratum(members))

    async def read(self, published: Rulebook, rows: Sequence[MemberRow]) -> list[Pair]:
        """Both folds of some members, which have taken nothing yet; nothing else is read for them."""
        known = await histories(self._connection, self._business.business_id, published, rows)
        drafted = self._drafted(published)
        return [
            Pair(
                self._trial(published, history, history.given),
                self._trial(drafted, history, self._given_before(history)),
            )
            for history in (known[row.member_id] for row in rows)
        ]

    async def fold(
        self,
        pairs: Sequence[Pair],
        answers: TrialAnswers,
        strata: Mapping[UUID, Stratum],
        tell: Tell | None = None,
    ) -> None:
        """Fold some members twice, and add what came of them to their strata."""
        now, told = self._business.now(), Told(pairs, tell)
        stored = StoredAnswers(self._connection, self._business.business_id, self._business.zone, now)
        await self._take([pair.was for pair in pairs], stored, told)
        await self._take([pair.would for pair in pairs], answers, told)
        for pair in pairs:
            self._add(strata[pair.member_id], pair.was.folding.outcome(), pair.would.folding.outcome())

    def _drafted(self, published: Rulebook) -> Rulebook:
        """The versions from before the period, and the draft from its start on."""
        start = self._period.start
        before = [
            each for each in published.versions if each.effective_at is None or each.effective_at < start
        ]
        return Rulebook(
            (*before, ProgramVersion(new_id(), len(before) + 1, start, self._program, self._plan))
        )

    def _given_before(self, history: History) -> Mapping[EffectKey, Given]:
        """What was granted before the period; what was granted in it is asked for again."""
        causes = {fact.cause: fact.occurred_at for fact in history.facts.values()}
        start = self._period.start
        return {key: each for key, each in history.given.items() if causes.get(key.cause, start) < start}

    def _trial(self, rulebook: Rulebook, history: History, given: Mapping[EffectKey, Given]) -> Trial:
        folding, ordered = begun(rulebook, history)
        answering = MemberAnswers(history.stored.member.member_id, dict(given))
        in_time = [fact for fact in ordered if fact.occurred_at < self._period.end]
        return Trial(history, folding, answering, in_time)

    async def _take(self, trials: Sequence[Trial], answers: Answers, told: Told) -> None:
        """The facts of all of them in one order, then the boundaries that are left of the period."""
        for _, trial, fact in heapq.merge(*(each.steps() for each in trials), key=itemgetter(0)):
            await answers.carry(trial.answering, trial.folding.take(fact))
            await told.took()
        for trial in trials:
            trial.folding.advance(self._period.end - JUST_BEFORE)

    def _add(self, stratum: Stratum, was: Outcome, would: Outcome) -> None:
        start, end = self._period.start, self._period.end
        came, would_come = (costs(each.effects.values(), start, end) for each in (was, would))
        stratum.add(came, would_come)
        stratum.failed.update({parked.rule for parked in would.parked})
        if was.state.closed:
            is_absorbed = was.state.closed_at is None
            if is_absorbed and (came != would_come or carried(was.state) != carried(would.state)):
                self.brings_otherwise = True
            return  # Who left or went into another is counted on no tier.
        for policy in self._program.ladders:
            before, after = was.state.ladders.get(policy.key), would.state.ladders[policy.key]
            stratum.tiers[Held(policy.key, before.tier if before else None, after.tier)] += 1

    async def real(self) -> Mapping[Cost, int]:
        """What the period really came to, for all members."""
        business_id, period = self._business.business_id, self._period
        return _real(await posted_between(self._connection, business_id, period.start, period.end))

    def result(
        self, was: Mapping[Cost, int], members: int, folded: int, cut: bool, findings: tuple[Finding, ...]
    ) -> Backtested:
        """What really ``was`` is known; the change is added up, of a sample estimated.

        ``cut`` says whether anybody was granted less than asked.
        """
        found = self.strata.values()
        changes = totals([(each, each.changes) for each in found])
        gifts = any(cost.sort == "given" and change for cost, change in changes.items())
        reasons = {
            "sample": folded < members,
            "budgets": cut,
            "gifts": gifts,
            "merges": self.brings_otherwise,
        }
        return Backtested(
            self._period,
            members,
            folded,
            frozenset(reason for reason, holds in reasons.items() if holds),
            {
                cost: Compared(was.get(cost, 0), was.get(cost, 0) + changes.get(cost, 0), margin(found, cost))
                for cost in sorted({*was, *changes})
            },
            totals([(each, each.tiers) for each in found]),
            totals([(each, each.failed) for each in found]),
            findings,
        )


def _real(rows: Sequence[asyncpg.Record]) -> Counter[Cost]:
    found: Counter[Cost] = Counter()
    for row in rows:
        counted = cost_of(row["kind"], row["rule"], row["slot"])
        if counted is not None:
            found[counted[0]] += counted[1] * row["value"]
    return found
