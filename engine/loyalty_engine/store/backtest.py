"""What a back-test reads: who is folded, and what was left of budgets and quotas at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import Rationed
from loyalty_engine.store.members import MemberRow

_SAMPLE = """
WITH held AS (
    SELECT m.member_id, coalesce(string_agg(s.ladder || ' ' || s.tier, ' ' ORDER BY s.ladder), '') AS stratum
    FROM member m
    LEFT JOIN current_standing s ON s.business_id = m.business_id AND s.member_id = m.member_id
    WHERE m.business_id = $1 AND m.enrolled_at < $2
    GROUP BY m.member_id),
placed AS (
    SELECT h.member_id, h.stratum, count(*) OVER () AS members,
           count(*) OVER (PARTITION BY h.stratum) AS in_stratum,
           row_number() OVER (PARTITION BY h.stratum ORDER BY md5(h.member_id::text)) AS place
    FROM held h)
SELECT p.member_id, p.stratum, p.in_stratum, p.members FROM placed p
WHERE $3::bigint IS NULL OR p.place <= greatest(2, ceil(p.in_stratum * $3::numeric / p.members))
ORDER BY p.member_id
"""
_POSTED = """
SELECT e.kind, e.rule, sum(e.value)::bigint AS value,
       CASE e.kind WHEN 'points' THEN regexp_replace(e.slot, '^points/([^/]*)/[^/]*/', 'points/\\1/-/')
                   ELSE regexp_replace(e.slot, '^gift/([^/]*)/.*$', 'gift/\\1/-/') END AS slot
FROM effect e
WHERE e.business_id = $1 AND e.kind IN ('points', 'caused') AND e.effective_at >= $2 AND e.effective_at < $3
GROUP BY 1, 2, 4
"""
_COLUMNS = ", ".join(f"m.{name}" for name in MemberRow.__slots__)
_MEMBERS = f"""
SELECT {_COLUMNS} FROM member m WHERE m.business_id = $1 AND m.member_id = ANY ($2::uuid[])
ORDER BY m.member_id
"""  # noqa: S608
_LEFT_AT = """
SELECT a.kind, pr.key AS promotion, pa.key AS partner, (a.balance + (
    SELECT coalesce(sum(CASE WHEN t.debit_account_id = a.account_id THEN t.amount ELSE -t.amount END), 0)
    FROM transfer t
    WHERE t.business_id = a.business_id AND a.account_id IN (t.debit_account_id, t.credit_account_id)
      AND t.effect_id IS NOT NULL AND t.effective_at >= $2))::bigint AS balance
FROM account a
JOIN promotion pr ON pr.business_id = a.business_id AND pr.promotion_id = a.promotion_id
LEFT JOIN partner pa ON pa.business_id = a.business_id AND pa.partner_id = a.partner_id
WHERE a.business_id = $1 AND a.kind IN ('budget', 'quota')
"""


async def sampled_members(
    connection: Connection, business_id: UUID, before: datetime, at_most: int | None
) -> list[asyncpg.Record]:
    """Members who joined before an instant: all, or about so many of them, by the tiers that they hold.

    Of each combination of tiers the same share is chosen, at least two members, and always the same ones.
    """
    return await connection.fetch(_SAMPLE, business_id, before, at_most)


async def posted_between(
    connection: Connection, business_id: UUID, start: datetime, end: datetime
) -> list[asyncpg.Record]:
    """What was moved and caused from an instant until before another, by kind, rule and slot.

    Slots are told without their lines, those of gifts also without who was given.
    """
    return await connection.fetch(_POSTED, business_id, start, end)


async def members_read(connection: Connection, business_id: UUID, ids: Sequence[UUID]) -> list[MemberRow]:
    """Members as they are, in the order of their ids."""
    rows = await connection.fetch(_MEMBERS, business_id, list(ids))
    return [MemberRow(**dict(row)) for row in rows]


async def rationed_at(connection: Connection, business_id: UUID, at: datetime) -> Rationed:
    """What budgets and quotas held before anything that took effect from an instant on was drawn of them.

    What was put into them later counts as if it had been there.
    """
    rows = await connection.fetch(_LEFT_AT, business_id, at)
    return Rationed(
        {(row["promotion"], row["partner"]): row["balance"] for row in rows if row["kind"] == "budget"},
        {row["promotion"]: row["balance"] for row in rows if row["kind"] == "quota"},
    )
