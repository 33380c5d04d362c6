"""One write path for facts of any number of members: lock, load, fold each in order, write set-wise.

A fact that lies behind its member's history, or a linked return, folds the member again from the
beginning and posts the difference; all others are steps from the stored state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty_engine.entities import ActivityLine
from loyalty_engine.entities import Fact as FactEntity
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import (
    ActivityFact,
    Fact,
    Folding,
    Outcome,
    ReturnFact,
    Rulebook,
    State,
)
from loyalty_engine.rating.carried import ABSORPTION, MERGE
from loyalty_engine.rating.facts import place_of
from loyalty_engine.services.answers import Answers, MemberAnswers
from loyalty_engine.services.carrying import pair_of, rest_of
from loyalty_engine.services.causing import Causing
from loyalty_engine.services.commands import ParkedRule
from loyalty_engine.services.differences import MemberDifference
from loyalty_engine.services.engine import Business
from loyalty_engine.services.histories import fold_whole, histories
from loyalty_engine.services.instants import instant_behind
from loyalty_engine.services.merged import MERGED
from loyalty_engine.services.posted import Folded, Posted, taken_back_before
from loyalty_engine.services.posting import Row, Rows, write_rows
from loyalty_engine.services.states import Stored, empty_state, stored_states
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, locked_members
from loyalty_engine.store.merges import merged_into
from loyalty_engine.store.rows import insert_rows


@dataclass(slots=True)
class Arrivals:
    """The facts of one member that arrive now, by their ids."""

    member: MemberRow
    facts: dict[UUID, Fact] = field(default_factory=dict)

    @property
    def in_order(self) -> list[tuple[UUID, Fact]]:
        """In the order of the fold."""
        return sorted(self.facts.items(), key=lambda item: place_of(item[1]))

    @property
    def is_late(self) -> bool:
        """Whether the member must be folded again from the beginning."""
        member, ordered = self.member, self.in_order
        if any(isinstance(fact, ReturnFact) or _comes_with_a_merge(fact) for _, fact in ordered):
            return True
        if not ordered:
            return False
        first = ordered[0][1]
        if first.occurred_at < member.folded_until:
            return True
        if member.last_occurred_at is None:
            return False
        last = (member.last_occurred_at, member.last_source or "", member.last_external_id or "")
        return place_of(first) <= last

    def join_earlier(self, zone: ZoneInfo) -> bool:
        """Move joining to the first of the facts, where that lies before it; whether it moved."""
        first = min((fact.occurred_at for fact in self.facts.values()), default=self.member.enrolled_at)
        if first >= self.member.enrolled_at:
            return False
        self.member = replace(self.member, enrolled_at=first, joined_on=local_day(first, zone))
        return True


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the arrivals of one member."""

    outcome: Outcome
    effect_ids: Mapping[UUID, Sequence[UUID]]

    def parked_for(self, fact: Fact) -> tuple[ParkedRule, ...]:
        """The rules that failed at a fact."""
        return tuple(
            ParkedRule(parked.rule, parked.error)
            for parked in self.outcome.parked
            if parked.cause == fact.cause
        )


class FoldingBatch:
    """Folds the arrivals of members that are locked, in one transaction."""

    def __init__(self, connection: Connection, business: Business, rulebook: Rulebook, now: datetime) -> None:
        self._connection = connection
        self._business = business
        self._rulebook = rulebook
        self._now = now
        self._answers = Answers(connection, business.business_id, business.zone, now)
        self._rows = Rows()
        self.passed_over: set[UUID] = set()
        """Facts that somebody else recorded first, under the same natural key."""

    async def fold(
        self,
        arrivals: Sequence[Arrivals],
        *,
        facts: Sequence[Row] = (),
        lines: Sequence[Row] = (),
        until: datetime | None = None,
        again: bool = False,
        new: bool = False,
    ) -> dict[UUID, Written]:
        """Record the facts, fold and write; ``until`` also applies the boundaries up to an instant.

        ``again`` folds every member from the beginning, ``new`` says that they have just been enrolled.
        """
        late = [
            each
            for each in arrivals
            if again or (not new and (each.is_late or folded_without(self._rulebook, each.member)))
        ]
        late_ids = {each.member.member_id for each in late}
        live = [each for each in arrivals if each.member.member_id not in late_ids]
        states = await self._live_states(live, new=new)
        await self._record(arrivals, _in_time(arrivals, facts), lines)
        written = await self._fold_live(live, states, until, new=new)
        written.update(await self._fold_again(late, until))
        causing = Causing(self._connection, self._business, self._now)
        await causing.prepare(self._rows.caused)
        await insert_rows(self._connection, FactEntity, _in_time(arrivals, self._answers.rows))
        await write_rows(
            self._connection,
            self._business.business_id,
            self._rows,
            self._now,
            rationed_locked=self._answers.rationed_locked,
        )
        await self._cause(causing)
        await self._carry(arrivals, written)
        return written

    async def _cause(self, causing: Causing) -> None:
        """Record and fold what was caused in the histories of others, which are read as they are by now."""
        caused = await causing.activities()
        if caused:
            batch = FoldingBatch(self._connection, self._business, self._rulebook, self._now)
            await batch.fold(
                [Arrivals(member, facts) for member, facts, _ in caused],
                facts=[row for _, _, rows in caused for row in rows],
            )

    async def _carry(self, arrivals: Sequence[Arrivals], written: Mapping[UUID, Written]) -> None:
        """Carry what came into histories that have ended to who goes on with them; who is erased has none."""
        for each in arrivals:
            absorbed, business_id = each.member, self._business.business_id
            if absorbed.status != MERGED or not _has_come(each, written[absorbed.member_id].outcome.state):
                continue
            into = await merged_into(self._connection, business_id, absorbed.member_id)
            if into is None:
                raise LookupError(f"{absorbed.member_id} was merged into nobody")
            members = await locked_members(self._connection, business_id, (absorbed.member_id, into))
            if into not in members:
                continue
            absorbed, survivor = members[absorbed.member_id], members[into]
            state = written[absorbed.member_id].outcome.state
            at = max(instant_behind(absorbed, self._now), instant_behind(survivor, self._now))
            carried = await rest_of(
                self._connection,
                business_id,
                self._rulebook,
                absorbed.member_id,
                state,
                each.facts.values(),
                at,
            )
            pair = pair_of(self._business, absorbed, survivor, carried, at, self._now)
            batch = FoldingBatch(self._connection, self._business, self._rulebook, self._now)
            await batch.fold(
                [Arrivals(members[key], dict(facts)) for key, facts in pair.facts.items()], facts=pair.rows
            )

    async def _record(self, arrivals: Sequence[Arrivals], facts: Sequence[Row], lines: Sequence[Row]) -> None:
        ordered = sorted(facts, key=lambda row: (row["source"], row["external_id"]))
        inserted = await insert_rows(
            self._connection, FactEntity, ordered, skip_existing=True, returning=("fact_id",)
        )
        recorded = {row["fact_id"] for row in inserted}
        self.passed_over = {row["fact_id"] for row in facts} - recorded
        for each in arrivals:
            each.facts = {key: fact for key, fact in each.facts.items() if key in recorded}
            if each.join_earlier(self._business.zone):
                self._rows.joinings.append(self._joining(each.member))
        await insert_rows(
            self._connection, ActivityLine, [row for row in lines if row["fact_id"] in recorded]
        )

    def _joining(self, member: MemberRow) -> Row:
        return {
            "business_id": self._business.business_id,
            "member_id": member.member_id,
            "enrolled_at": member.enrolled_at,
            "joined_on": member.joined_on,
        }

    async def _live_states(self, arrivals: Sequence[Arrivals], *, new: bool) -> dict[UUID, Stored]:
        """The states as they are before the facts are recorded."""
        members = [each.member for each in arrivals]
        if new:
            return {member.member_id: Stored(member, empty_state(member)) for member in members}
        if not members:
            return {}
        return await stored_states(self._connection, self._business.business_id, self._rulebook, members)

    async def _fold_live(
        self,
        arrivals: Sequence[Arrivals],
        states: Mapping[UUID, Stored],
        until: datetime | None,
        *,
        new: bool,
    ) -> dict[UUID, Written]:
        outcomes = {}
        for each in arrivals:
            stored = states[each.member.member_id]
            folding = Folding(self._rulebook, stored.state)
            if new:
                folding.enrol()
            answering = MemberAnswers(each.member.member_id)
            for _, fact in each.in_order:
                await self._answers.carry(answering, folding.take(fact))
            if until is not None:
                folding.advance(until)
            outcomes[each.member.member_id] = folding.outcome()
        again = await taken_back_before(self._connection, self._business.business_id, outcomes)
        written = {}
        for each in arrivals:
            key = each.member.member_id
            written[key] = self._collect(each, states[key], outcomes[key], None, {}, again.get(key, {}))
        return written

    async def _fold_again(self, arrivals: Sequence[Arrivals], until: datetime | None) -> dict[UUID, Written]:
        if not arrivals:
            return {}
        members = [each.member for each in arrivals]
        known = await histories(self._connection, self._business.business_id, self._rulebook, members)
        written = {}
        for each in arrivals:
            history = known[each.member.member_id]
            outcome = await fold_whole(self._rulebook, history, self._answers, self._now, until)
            written[each.member.member_id] = self._collect(
                each, history.stored, outcome, history.posted, history.fact_ids, {}
            )
        return written

    def _collect(
        self,
        each: Arrivals,
        stored: Stored,
        outcome: Outcome,
        posted: Posted | None,
        known: Mapping[str, UUID],
        taken_back: Mapping[EffectKey, UUID],
    ) -> Written:
        arrived = {fact.cause.key: fact_id for fact_id, fact in each.facts.items()}
        ordered = each.in_order
        folded = Folded(
            stored,
            outcome,
            {**known, **arrived},
            frozenset(each.facts),
            ordered[0][0] if ordered else None,
            each.member.member_id in self._answers.members,
            posted,
            taken_back,
        )
        collected = MemberDifference(
            self._business.business_id, self._rulebook, self._now, self._rows, folded
        )
        collected.collect()
        return Written(outcome, collected.effect_ids)


def _comes_with_a_merge(fact: Fact) -> bool:
    """Whether the measures of another history come with it, which no step from the stored state reads."""
    return isinstance(fact, ActivityFact) and fact.activity.kind == ABSORPTION


def _has_come(each: Arrivals, state: State) -> bool:
    """Whether a history that has ended has anything again that must be carried."""
    facts = each.facts.values()
    if any(isinstance(fact, ActivityFact) and fact.activity.kind == MERGE for fact in facts):
        return False
    wallets = state.wallets.values()
    return bool(facts) or any(wallet.available or wallet.pending or wallet.debt for wallet in wallets)


def folded_without(rulebook: Rulebook, member: MemberRow) -> bool:
    """Whether a version took effect before where the member's history stands, and was not known there yet."""
    return any(
        version.effective_at is not None and version.effective_at <= member.folded_until
        for version in rulebook.versions[member.rulebook_version :]
    )


def _in_time(arrivals: Sequence[Arrivals], facts: Sequence[Row]) -> list[Row]:
    """The facts, none of them recorded before what is known of its member (BEHAVIOUR L50)."""
    members = {each.member.member_id: each.member for each in arrivals}
    return [{**row, "recorded_at": members[row["member_id"]].not_before(row["recorded_at"])} for row in facts]
