"""Undoing what the engine decided itself: a return of the whole of it, in the engine's own name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ReturnFact
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Business, Caller
from loyalty_engine.services.operations import body_hash
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import original_fact
from loyalty_engine.store.members import MemberRow

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Undoing:
    """Who undoes in which business, and when that is recorded."""

    business: Business
    caller: Caller
    now: datetime

    def of(
        self, original: asyncpg.Record, occurred_at: datetime, reason: str | None = None
    ) -> tuple[ReturnFact, Row]:
        """The return of an activity without amount, units and lines, and its row.

        Its natural key says what it undoes, so that nothing is undone twice.
        """
        natural, fact_id = (OWN_SOURCE, f"return/{original['fact_id']}"), new_id()
        of = (original["source"], original["external_id"])
        row = {
            "business_id": self.business.business_id,
            "fact_id": fact_id,
            "member_id": original["member_id"],
            "type": "activity",
            "source": natural[0],
            "external_id": natural[1],
            "occurred_at": occurred_at,
            "recorded_at": self.now,
            "local_day": local_day(occurred_at, self.business.zone),
            "body_hash": body_hash("return", natural),
            "credential_id": self.caller.credential_id,
            "kind": "return",
            "attributes": original["attributes"],
            "reverses_fact_id": original["fact_id"],
            "reason": reason,
            "counts_as": original["kind"],
            "counts_on": original["local_day"],
            "ones": -1,
        }
        return ReturnFact(*natural, occurred_at, of, Decimal(0)), row


async def undo_decided(
    deciding: Deciding,
    caller: Caller,
    connection: Connection,
    member: MemberRow,
    fact_id: UUID,
    reason: str | None = None,
) -> Recorded:
    """Return what was decided of a member that is locked, now."""
    original = await original_fact(connection, deciding.business.business_id, fact_id, None)
    if original is None:
        raise LookupError(f"no activity {fact_id}")
    undoing = Undoing(deciding.business, caller, deciding.now)
    fact, row = undoing.of(original, deciding.instant(member), reason)
    written = await deciding.fold(
        {member.member_id: {row["fact_id"]: fact}}, {member.member_id: member}, [row]
    )
    of_member = written[member.member_id]
    effect_ids = tuple(of_member.effect_ids.get(row["fact_id"], ()))
    return Recorded(row["fact_id"], member.member_id, effect_ids, of_member.parked_for(fact), fact_id)
