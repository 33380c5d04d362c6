"""Members in chunks, with the tier that each holds on a ladder."""

from __future__ import annotations

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


async def members_on_ladder(
    connection: Connection, business_id: UUID, ladder: str, after: UUID | None
) -> list[asyncpg.Record]:
    """The next 10,000 members in the order of their ids, with their tiers; None where the ladder is new."""
    return await connection.fetch(_CHUNK, business_id, ladder, after)
