"""Applications with their histories, for those who fold them again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_APPLICATIONS = """
SELECT a.application_id, a.member_id, a.rule, a.program_version_id, a.kind, a.state, a.step, a.fee,
       a.closes_at, a.event_count, a.fact_id, f.source AS fact_source, f.external_id AS fact_key,
       f.member_id AS fact_member_id,
       (SELECT count(*) FROM application_elector e
        WHERE e.business_id = a.business_id AND e.application_id = a.application_id) AS electors
FROM application a
LEFT JOIN fact f ON f.business_id = a.business_id AND f.fact_id = a.fact_id
WHERE a.business_id = $1 AND a.member_id = ANY ($2::uuid[])
ORDER BY a.application_id
"""
_EVENTS = """
SELECT v.application_id, v.number, v.kind, v.approved, v.electors, v.in_favour, v.against, v.abstained,
       v.result, v.occurred_at
FROM application_event v
JOIN application a ON a.business_id = v.business_id AND a.application_id = v.application_id
WHERE v.business_id = $1 AND a.member_id = ANY ($2::uuid[])
ORDER BY v.application_id, v.number
"""
_VOTES = """
SELECT v.application_id, v.member_id, v.version, v.choice, v.cast_at
FROM application_vote v
JOIN application a ON a.business_id = v.business_id AND a.application_id = v.application_id
WHERE v.business_id = $1 AND a.member_id = ANY ($2::uuid[])
"""


async def applications_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The applications of some members, with the sizes of their electorates and what admitted them."""
    return await connection.fetch(_APPLICATIONS, business_id, list(member_ids))


async def events_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, list[asyncpg.Record]]:
    """What happened to those applications, in its order."""
    return _grouped(await connection.fetch(_EVENTS, business_id, list(member_ids)))


async def votes_of(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, list[asyncpg.Record]]:
    """Every version of every vote on those applications."""
    return _grouped(await connection.fetch(_VOTES, business_id, list(member_ids)))


def _grouped(rows: Sequence[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    grouped: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        grouped.setdefault(row["application_id"], []).append(row)
    return grouped
