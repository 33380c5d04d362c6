"""What histories caused in others."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_GIFTS = """
SELECT g.fact_id, g.member_id, g.about_fact_id, g.source, g.external_id, g.occurred_at, g.local_day,
       g.attributes,
       EXISTS (SELECT FROM fact r
               WHERE r.business_id = g.business_id AND r.reverses_fact_id = g.fact_id) AS is_reversed
FROM fact g
WHERE g.business_id = $1 AND g.about_fact_id = ANY ($2::uuid[]) AND g.kind = 'gift'
"""


async def gifts_about(
    connection: Connection, business_id: UUID, fact_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """All gifts that some activities ever caused, with whether they were reversed."""
    return await connection.fetch(_GIFTS, business_id, list(fact_ids))
