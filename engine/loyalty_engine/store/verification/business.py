"""What is checked of a business as a whole, and its members in chunks."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.verification.promises import Broken

_LAST_MEMBER = """
SELECT m.member_id FROM member m WHERE m.business_id = $1 ORDER BY m.member_id DESC LIMIT 1
"""
_COUNT = "SELECT count(*) FROM member m WHERE m.business_id = $1 AND m.member_id <= $2"
_COLUMNS = ", ".join(f"m.{name}" for name in MemberRow.__slots__)
_MEMBERS = f"""
SELECT {_COLUMNS} FROM member m
WHERE m.business_id = $1 AND ($2::uuid IS NULL OR m.member_id > $2) AND m.member_id <= $3
ORDER BY m.member_id LIMIT 200
"""  # noqa: S608
_SHARED = """
WITH moved AS (
    SELECT t.credit_account_id AS account_id, t.amount FROM transfer t WHERE t.business_id = $1
    UNION ALL
    SELECT t.debit_account_id, -t.amount FROM transfer t WHERE t.business_id = $1)
SELECT NULL::uuid AS member_id,
       concat_ws(' ', 'balance of the', a.kind, 'account', p.key, r.key) || ', ' || a.currency AS what,
       a.balance::text AS stored, coalesce(sum(m.amount), 0)::text AS rebuilt
FROM account a
LEFT JOIN moved m ON m.account_id = a.account_id
LEFT JOIN promotion p ON p.business_id = a.business_id AND p.promotion_id = a.promotion_id
LEFT JOIN partner r ON r.business_id = a.business_id AND r.partner_id = a.partner_id
WHERE a.business_id = $1 AND a.member_id IS NULL AND a.balance IS NOT NULL
GROUP BY a.account_id, a.kind, a.currency, a.balance, p.key, r.key
HAVING a.balance <> coalesce(sum(m.amount), 0) OR a.balance < 0
ORDER BY a.kind, p.key, r.key, a.currency LIMIT 1
"""
_LAST_POSITION = """
SELECT b.event_position AS told, coalesce(max(o.position), 0) AS given
FROM business b LEFT JOIN outbox o ON o.business_id = b.business_id
WHERE b.business_id = $1 GROUP BY b.event_position
"""
_MISSING_POSITION = """
SELECT wanted.position FROM generate_series($2::bigint, $3::bigint) AS wanted(position)
WHERE NOT EXISTS (
    SELECT FROM outbox o WHERE o.business_id = $1 AND o.position = wanted.position)
ORDER BY wanted.position LIMIT 1
"""
_OPERATIONS = """
SELECT o.actor, o.key, o.mutation, o.outcome FROM operation o
WHERE o.business_id = $1 AND (o.actor, o.key) > ($2, $3)
ORDER BY o.actor, o.key LIMIT 200
"""
_MISSING = """
SELECT given.id FROM unnest($2::uuid[]) AS given(id)
WHERE NOT EXISTS (SELECT FROM member m WHERE m.business_id = $1 AND m.member_id = given.id)
  AND NOT EXISTS (SELECT FROM fact f WHERE f.business_id = $1 AND f.fact_id = given.id)
  AND NOT EXISTS (SELECT FROM effect e WHERE e.business_id = $1 AND e.effect_id = given.id)
  AND NOT EXISTS (SELECT FROM adjustment a WHERE a.business_id = $1 AND a.adjustment_id = given.id)
  AND NOT EXISTS (SELECT FROM reward r WHERE r.business_id = $1 AND r.reward_id = given.id)
  AND NOT EXISTS (SELECT FROM settlement s WHERE s.business_id = $1 AND s.settlement_id = given.id)
  AND NOT EXISTS (
      SELECT FROM program_version v WHERE v.business_id = $1 AND v.program_version_id = given.id)
  AND NOT EXISTS (SELECT FROM program_draft d WHERE d.business_id = $1 AND d.program_draft_id = given.id)
  AND NOT EXISTS (SELECT FROM coupon c WHERE c.business_id = $1 AND c.coupon_id = given.id)
  AND NOT EXISTS (SELECT FROM application p WHERE p.business_id = $1 AND p.application_id = given.id)
  AND NOT EXISTS (SELECT FROM simulation t WHERE t.business_id = $1 AND t.simulation_id = given.id)
"""


async def last_member(connection: Connection, business_id: UUID) -> tuple[UUID | None, int]:
    """The last member by id, and how many there are up to it."""
    last = await connection.fetchval(_LAST_MEMBER, business_id)
    return last, 0 if last is None else await connection.fetchval(_COUNT, business_id, last)


async def members_after(
    connection: Connection, business_id: UUID, after: UUID | None, last: UUID
) -> list[MemberRow]:
    """The next 200 members in the order of their ids, none beyond the last."""
    rows = await connection.fetch(_MEMBERS, business_id, after, last)
    return [MemberRow(**dict(row)) for row in rows]


async def shared_account(connection: Connection, business_id: UUID) -> Broken | None:
    """The first account of no member with a kept balance that its transfers do not make."""
    row = await connection.fetchrow(_SHARED, business_id)
    return None if row is None else Broken(**dict(row))


async def last_position(connection: Connection, business_id: UUID) -> tuple[int, int]:
    """The last position that the business has given to an event, as it says and as the events say."""
    row = await connection.fetchrow(_LAST_POSITION, business_id)
    if row is None:
        raise LookupError(f"no business {business_id}")
    return row["told"], row["given"]


async def missing_position(connection: Connection, business_id: UUID, first: int, last: int) -> int | None:
    """The first of some positions that no event has."""
    found: int | None = await connection.fetchval(_MISSING_POSITION, business_id, first, last)
    return found


async def operations_after(
    connection: Connection, business_id: UUID, actor: str, key: str
) -> list[asyncpg.Record]:
    """The next 200 operations in the order of their keys."""
    return await connection.fetch(_OPERATIONS, business_id, actor, key)


async def missing_ids(connection: Connection, business_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that nothing has which an outcome may name."""
    if not ids:
        return set()
    return {row["id"] for row in await connection.fetch(_MISSING, business_id, list(ids))}
