"""Answers to what steps ask of budgets and quotas, decided once, under lock (SEMANTICS section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.amounts import most_payable, shares
from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.localtime import local_day
from loyalty_engine.rating.earning import Ask, Asking
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.operations import body_hash
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import Rationed, lock_rationed


@dataclass(slots=True)
class Given:
    """The sums of all answers under one key, and the instant of the activity that asked."""

    asked: int = 0
    granted: int = 0


@dataclass(slots=True)
class MemberAnswers:
    """What one member's history was granted, and what of it a new fold asked for again.

    ``paid`` is what each partner paid of a grant as it is posted.
    """

    member_id: UUID
    given: dict[EffectKey, Given] = field(default_factory=dict)
    paid: Mapping[EffectKey, Mapping[str, int]] = field(default_factory=dict)
    asked_again: set[EffectKey] = field(default_factory=set)


class Answers:
    """Carries steps through in one transaction. All that is rationed is locked at once, at the first ask.

    Where ``left`` is given, it is what there is to be granted, and nothing is locked.
    """

    def __init__(
        self,
        connection: Connection,
        business_id: UUID,
        zone: ZoneInfo,
        now: datetime,
        left: Rationed | None = None,
    ) -> None:
        self._connection = connection
        self._business_id = business_id
        self._zone = zone
        self._now = now
        self._left = left
        self.rows: list[dict[str, Any]] = []
        self.members: set[UUID] = set()
        """Those to whom rows were added."""

    @property
    def rationed_locked(self) -> bool:
        """Whether this transaction holds the budgets and quotas already."""
        return self._left is not None

    async def carry(self, member: MemberAnswers, asking: Asking) -> None:
        """Take a step to its end, answering what it asks for."""
        try:
            ask = next(asking)
            while True:
                ask = asking.send(await self._answer(member, ask))
        except StopIteration:
            return

    async def _answer(self, member: MemberAnswers, ask: Ask) -> int:
        """What was granted before, and where more is wanted now, the difference asked for."""
        member.asked_again.add(ask.key)
        if member.given.setdefault(ask.key, Given()).granted > 0:
            await self._fund_anew(member, ask)
        given = member.given[ask.key]
        if ask.units > given.asked:
            granted = await self._grant(ask, given.granted, ask.units - given.asked)
            self._keep(member, ask.key, ask.at, Given(ask.units - given.asked, granted))
        elif ask.units < given.asked:
            kept = min(ask.units, given.granted)
            self._keep(member, ask.key, ask.at, Given(ask.units - given.asked, kept - given.granted))
        return min(ask.units, member.given[ask.key].granted)

    async def _fund_anew(self, member: MemberAnswers, ask: Ask) -> None:
        """Where a partner is to pay more of a grant than it did, give back what its budget does not hold.

        So it is where a version took effect before the activity that asked, and has the partners' shares
        otherwise than the version by which it was granted.
        """
        granted, paid = member.given[ask.key].granted, member.paid.get(ask.key, {})
        percents = [share.percent for share in ask.funding]
        held = [paid.get(share.partner, 0) for share in ask.funding]
        if all(part <= had for part, had in zip(shares(granted, percents), held, strict=True)):
            return
        if self._left is None:
            self._left = await lock_rationed(self._connection, self._business_id)
        budgets = [self._left.budgets[ask.key.rule, share.partner] for share in ask.funding]
        available = [None if have is None else have + had for have, had in zip(budgets, held, strict=True)]
        payable = most_payable(granted, percents, available)
        if payable < granted and not ask.partial:
            payable = 0
        parts = zip(ask.funding, budgets, held, shares(payable, percents), strict=True)
        for share, have, had, part in parts:
            if have is not None:
                self._left.budgets[ask.key.rule, share.partner] = have - max(0, part - had)
        if payable < granted:
            self._keep(member, ask.key, ask.at, Given(payable - granted, payable - granted))

    async def _grant(self, ask: Ask, before: int, more: int) -> int:
        if self._left is None:
            self._left = await lock_rationed(self._connection, self._business_id)
        if before < 0:
            return _grant_again(self._left, ask, more)
        uses_quota = ask.quota and before == 0
        if uses_quota and not self._left.quotas[ask.key.rule]:
            return 0
        granted = _grant(self._left, ask, before, more)
        if uses_quota and granted:
            self._left.quotas[ask.key.rule] -= 1
        return granted

    def give_back(self, member: MemberAnswers, at: Mapping[EffectKey, datetime]) -> None:
        """After a whole fold: what was granted and is not asked for any more goes back."""
        for key, given in member.given.items():
            if key not in member.asked_again and (given.asked or given.granted):
                self._keep(member, key, at.get(key, self._now), Given(-given.asked, -given.granted))

    def _keep(self, member: MemberAnswers, key: EffectKey, at: datetime, change: Given) -> None:
        given = member.given[key]
        member.given[key] = Given(given.asked + change.asked, given.granted + change.granted)
        fact_id = new_id()
        self.members.add(member.member_id)
        self.rows.append(
            {
                "business_id": self._business_id,
                "fact_id": fact_id,
                "member_id": member.member_id,
                "type": "answer",
                "source": OWN_SOURCE,
                "external_id": f"answer/{fact_id}",
                "occurred_at": at,
                "recorded_at": self._now,
                "local_day": local_day(at, self._zone),
                "body_hash": body_hash(key, change),
                "asked_cause_kind": key.cause.kind,
                "asked_cause_key": key.cause.key,
                "asked_rule": key.rule,
                "asked_slot": key.slot,
                "asked": change.asked,
                "granted": change.granted,
            }
        )


def _grant(left: Rationed, ask: Ask, before: int, more: int) -> int:
    """What the partners' budgets pay beyond what they paid before, taken from what is left of them."""
    keys = [(ask.key.rule, share.partner) for share in ask.funding]
    percents = [share.percent for share in ask.funding]
    held = shares(before, percents)
    budgets = [left.budgets[key] for key in keys]
    available = [None if have is None else have + part for have, part in zip(budgets, held, strict=True)]
    total = most_payable(before + more, percents, available)
    if not ask.partial and total < before + more:
        total = before
    total = max(total, before)
    for key, part, now in zip(keys, held, shares(total, percents), strict=True):
        have = left.budgets[key]
        if have is not None:
            left.budgets[key] = have - (now - part)
    return total - before


def _grant_again(left: Rationed, ask: Ask, more: int) -> int:
    """Some of what went back to one partner's budget, as far as it is still there."""
    (partner,) = [share.partner for share in ask.funding]
    have = left.budgets[ask.key.rule, partner]
    granted = more if have is None else min(more, have)
    if have is not None:
        left.budgets[ask.key.rule, partner] = have - granted
    return granted


def given_by_member(rows: Iterable[asyncpg.Record]) -> dict[UUID, dict[EffectKey, Given]]:
    """The sums of stored answers, by member and key."""
    found: dict[UUID, dict[EffectKey, Given]] = {}
    for row in rows:
        cause = Cause(row["asked_cause_kind"], row["asked_cause_key"])
        key = EffectKey(cause, row["asked_rule"], row["asked_slot"])
        found.setdefault(row["member_id"], {})[key] = Given(row["asked"], row["granted"])
    return found
