"""The stored wallets of members: lots, what spendings used of them, and holds."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_LOTS = """
SELECT member_id, lot_id, currency, cause_kind, cause_key, rule, slot, earned_at, earned_source,
       earned_external_id, amount, remaining, expired, expires_at, pending, releases_at, funding
FROM lot WHERE business_id = $1 AND member_id = ANY ($2::uuid[])
"""
_LOTS_NEEDED = _LOTS + "AND (remaining > 0 OR lot_id = ANY ($3::uuid[]))"
_USES = """
SELECT member_id, point_use_id, currency, cause_kind, cause_key, rule, slot, used_at, used_source,
       used_external_id, lot_id, amount
FROM point_use WHERE business_id = $1 AND member_id = ANY ($2::uuid[])
"""
_USES_HELD = _USES + "AND cause_kind = 'activity' AND cause_key = ANY ($3::text[])"
_OWING = """
AND (member_id, cause_kind, cause_key, rule, slot) IN (
    SELECT o.member_id, o.cause_kind, o.cause_key, o.rule, o.slot FROM point_use o
    WHERE o.business_id = $1 AND o.member_id = ANY ($2::uuid[]) AND o.lot_id IS NULL AND o.amount > 0)
"""
_USES_OWING = _USES + _OWING
_HOLDS = """
SELECT h.member_id, h.hold_id, h.currency, h.amount, h.captured, h.state, h.expires_at, h.closed_at,
       f.occurred_at, f.source, f.external_id
FROM hold h JOIN fact f ON f.business_id = h.business_id AND f.fact_id = h.hold_id
WHERE h.business_id = $1 AND h.member_id = ANY ($2::uuid[])
"""
_OPEN_HOLDS = _HOLDS + "AND h.state = 'open'"


async def hold_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], *, closed: bool
) -> list[asyncpg.Record]:
    """The open holds of some members; with ``closed`` all that there ever were."""
    return await connection.fetch(_HOLDS if closed else _OPEN_HOLDS, business_id, list(member_ids))


async def all_uses(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Everything that was ever used of some members' lots, and what they owe."""
    return await connection.fetch(_USES, business_id, list(member_ids))


async def changing_uses(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], held_by: Sequence[str]
) -> list[asyncpg.Record]:
    """The uses that a next step may change: of spendings that owe, and of holds, by their cause's key."""
    ids = list(member_ids)
    found = await connection.fetch(_USES_OWING, business_id, ids)
    if held_by:
        found += await connection.fetch(_USES_HELD, business_id, ids, list(held_by))
    return list({row["point_use_id"]: row for row in found}.values())


async def all_lots(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Every lot that some members ever had."""
    return await connection.fetch(_LOTS, business_id, list(member_ids))


async def lots_left(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], lot_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The lots of some members with something left, and those of the ids."""
    return await connection.fetch(_LOTS_NEEDED, business_id, list(member_ids), list(lot_ids))


_HOLD_BY_ID = _HOLDS.replace("h.member_id = ANY ($2::uuid[])", "h.hold_id = $2")


async def hold_by_id(connection: Connection, business_id: UUID, hold_id: UUID) -> asyncpg.Record | None:
    """A hold with the natural key of the activity that opened it."""
    return await connection.fetchrow(_HOLD_BY_ID, business_id, hold_id)
