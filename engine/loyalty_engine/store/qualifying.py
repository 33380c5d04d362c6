"""Members in chunks, and the tiers that they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_CHUNK = """
SELECT m.member_id, s.tier FROM member m
LEFT JOIN current_standing s
    ON s.business_id = m.business_id AND s.member_id = m.member_id AND s.ladder = $2
WHERE m.business_id = $1 AND m.status NOT IN ('erased', 'merged', 'closed')
  AND ($3::uuid IS NULL OR m.member_id > $3)
ORDER BY m.member_id
LIMIT 10000
"""
_DUE = """
SELECT m.member_id FROM member m
WHERE m.business_id = $1 AND ($2::uuid IS NULL OR m.member_id > $2) AND m.status NOT IN ('erased', 'merged')
  AND (m.next_boundary_at <= $3 OR m.rulebook_version < (
      SELECT max(p.version) FROM program_version p WHERE p.business_id = $1 AND p.effective_at <= $3))
ORDER BY m.member_id
LIMIT 5000
"""
_HELD = """
SELECT member_id, tier FROM current_standing
WHERE business_id = $1 AND ladder = $2 AND member_id = ANY ($3::uuid[])
"""


async def members_on_ladder(
    connection: Connection, business_id: UUID, ladder: str, after: UUID | None
) -> list[asyncpg.Record]:
    """The next 10,000 members in the order of their ids, with their tiers; None where the ladder is new."""
    return await connection.fetch(_CHUNK, business_id, ladder, after)


async def due_members(
    connection: Connection, business_id: UUID, instant: datetime, after: UUID | None
) -> list[UUID]:
    """The next 5,000 members, in the order of their ids, of those with a boundary up to the instant."""
    return [row["member_id"] for row in await connection.fetch(_DUE, business_id, after, instant)]


async def tiers_held(
    connection: Connection, business_id: UUID, ladder: str, member_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Where members stand on a ladder; who does not stand on it is left out."""
    rows = await connection.fetch(_HELD, business_id, ladder, list(member_ids))
    return {row["member_id"]: row["tier"] for row in rows}
