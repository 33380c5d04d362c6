"""What was set by hand of members' standings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from loyalty_engine.store.connection import Connection

_MATCH = """
SELECT f.fact_id FROM fact f
WHERE f.business_id = $1 AND f.member_id = ANY ($2::uuid[]) AND f.kind = 'override'
  AND f.attributes ->> 'origin' = 'match' AND f.attributes ->> 'ladder' = $3
  AND f.attributes ->> 'tier' IS NOT NULL
ORDER BY f.fact_id LIMIT 1
"""


async def status_match_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], ladder: str
) -> UUID | None:
    """The first activity by which one of these had its status elsewhere matched on a ladder, if any."""
    row = await connection.fetchrow(_MATCH, business_id, list(member_ids), ladder)
    return None if row is None else row["fact_id"]
