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
       c.withdrawn_effect_id, e.kind, e.member_id AS effect_member_id, e.cause_kind, e.cause_key, e.slot,
       e.effective_at AS effect_at
FROM claim c LEFT JOIN effect e ON e.business_id = c.business_id AND e.effect_id = c.effect_id
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
