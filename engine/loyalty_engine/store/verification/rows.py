"""Rows of members that are compared with the effects that made them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_TRANSFERS = """
SELECT t.member_id, t.transfer_id, t.code, t.currency, t.amount, t.effective_at,
       e.member_id AS effect_member_id, e.cause_kind, e.cause_key, e.rule, e.slot, e.value,
       e.effective_at AS effect_at,
       d.kind AS debit_kind, d.currency AS debit_currency, d.member_id AS debit_member_id,
       dp.key AS debit_promotion, dr.key AS debit_partner,
       c.kind AS credit_kind, c.currency AS credit_currency, c.member_id AS credit_member_id,
       cp.key AS credit_promotion, cr.key AS credit_partner
FROM transfer t
LEFT JOIN effect e ON e.business_id = t.business_id AND e.effect_id = t.effect_id
LEFT JOIN account d ON d.business_id = t.business_id AND d.account_id = t.debit_account_id
LEFT JOIN promotion dp ON dp.business_id = t.business_id AND dp.promotion_id = d.promotion_id
LEFT JOIN partner dr ON dr.business_id = t.business_id AND dr.partner_id = d.partner_id
LEFT JOIN account c ON c.business_id = t.business_id AND c.account_id = t.credit_account_id
LEFT JOIN promotion cp ON cp.business_id = t.business_id AND cp.promotion_id = c.promotion_id
LEFT JOIN partner cr ON cr.business_id = t.business_id AND cr.partner_id = c.partner_id
WHERE t.business_id = $1 AND t.member_id = ANY ($2::uuid[])
ORDER BY t.member_id, t.transfer_id
"""
_CLAIMS = """
SELECT c.member_id, c.claim_id, c.ladder, c.tier, c.from_at, c.until_at, c.origin, c.locked,
       c.withdrawn_effect_id, c.moves_claim_id,
       e.kind, e.member_id AS effect_member_id, e.cause_kind, e.cause_key, e.slot,
       made.effective_at AS effect_at, made.cause_kind AS made_kind, made.cause_key AS made_key
FROM claim c LEFT JOIN effect e ON e.business_id = c.business_id AND e.effect_id = c.effect_id
LEFT JOIN claim f ON f.business_id = c.business_id
     AND f.claim_id = CASE WHEN c.moves_claim_id IS NULL THEN c.claim_id ELSE c.moves_claim_id END
LEFT JOIN effect made ON made.business_id = f.business_id AND made.effect_id = f.effect_id
WHERE c.business_id = $1 AND c.member_id = ANY ($2::uuid[])
ORDER BY c.member_id, c.claim_id
"""
_STANDINGS = """
SELECT s.member_id, s.standing_id, s.ladder, s.from_tier, s.to_tier, s.effective_at, s.is_boundary,
       s.source, s.external_id, s.ruling, e.kind, e.member_id AS effect_member_id, e.cause_kind,
       e.cause_key, e.slot, e.effective_at AS effect_at, e.program_version_id
FROM standing s LEFT JOIN effect e ON e.business_id = s.business_id AND e.effect_id = s.effect_id
WHERE s.business_id = $1 AND s.member_id = ANY ($2::uuid[])
ORDER BY s.member_id, s.standing_id
"""
_CAUSED = """
SELECT e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, e.activity_id, sum(e.value)::bigint AS units
FROM effect e
WHERE e.business_id = $1 AND e.kind = 'caused'
  AND (e.member_id = ANY ($2::uuid[]) OR e.activity_id = ANY ($3::uuid[]))
GROUP BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, e.activity_id
ORDER BY e.member_id, e.cause_key, e.rule, e.slot
"""
_IS_ERASED = """
(m.status = 'erased' OR EXISTS (
    SELECT FROM merge n JOIN member s ON s.business_id = n.business_id AND s.member_id = n.survivor_id
    WHERE n.business_id = m.business_id AND n.absorbed_id = m.member_id AND s.status = 'erased'))
"""
_GIFTS = f"""
SELECT g.member_id, g.external_id, g.about_fact_id, g.points, g.points_currency,
       m.external_id AS member, {_IS_ERASED} AS is_erased
FROM fact g JOIN member m ON m.business_id = g.business_id AND m.member_id = g.member_id
WHERE g.business_id = $1 AND g.kind = 'gift'
  AND (g.member_id = ANY ($2::uuid[]) OR g.about_fact_id = ANY ($3::uuid[]))
  AND NOT EXISTS (
      SELECT FROM fact r WHERE r.business_id = g.business_id AND r.reverses_fact_id = g.fact_id)
ORDER BY g.member_id, g.fact_id
"""  # noqa: S608
_ERASED = f"""
SELECT m.external_id FROM member m
WHERE m.business_id = $1 AND m.external_id = ANY ($2::text[]) AND {_IS_ERASED}
"""  # noqa: S608


async def transfer_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The transfers of some members with their effects and accounts; what is not there is NULL."""
    return await connection.fetch(_TRANSFERS, business_id, list(member_ids))


async def claim_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The claims of some members with the effects that made them."""
    return await connection.fetch(_CLAIMS, business_id, list(member_ids))


async def standing_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The changes of standing of some members with the effects that made them."""
    return await connection.fetch(_STANDINGS, business_id, list(member_ids))


async def caused_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], activity_ids: Sequence[UUID] = ()
) -> list[asyncpg.Record]:
    """What some members' histories, or some activities, cause in the histories of others, by key."""
    return await connection.fetch(_CAUSED, business_id, list(member_ids), list(activity_ids))


async def gift_rows(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], about: Sequence[UUID] = ()
) -> list[asyncpg.Record]:
    """The gifts that some members were given, or that some activities gave, and that were not reversed."""
    return await connection.fetch(_GIFTS, business_id, list(member_ids), list(about))


async def erased_among(connection: Connection, business_id: UUID, names: Sequence[str]) -> set[str]:
    """Those of some members, by external id, who are erased, or went into somebody who is."""
    return {row["external_id"] for row in await connection.fetch(_ERASED, business_id, list(names))}
