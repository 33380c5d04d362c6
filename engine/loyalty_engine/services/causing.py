"""What one history causes in another: activities of the other member, keyed by their cause (SEMANTICS 7).

A gift is recorded when its cause comes, at the instant of its cause, and reversed whole when its cause goes,
in the same transaction. When it comes again, or another amount of it, it is another activity under the next
number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ActivityFact, Fact, Moved, Portion, ReturnFact
from loyalty_engine.rating.facts import GIFT, NaturalKey, key_text, natural_key_of
from loyalty_engine.rating.wallets import gift_of
from loyalty_engine.rules import Activity
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.engine import Business
from loyalty_engine.services.merged import those_there
from loyalty_engine.services.moved_rows import NOTHING_MOVED, moved_columns
from loyalty_engine.services.operations import body_hash
from loyalty_engine.services.posting import Caused, Row
from loyalty_engine.store.caused import gifts_about
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, locked_members, members_by_external_id

OfMember = tuple[MemberRow, dict[UUID, Fact], list[Row]]
"""A member, and the facts that it is given now, by id, and as rows."""


class Causing:
    """The gifts that some members' histories cause now, or no more."""

    def __init__(self, connection: Connection, business: Business, now: datetime) -> None:
        self._connection = connection
        self._business = business
        self._now = now
        self._caused: Sequence[Caused] = ()
        self._ids: Mapping[str, UUID] = {}

    async def prepare(self, caused: Sequence[Caused]) -> None:
        """Find whom they are for; raises FurtherMembers where one of them is not locked."""
        self._caused = caused
        if caused:
            names = sorted({gift_of(each.key.slot)[1] for each in caused})
            business_id = self._business.business_id
            self._ids = await members_by_external_id(self._connection, business_id, None, names)
            await locked_members(self._connection, business_id, self._ids.values())

    async def activities(self) -> list[OfMember]:
        """The activities to record, by member, with the members as they are now.

        None of who is erased, nor of who went into somebody who is.
        """
        if not self._caused:
            return []
        business_id = self._business.business_id
        known = await locked_members(self._connection, business_id, self._ids.values())
        members = await those_there(self._connection, business_id, known)
        causes = {each.fact_id for each in self._caused}
        before: dict[str, list[asyncpg.Record]] = {}
        for row in await gifts_about(self._connection, business_id, sorted(causes)):
            before.setdefault(row["external_id"].rpartition("/")[0], []).append(row)
        found: dict[UUID, OfMember] = {}
        for caused in self._caused:
            currency, to = gift_of(caused.key.slot)
            member = members.get(self._ids[to])
            if member is None:
                continue
            _, facts, rows = found.setdefault(member.member_id, (member, {}, []))
            name = gift_name(caused.key)
            earlier = before.get(name, [])
            for row in earlier:
                if not row["is_reversed"]:
                    self._reverse(row, facts, rows)
            if caused.units:
                natural = (OWN_SOURCE, f"{name}/{len(earlier) + 1}")
                self._give(caused, natural, currency, member, facts, rows)
        return [each for each in found.values() if each[1]]

    def _give(
        self,
        caused: Caused,
        natural: NaturalKey,
        currency: str,
        member: MemberRow,
        facts: dict[UUID, Fact],
        rows: list[Row],
    ) -> None:
        at = max(caused.at, member.enrolled_at)
        activity = Activity(
            *natural, GIFT, at, local_day(at, self._business.zone), attributes={"rule": caused.key.rule}
        )
        moved = Moved(currency, caused.units, lots=(Portion(caused.units, by_program=True),))
        fact, fact_id = ActivityFact(activity, moved, natural_key_of(caused.key.cause.key)), new_id()
        facts[fact_id] = fact
        rows.append(
            {
                **self._row(fact_id, member.member_id, natural, at),
                "body_hash": body_hash("caused", caused.key.cause.key, caused.key.slot, caused.units),
                "kind": GIFT,
                "attributes": dict(activity.attributes),
                "reverses_fact_id": None,
                "counts_as": GIFT,
                "ones": 1,
                **moved_columns(moved, caused.fact_id),
            }
        )

    def _reverse(self, gift: asyncpg.Record, facts: dict[UUID, Fact], rows: list[Row]) -> None:
        given = (gift["source"], gift["external_id"])
        natural = (OWN_SOURCE, f"{gift['external_id']}/back")
        fact_id, at = new_id(), gift["occurred_at"]
        facts[fact_id] = ReturnFact(*natural, at, given, Decimal(0))
        rows.append(
            {
                **self._row(fact_id, gift["member_id"], natural, at),
                "body_hash": body_hash("caused no more", key_text(*given)),
                "kind": "return",
                "attributes": gift["attributes"],
                "reverses_fact_id": gift["fact_id"],
                "counts_as": GIFT,
                "ones": -1,
                **NOTHING_MOVED,
            }
        )

    def _row(self, fact_id: UUID, member_id: UUID, natural: NaturalKey, at: datetime) -> Row:
        day = local_day(at, self._business.zone)
        return {
            "business_id": self._business.business_id,
            "fact_id": fact_id,
            "member_id": member_id,
            "type": "activity",
            "source": natural[0],
            "external_id": natural[1],
            "occurred_at": at,
            "recorded_at": self._now,
            "local_day": day,
            "counts_on": day,
        }


def gift_name(key: EffectKey) -> str:
    """What the activities of one gift are called, before their number; the same from the same key."""
    parts = (key.cause.kind, key.cause.key, key.rule, key.slot)
    return f"{GIFT}/{sha256(repr(parts).encode()).hexdigest()[:40]}"
