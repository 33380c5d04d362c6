"""Members that went into others: who is part of whom, and what became of the rows of those who are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty_engine.store.connection import Connection

_ABSORBED = """
SELECT survivor_id, absorbed_id FROM merge
WHERE business_id = $1 AND survivor_id = ANY ($2::uuid[])
ORDER BY survivor_id, absorbed_id
"""
_PARTS = """
SELECT part.owner_id, part.member_id, part.joined_on,
       v.value_kind, v.value_key, v.value, v.occurred_at, v.source, v.external_id
FROM (SELECT given.member_id AS owner_id, given.member_id, NULL::date AS joined_on
      FROM unnest($2::uuid[]) AS given(member_id)
      UNION ALL
      SELECT g.survivor_id, g.absorbed_id, m.joined_on
      FROM merge g JOIN member m ON m.business_id = g.business_id AND m.member_id = g.absorbed_id
      WHERE g.business_id = $1 AND g.survivor_id = ANY ($2::uuid[])) part
LEFT JOIN LATERAL (
    SELECT DISTINCT ON (f.value_kind, f.value_key) f.value_kind, f.value_key, f.value, f.occurred_at,
           f.source, f.external_id
    FROM fact f
    WHERE f.business_id = $1 AND f.member_id = part.member_id AND f.type = 'value'
    ORDER BY f.value_kind, f.value_key, f.occurred_at DESC, f.source DESC, f.external_id DESC
) v ON true
ORDER BY part.owner_id, v.occurred_at, v.source, v.external_id
"""
_INTO = """
SELECT survivor_id FROM merge WHERE business_id = $1 AND absorbed_id = $2 AND is_direct
"""
_SURVIVORS = """
SELECT g.absorbed_id, g.survivor_id FROM merge g
JOIN member m ON m.business_id = g.business_id AND m.member_id = g.survivor_id
WHERE g.business_id = $1 AND g.absorbed_id = ANY ($2::uuid[]) AND m.status <> 'merged'
"""
_MERGE = """
INSERT INTO merge (business_id, absorbed_id, survivor_id, is_direct, merged_at, reason, credential_id)
SELECT $1, part.absorbed_id, $3, part.absorbed_id = $2, $4, $5, $6
FROM (SELECT $2::uuid AS absorbed_id
      UNION ALL
      SELECT g.absorbed_id FROM merge g WHERE g.business_id = $1 AND g.survivor_id = $2) part
"""
_CLOSE = """
UPDATE member SET status = 'merged', event_count = $3, last_recorded_at = $4
WHERE business_id = $1 AND member_id = $2
"""
_TERMS = """
SELECT f.source, f.external_id, f.points_terms
FROM unnest($2::text[], $3::text[]) AS given(source, external_id)
JOIN fact f ON f.business_id = $1 AND f.source = given.source AND f.external_id = given.external_id
WHERE f.kind = 'absorption'
"""


_LEFT = """
SELECT f.external_id, f.occurred_at, f.points_terms FROM fact f
WHERE f.business_id = $1 AND f.member_id = $2 AND f.kind = 'merge'
ORDER BY f.occurred_at, f.source, f.external_id
"""
_DEBTS = """
SELECT a.currency, -a.balance AS owed FROM account a
WHERE a.business_id = $1 AND a.member_id = $2 AND a.kind = 'debt' AND a.balance < 0
"""


async def absorbed_by(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """Whose histories are part of some members', directly or not; most members have nobody's."""
    found: dict[UUID, list[UUID]] = {}
    for row in await connection.fetch(_ABSORBED, business_id, list(member_ids)):
        found.setdefault(row["survivor_id"], []).append(row["absorbed_id"])
    return found


@dataclass(slots=True)
class Parts:
    """A member with all that went into it: whose histories these are, when they joined, and what is known.

    ``values`` are the last dated values of both, by kind and key.
    """

    absorbed: list[UUID] = field(default_factory=list)
    joined_on: list[date] = field(default_factory=list)
    values: dict[tuple[str, str], object] = field(default_factory=dict)


async def parts_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, Parts]:
    """What some members are made of, and their dated values."""
    found = {member_id: Parts() for member_id in member_ids}
    for row in await connection.fetch(_PARTS, business_id, list(member_ids)):
        parts = found[row["owner_id"]]
        if row["member_id"] != row["owner_id"] and row["member_id"] not in parts.absorbed:
            parts.absorbed.append(row["member_id"])
            parts.joined_on.append(row["joined_on"])
        if row["value_kind"] is not None:
            parts.values[row["value_kind"], row["value_key"]] = row["value"]
    return found


async def merged_into(connection: Connection, business_id: UUID, member_id: UUID) -> UUID | None:
    """The member that another was merged into, which may be merged itself by now."""
    found: UUID | None = await connection.fetchval(_INTO, business_id, member_id)
    return found


async def survivors_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Who goes on with the histories of some members that were merged."""
    rows = await connection.fetch(_SURVIVORS, business_id, list(member_ids))
    return {row["absorbed_id"]: row["survivor_id"] for row in rows}


async def insert_merge(
    connection: Connection,
    business_id: UUID,
    absorbed_id: UUID,
    survivor_id: UUID,
    merged_at: datetime,
    reason: str | None,
    credential_id: UUID | None,
) -> None:
    """Say of two locked members that one, with all that went into it before, is part of the other."""
    given = (business_id, absorbed_id, survivor_id, merged_at, reason, credential_id)
    await connection.execute(_MERGE, *given)


async def close_member(
    connection: Connection, business_id: UUID, member_id: UUID, event_count: int, now: datetime
) -> None:
    """Say of a locked member that it was merged; the events so far, that of it included, are counted."""
    await connection.execute(_CLOSE, business_id, member_id, event_count, now)


async def carried_terms(
    connection: Connection, business_id: UUID, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, object]]:
    """What came with merges, as it was written down, by the natural keys of those that are merges."""
    sources, external_ids = [source for source, _ in keys], [external_id for _, external_id in keys]
    rows = await connection.fetch(_TERMS, business_id, sources, external_ids)
    return {(row["source"], row["external_id"]): row["points_terms"] for row in rows}


async def left_with(
    connection: Connection, business_id: UUID, member_id: UUID
) -> list[tuple[str, datetime, dict[str, Any]]]:
    """What left a member that was merged, in its order: the external id, instant and terms of each merge."""
    rows = await connection.fetch(_LEFT, business_id, member_id)
    return [(row["external_id"], row["occurred_at"], row["points_terms"]) for row in rows]


async def debts_of(connection: Connection, business_id: UUID, member_id: UUID) -> dict[str, int]:
    """What a member owes, in smallest units by currency."""
    rows = await connection.fetch(_DEBTS, business_id, member_id)
    return {row["currency"]: row["owed"] for row in rows}
