"""Decisions about members' points: made once, under the members' locks, and recorded as activities.

What is decided happens now, behind everything that the member's history holds already, so that the points
that were seen are the points that are spent. A refusal writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program
from loyalty_engine.program.file import PointsSection
from loyalty_engine.rating import ActivityFact, Fact, Folding, Moved, Rulebook, State
from loyalty_engine.rating.facts import NaturalKey
from loyalty_engine.rules import Activity
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.ended import refuse_ended
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import checked_member, found_members, member_not_found
from loyalty_engine.services.folding import Arrivals, FoldingBatch, Written, folded_without
from loyalty_engine.services.instants import instant_behind
from loyalty_engine.services.merged import those_there
from loyalty_engine.services.moved_rows import moved_columns
from loyalty_engine.services.operations import body_hash
from loyalty_engine.services.points import insufficient
from loyalty_engine.services.refusals import invalid
from loyalty_engine.services.states import stored_states
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Overtaken
from loyalty_engine.store.members import MemberRow, lock_members, locked_members

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """An activity that was decided: what it does with points, and what it is about, by id and natural key."""

    member: MemberRow
    kind: str
    moved: Moved | None = None
    about: tuple[UUID, NaturalKey] | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    fact_id: UUID = field(default_factory=new_id)
    natural: NaturalKey | None = None
    """The natural key; left out: one of the engine's own."""

    @property
    def natural_key(self) -> NaturalKey:
        """(source, external_id)."""
        return self.natural or (OWN_SOURCE, f"{self.kind}/{self.fact_id}")


class Deciding:
    """One decision: members are locked, looked at as they are now, and what was decided is recorded."""

    def __init__(self, engine: Engine, caller: Caller, connection: Connection, business: Business) -> None:
        self._engine = engine
        self._caller = caller
        self._connection = connection
        self.business = replace(business, clock=engine.deciding)
        self.now = self.business.now()
        self._rulebook: Rulebook | None = None

    @property
    def rulebook(self) -> Rulebook:
        """The published programs, read when the members were locked."""
        if self._rulebook is None:
            raise RuntimeError("the rulebook is read when members are locked")
        return self._rulebook

    @property
    def program(self) -> Program:
        """The program in force now."""
        return self.rulebook.in_force(self.now).program

    async def lock(self, **named: MemberBy) -> list[MemberRow]:
        """Find and lock members, by the fields that name them, in the order of their ids; answered as named.

        Refused with NOT_FOUND for one that is not there or that the caller may not see, with MEMBER_MERGED
        for one that went into another, and with MEMBER_BLOCKED for one that has left.
        """
        by = {path: checked_member(each, path) for path, each in named.items()}
        found = await found_members(self._connection, self._engine, self._caller, list(by.values()))
        for path, each in by.items():
            if each not in found:
                raise member_not_found(path)
        members = await self._lock_ids([found[each] for each in by.values()], list(by))
        for path, member in zip(by, members, strict=True):
            await refuse_ended(self._connection, self.business.business_id, [member], path)
        return members

    async def lock_ids(self, member_ids: Sequence[UUID], *paths: str) -> list[MemberRow]:
        """Lock members by id, answered in the order given; also those who went into others that are there.

        Refused with NOT_FOUND, by the field that names each, or else is called `member`.
        """
        by = paths or ["member"] * len(member_ids)
        members = await self._lock_ids(member_ids, by)
        named = {member.member_id: member for member in members}
        there = await those_there(self._connection, self.business.business_id, named)
        for path, member_id in zip(by, member_ids, strict=True):
            if member_id not in there:
                raise member_not_found(path)
        return members

    async def again(self, member: MemberRow) -> MemberRow:
        """A locked member as it is by now."""
        found = await locked_members(self._connection, self.business.business_id, [member.member_id])
        return found[member.member_id]

    async def _lock_ids(self, member_ids: Sequence[UUID], paths: Sequence[str]) -> list[MemberRow]:
        """Lock members by id; ``paths`` are the fields that name them."""
        members = await lock_members(self._connection, self.business.business_id, member_ids)
        for member_id, path in zip(member_ids, paths, strict=True):
            if member_id not in members:
                raise member_not_found(path)
        self.now = self.business.now()  # after the locks, so that decisions are in the order of time
        self._rulebook = await self._engine.rulebook(self._connection, self.business.business_id)
        behind = [member for member in members.values() if folded_without(self._rulebook, member)]
        if behind:
            batch = FoldingBatch(self._connection, self.business, self._rulebook, self.now)
            await batch.fold([Arrivals(member) for member in behind], again=True)
            members = await locked_members(self._connection, self.business.business_id, member_ids)
        return [members[member_id] for member_id in member_ids]

    def instant(self, member: MemberRow) -> datetime:
        """When what is decided of a member happens: now, behind all that happened to the member."""
        return instant_behind(member, self.now)

    async def state(self, member: MemberRow) -> State:
        """The member as it is at that instant."""
        stored = await stored_states(self._connection, self.business.business_id, self.rulebook, [member])
        folding = Folding(self.rulebook, stored[member.member_id].state)
        folding.advance(self.instant(member))
        return folding.state

    async def spendable(self, member: MemberRow, section: PointsSection, units: int, *path: str) -> Wallet:
        """The member's wallet, which has so many units to spend; refused with INSUFFICIENT_POINTS."""
        if not section.redeemable:
            raise invalid("points-not-redeemable", *(path or ("currency",)), currency=section.key)
        wallet = (await self.state(member)).wallet(section.key)
        if wallet.available < units:
            raise insufficient(section, wallet.available, units)
        return wallet

    async def record(self, *decided: Decided) -> list[Recorded]:
        """Record what was decided, fold the members and post what it comes to."""
        facts = {each.fact_id: self._fact(each) for each in decided}
        members = {each.member.member_id: each.member for each in decided}
        written = await self.fold(
            {
                member_id: {
                    each.fact_id: facts[each.fact_id]
                    for each in decided
                    if each.member.member_id == member_id
                }
                for member_id in members
            },
            members,
            [self._row(each, facts[each.fact_id]) for each in decided],
        )
        return [self._recorded(each, facts[each.fact_id], written) for each in decided]

    async def fold(
        self,
        facts: Mapping[UUID, Mapping[UUID, Fact]],
        members: Mapping[UUID, MemberRow],
        rows: Sequence[Row],
        *,
        again: bool = False,
    ) -> dict[UUID, Written]:
        """Record facts of locked members, by member and id, and fold them; ``again`` from the beginning.

        Raises Overtaken where somebody else records one of their natural keys at the same time.
        """
        batch = FoldingBatch(self._connection, self.business, self.rulebook, self.now)
        arrivals = [Arrivals(members[key], dict(of_member)) for key, of_member in facts.items()]
        written = await batch.fold(arrivals, facts=rows, again=again)
        if batch.passed_over:
            raise Overtaken
        return written

    def _fact(self, decided: Decided) -> ActivityFact:
        occurred_at = self.instant(decided.member)
        source, external_id = decided.natural_key
        activity = Activity(
            source=source,
            external_id=external_id,
            kind=decided.kind,
            occurred_at=occurred_at,
            local_day=local_day(occurred_at, self.business.zone),
            amount=None,
            units=None,
            channel=None,
            partner=None,
            attributes=dict(decided.attributes),
            lines=(),
        )
        return ActivityFact(activity, decided.moved, None if decided.about is None else decided.about[1])

    def _row(self, decided: Decided, fact: ActivityFact) -> Row:
        activity = fact.activity
        return {
            **self.fact_columns(decided.fact_id, decided.member, fact),
            "body_hash": body_hash("decided", decided.kind, decided.moved, decided.attributes),
            "kind": activity.kind,
            "attributes": dict(activity.attributes),
            "reason": decided.reason,
            "counts_as": activity.counts_as,
            "counts_on": activity.local_day,
            "ones": activity.occurrences,
            **moved_columns(decided.moved, None if decided.about is None else decided.about[0]),
        }

    def fact_columns(self, fact_id: UUID, member: MemberRow, fact: ActivityFact) -> Row:
        """The columns that every recorded activity has."""
        return {
            "business_id": self.business.business_id,
            "fact_id": fact_id,
            "member_id": member.member_id,
            "type": "activity",
            "source": fact.activity.source,
            "external_id": fact.activity.external_id,
            "occurred_at": fact.occurred_at,
            "recorded_at": self.now,
            "local_day": fact.activity.local_day,
            "credential_id": self._caller.credential_id,
        }

    @staticmethod
    def _recorded(decided: Decided, fact: ActivityFact, written: Mapping[UUID, Written]) -> Recorded:
        of_member = written[decided.member.member_id]
        return Recorded(
            decided.fact_id,
            decided.member.member_id,
            tuple(of_member.effect_ids.get(decided.fact_id, ())),
            of_member.parked_for(fact),
        )
