"""What was posted, and the accounts between which points move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.entities import Account
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import insert_rows

_POSTED = """
SELECT e.member_id, e.kind, e.cause_kind, e.cause_key, e.rule, e.slot, sum(e.value)::bigint AS value,
       (array_agg(e.effect_id ORDER BY e.effect_id DESC))[1] AS effect_id,
       (array_agg(e.activity_id ORDER BY e.effect_id DESC))[1] AS activity_id,
       max(e.boundary_at) AS boundary_at,
       (array_agg(e.effective_at ORDER BY e.effect_id DESC))[1] AS effective_at,
       (array_agg(e.program_version_id ORDER BY e.effect_id DESC))[1] AS program_version_id
FROM effect e
WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[])
GROUP BY e.member_id, e.kind, e.cause_kind, e.cause_key, e.rule, e.slot
"""
_LAST_AT = """
SELECT DISTINCT ON (e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot)
       e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, e.effect_id
FROM effect e
WHERE e.business_id = $1 AND e.member_id = ANY ($2::uuid[]) AND e.effective_at = ANY ($3::timestamptz[])
  AND e.cause_kind = 'boundary'
ORDER BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, e.effect_id DESC
"""
_REVERSIBLE = """
SELECT e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, t.transfer_id,
       t.debit_account_id, t.credit_account_id,
       (t.amount - coalesce(sum(r.amount), 0))::bigint AS amount
FROM transfer t
JOIN effect e ON e.business_id = t.business_id AND e.effect_id = t.effect_id
LEFT JOIN transfer r ON r.business_id = t.business_id AND r.reverses_transfer_id = t.transfer_id
WHERE t.business_id = $1 AND t.member_id = ANY ($2::uuid[]) AND t.reverses_transfer_id IS NULL
GROUP BY e.member_id, e.cause_kind, e.cause_key, e.rule, e.slot, t.transfer_id, t.debit_account_id,
         t.credit_account_id, t.amount
HAVING t.amount > coalesce(sum(r.amount), 0)
ORDER BY t.transfer_id DESC
"""
_CLAIM_ROWS = """
SELECT c.claim_id, c.member_id, c.ladder, c.figures, c.withdrawn_effect_id, e.cause_kind, e.cause_key, e.slot,
       coalesce(c.moves_claim_id, c.claim_id) AS first_claim_id
FROM claim c JOIN effect e ON e.business_id = c.business_id AND e.effect_id = c.effect_id
WHERE c.business_id = $1 AND c.member_id = ANY ($2::uuid[])
ORDER BY c.claim_id
"""
_STANDING_ROWS = """
SELECT s.standing_id, s.member_id, s.ladder, e.cause_kind, e.cause_key, e.slot
FROM standing s JOIN effect e ON e.business_id = s.business_id AND e.effect_id = s.effect_id
WHERE s.business_id = $1 AND s.member_id = ANY ($2::uuid[]) AND s.withdrawn_effect_id IS NULL
"""
_ACCOUNTS = """
SELECT a.account_id, a.kind, a.currency, a.member_id, pr.key AS promotion, pa.key AS partner, a.balance
FROM account a
LEFT JOIN promotion pr ON pr.business_id = a.business_id AND pr.promotion_id = a.promotion_id
LEFT JOIN partner pa ON pa.business_id = a.business_id AND pa.partner_id = a.partner_id
WHERE a.business_id = $1 AND (a.member_id IS NULL OR a.member_id = ANY ($2::uuid[]))
"""
_LOCK_RATIONED = """
SELECT a.account_id, a.balance FROM account a
WHERE a.business_id = $1 AND a.kind IN ('budget', 'quota') AND a.balance IS NOT NULL
ORDER BY a.account_id FOR NO KEY UPDATE
"""
_RATIONED = """
SELECT a.kind, pr.key AS promotion, pa.key AS partner, a.balance
FROM account a
JOIN promotion pr ON pr.business_id = a.business_id AND pr.promotion_id = a.promotion_id
LEFT JOIN partner pa ON pa.business_id = a.business_id AND pa.partner_id = a.partner_id
WHERE a.business_id = $1 AND a.kind IN ('budget', 'quota')
"""

AccountKey = tuple[str, str, UUID | None, str | None, str | None]
"""Kind, currency, member, promotion key, partner key."""

RATIONED = ("budget", "quota")
"""The kinds of accounts that are locked together before anything is granted of them."""

AWARDS = "#awards"
"""What a quota holds in place of a points currency, whose key has no such sign."""


@dataclass(frozen=True, slots=True)
class PostedRows:
    """Everything that was posted for some members, for the difference of a new fold."""

    effects: list[asyncpg.Record]
    reversible: list[asyncpg.Record]
    claims: list[asyncpg.Record]
    standings: list[asyncpg.Record]


async def posted_rows(connection: Connection, business_id: UUID, member_ids: Sequence[UUID]) -> PostedRows:
    """What stands of everything ever posted for some members."""
    ids = list(member_ids)
    return PostedRows(
        effects=await connection.fetch(_POSTED, business_id, ids),
        reversible=await connection.fetch(_REVERSIBLE, business_id, ids),
        claims=await connection.fetch(_CLAIM_ROWS, business_id, ids),
        standings=await connection.fetch(_STANDING_ROWS, business_id, ids),
    )


async def last_posted_at(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], boundaries: Sequence[datetime]
) -> list[asyncpg.Record]:
    """The last effect under each key of some boundaries, of some members."""
    return await connection.fetch(_LAST_AT, business_id, list(member_ids), list(boundaries))


async def accounts(
    connection: Connection, business_id: UUID, needed: Sequence[AccountKey], now: datetime
) -> dict[AccountKey, UUID]:
    """The accounts of those keys, made on first use; budgets exist since their promotion was published."""
    member_ids = sorted({key[2] for key in needed if key[2] is not None})
    found = await _accounts(connection, business_id, member_ids)
    missing = [key for key in dict.fromkeys(needed) if key not in found]
    if missing:
        rows = [_new_account(business_id, key, now) for key in sorted(missing, key=str)]
        await insert_rows(connection, Account, rows, skip_existing=True)
        found = await _accounts(connection, business_id, member_ids)
    return found


def _new_account(business_id: UUID, key: AccountKey, now: datetime) -> dict[str, object]:
    kind, currency, member_id, promotion, partner = key
    if promotion is not None or partner is not None:
        raise LookupError(f"promotion {promotion!r} has no {kind} of partner {partner!r}")
    return {
        "business_id": business_id,
        "account_id": new_id(),
        "kind": kind,
        "currency": currency,
        "member_id": member_id,
        "balance": 0 if kind in ("wallet", "debt", "pending", "held") else None,
        "created_at": now,
    }


async def _accounts(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> dict[AccountKey, UUID]:
    rows = await connection.fetch(_ACCOUNTS, business_id, list(member_ids))
    return {
        (row["kind"], row["currency"], row["member_id"], row["promotion"], row["partner"]): row["account_id"]
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Rationed:
    """What is left of a business's budgets, by (promotion, partner), and of its quotas, by promotion.

    None is a budget without a limit.
    """

    budgets: dict[tuple[str, str], int | None]
    quotas: dict[str, int]


async def lock_rationed(connection: Connection, business_id: UUID) -> Rationed:
    """Lock every limited budget and every quota of the business in one statement; then what each has left."""
    await connection.execute(_LOCK_RATIONED, business_id)
    rows = await connection.fetch(_RATIONED, business_id)
    return Rationed(
        {(row["promotion"], row["partner"]): row["balance"] for row in rows if row["kind"] == "budget"},
        {row["promotion"]: row["balance"] for row in rows if row["kind"] == "quota"},
    )


_MOVED_BY = """
SELECT t.currency,
       coalesce(sum(t.amount) FILTER (WHERE d.kind = 'wallet' AND c.kind IN ('issuance', 'budget')), 0)
       - coalesce(sum(t.amount) FILTER (WHERE c.kind = 'wallet' AND d.kind IN ('issuance', 'budget')), 0)
       AS taken,
       coalesce(sum(t.amount) FILTER (WHERE d.kind = 'debt'), 0)
       - coalesce(sum(t.amount) FILTER (WHERE c.kind = 'debt'), 0) AS debt
FROM transfer t
JOIN account d ON d.business_id = t.business_id AND d.account_id = t.debit_account_id
JOIN account c ON c.business_id = t.business_id AND c.account_id = t.credit_account_id
WHERE t.business_id = $1 AND t.effect_id = ANY ($2::uuid[]) AND t.code <> 'use_quota'
GROUP BY t.currency
"""


async def moved_by(
    connection: Connection, business_id: UUID, effect_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """By currency, how much some effects took from the wallet in all, and how much debt they added."""
    if not effect_ids:
        return []
    return await connection.fetch(_MOVED_BY, business_id, list(effect_ids))
