"""What was set by hand of members' standings."""

from __future__ import annotations

from uuid import UUID

from loyalty_engine.store.connection import Connection

_MATCH = """
SELECT f.fact_id FROM fact f
WHERE f.business_id = $1 AND f.member_id = $2 AND f.kind = 'override'
  AND f.attributes ->> 'origin' = 'match' AND f.attributes ->> 'ladder' = $3
  AND f.attributes ->> 'tier' IS NOT NULL
ORDER BY f.fact_id LIMIT 1
"""


async def status_match_of(
    connection: Connection, business_id: UUID, member_id: UUID, ladder: str
) -> UUID | None:
    """The activity by which the member's status elsewhere was matched on a ladder; None for none."""
    row = await connection.fetchrow(_MATCH, business_id, member_id, ladder)
    return None if row is None else row["fact_id"]
