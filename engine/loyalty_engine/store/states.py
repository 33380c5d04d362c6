"""The stored state of members, read set-wise: a fixed number of statements for any number of members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow

# CASE where one would write coalesce: see `or_itself`.
_CLAIMS_OF = """
SELECT c.member_id, c.claim_id, c.ladder, c.tier, c.from_at, c.until_at, c.origin, c.locked, c.figures,
       e.cause_kind, e.cause_key, e.slot, f.claim_id AS first_claim_id,
       made.cause_kind AS made_kind, made.cause_key AS made_key
FROM claim c
JOIN member m ON m.business_id = c.business_id AND m.member_id = c.member_id
CROSS JOIN LATERAL (
    SELECT * FROM effect WHERE business_id = c.business_id AND effect_id = c.effect_id OFFSET 0
) e
CROSS JOIN LATERAL (
    SELECT * FROM claim
    WHERE business_id = c.business_id
      AND claim_id = CASE WHEN c.moves_claim_id IS NULL THEN c.claim_id ELSE c.moves_claim_id END OFFSET 0
) f
CROSS JOIN LATERAL (
    SELECT * FROM effect WHERE business_id = f.business_id AND effect_id = f.effect_id OFFSET 0
) made
WHERE c.business_id = $1 AND c.member_id = ANY ($2::uuid[]) AND c.withdrawn_effect_id IS NULL
"""
_IN_ORDER = "ORDER BY c.from_at, e.cause_kind <> 'boundary', e.cause_key, e.slot"
_CLAIMS = (
    _CLAIMS_OF + "AND (c.until_at IS NULL OR c.until_at > least(m.folded_until, m.paused_at)) " + _IN_ORDER
)
_CLAIMS_OVER = (
    _CLAIMS_OF
    + """
  AND c.until_at <= least(m.folded_until, m.paused_at) AND EXISTS (
      SELECT FROM current_standing s
      WHERE s.business_id = c.business_id AND s.member_id = c.member_id AND s.ladder = c.ladder
        AND s.until_at <= c.until_at)
"""
    + _IN_ORDER
)
"""Claims whose end nobody applied: on a ladder that is gone, or frozen because a rule failed."""

_CLAIMS_EVER = _CLAIMS_OF + "AND c.ladder = $3 " + _IN_ORDER

_STANDINGS = """
SELECT member_id, ladder, tier, since, until_at, next_review_at, standing_id,
       cycle_anchor, cycle_began_at, cycle_source, cycle_external_id, cycle_ends_on,
       notice_tier, notice_at, noticed_at
FROM current_standing
WHERE business_id = $1 AND member_id = ANY ($2::uuid[])
"""
_COUNTERS = """
SELECT member_id, rule, name, used FROM counter WHERE business_id = $1 AND member_id = ANY ($2::uuid[])
"""
_PARKED = """
SELECT member_id, cause_kind, cause_key, rule, error, parked_at FROM parked
WHERE business_id = $1 AND member_id = ANY ($2::uuid[]) AND resolved_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class StateRows:
    """The rows of some members' stored state."""

    claims: list[asyncpg.Record]
    standings: list[asyncpg.Record]
    counters: list[asyncpg.Record]
    parked: list[asyncpg.Record]


async def standing_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Where some members stand, with the cycles under way."""
    return await connection.fetch(_STANDINGS, business_id, list(member_ids))


async def state_rows(connection: Connection, business_id: UUID, members: Sequence[MemberRow]) -> StateRows:
    """The stored state of some members, but for their wallets."""
    ids = [member.member_id for member in members]
    standings = await standing_rows(connection, business_id, ids)
    held = {
        member.member_id: min(member.folded_until, member.paused_at or member.folded_until)
        for member in members
    }
    over = {
        row["member_id"]
        for row in standings
        if row["until_at"] is not None and row["until_at"] <= held[row["member_id"]]
    }
    ended = await connection.fetch(_CLAIMS_OVER, business_id, list(over)) if over else []
    return StateRows(
        claims=[*ended, *await connection.fetch(_CLAIMS, business_id, ids)],
        standings=standings,
        counters=await connection.fetch(_COUNTERS, business_id, ids),
        parked=await connection.fetch(_PARKED, business_id, ids),
    )


async def claim_rows(
    connection: Connection, business_id: UUID, member_id: UUID, ladder: str
) -> list[asyncpg.Record]:
    """All claims of a member on a ladder that nothing withdrew, with those that have ended."""
    return await connection.fetch(_CLAIMS_EVER, business_id, [member_id], ladder)
