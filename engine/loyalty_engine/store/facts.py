"""Facts as rows: looked up by natural key, and read for a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

NaturalKey = tuple[str, str]

_KNOWN = """
SELECT f.source, f.external_id, f.fact_id, f.member_id, f.body_hash
FROM unnest($2::text[], $3::text[]) AS given(source, external_id)
JOIN fact f ON f.business_id = $1 AND f.source = given.source AND f.external_id = given.external_id
"""
_HISTORY = """
SELECT f.fact_id, f.member_id, f.type, f.source, f.external_id, f.occurred_at, f.local_day,
       f.kind, f.amount, f.units, f.channel, p.key AS partner, f.attributes,
       o.source AS original_source, o.external_id AS original_external_id,
       f.value_kind, f.value_key, f.value, f.points_currency, f.points, f.points_terms,
       a.source AS about_source, a.external_id AS about_external_id,
       l.lines
FROM fact f
LEFT JOIN fact a ON a.business_id = f.business_id AND a.fact_id = f.about_fact_id
LEFT JOIN partner p ON p.business_id = f.business_id AND p.partner_id = f.partner_id
LEFT JOIN fact o ON o.business_id = f.business_id AND o.fact_id = f.reverses_fact_id
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(line_key, amount::text, units::text, category, product)
                    ORDER BY line_key)::text AS lines
    FROM activity_line l
    WHERE l.business_id = f.business_id AND l.fact_id = f.fact_id
) l ON f.type = 'activity'
WHERE f.business_id = $1 AND f.member_id = ANY ($2::uuid[]) AND f.type IN ('activity', 'value')
ORDER BY f.member_id, f.occurred_at, f.source, f.external_id
"""
_ANSWERS = """
SELECT member_id, asked_cause_kind, asked_cause_key, asked_rule, asked_slot,
       sum(asked)::bigint AS asked, sum(granted)::bigint AS granted
FROM fact
WHERE business_id = $1 AND member_id = ANY ($2::uuid[]) AND type = 'answer'
GROUP BY member_id, asked_cause_kind, asked_cause_key, asked_rule, asked_slot
"""
_ORIGINAL = """
SELECT f.fact_id, f.member_id, f.type, f.kind, f.source, f.external_id, f.occurred_at, f.local_day,
       f.amount, f.units, f.currency, f.channel, f.partner_id, f.attributes, f.reverses_fact_id,
       f.original_effective_at
FROM fact f
WHERE f.business_id = $1 AND (f.fact_id = $2 OR (f.source = $3 AND f.external_id = $4))
"""
_RECEIPTS = """
SELECT f.fact_id, f.member_id, f.type, f.kind, f.source, f.external_id, f.occurred_at, f.local_day,
       f.amount, f.units, f.currency, f.channel, f.partner_id, f.attributes, f.reverses_fact_id
FROM fact f
WHERE f.business_id = $1 AND f.about_fact_id = $2 AND f.kind = 'receipt'
ORDER BY f.fact_id
"""
_REVERSED = """
SELECT coalesce(sum(-f.amount), 0) AS amount, coalesce(sum(-f.units), 0) AS units,
       coalesce(sum(f.ones), 0) AS ones
FROM fact f WHERE f.business_id = $1 AND f.reverses_fact_id = $2
"""
_LINES = """
SELECT l.line_key, sum(l.amount) AS amount, sum(l.units) AS units,
       min(l.category) AS category, min(l.product) AS product
FROM activity_line l
JOIN fact f ON f.business_id = l.business_id AND f.fact_id = l.fact_id
WHERE f.business_id = $1 AND (f.fact_id = $2 OR f.reverses_fact_id = $2)
GROUP BY l.line_key ORDER BY l.line_key
"""
_PARTNERS = """
SELECT key, partner_id FROM partner WHERE business_id = $1 AND key = ANY ($2::text[])
"""


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact that was recorded before under a natural key."""

    fact_id: UUID
    member_id: UUID
    body_hash: bytes


async def known_facts(
    connection: Connection, business_id: UUID, keys: Sequence[NaturalKey]
) -> dict[NaturalKey, KnownFact]:
    """Those of the natural keys under which something was recorded."""
    sources, external_ids = [source for source, _ in keys], [external_id for _, external_id in keys]
    rows = await connection.fetch(_KNOWN, business_id, sources, external_ids)
    return {
        (row["source"], row["external_id"]): KnownFact(row["fact_id"], row["member_id"], row["body_hash"])
        for row in rows
    }


async def history(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """All activities and dated values of some members, each member's in the order of the fold."""
    return await connection.fetch(_HISTORY, business_id, list(member_ids))


async def answers(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """What was asked and granted in all, by the key of the ask."""
    return await connection.fetch(_ANSWERS, business_id, list(member_ids))


async def original_fact(
    connection: Connection, business_id: UUID, fact_id: UUID | None, natural: NaturalKey | None
) -> asyncpg.Record | None:
    """The fact that a return names."""
    source, external_id = natural or (None, None)
    return await connection.fetchrow(_ORIGINAL, business_id, fact_id, source, external_id)


async def receipts_of(connection: Connection, business_id: UUID, fact_id: UUID) -> list[asyncpg.Record]:
    """What an activity sent to other members, as activities of theirs."""
    return await connection.fetch(_RECEIPTS, business_id, fact_id)


async def reversed_so_far(connection: Connection, business_id: UUID, fact_id: UUID) -> asyncpg.Record:
    """How much of an activity was returned: amount, units, and -1 in ``ones`` when all of it was."""
    row = await connection.fetchrow(_REVERSED, business_id, fact_id)
    if row is None:
        raise LookupError("a sum over no rows is still one row")
    return row


async def remaining_lines(connection: Connection, business_id: UUID, fact_id: UUID) -> list[asyncpg.Record]:
    """What remains of each line of an activity."""
    return await connection.fetch(_LINES, business_id, fact_id)


async def partner_ids(connection: Connection, business_id: UUID, keys: Sequence[str]) -> dict[str, UUID]:
    """The partners of those keys."""
    rows = await connection.fetch(_PARTNERS, business_id, list(keys)) if keys else []
    return {row["key"]: row["partner_id"] for row in rows}
