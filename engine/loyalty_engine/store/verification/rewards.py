"""Promises about redemptions of rewards, and about coupons."""

from __future__ import annotations

from uuid import UUID

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.verification.promises import Broken, Promise

_REDEMPTIONS = """
SELECT d.member_id, format('price of redemption %s', d.redemption_id) AS what,
       format('%s %s', d.price, r.currency) AS stored,
       coalesce(format('%s %s by a %s', -f.points, f.points_currency, f.kind), 'no activity') AS rebuilt
FROM redemption d
JOIN reward r ON r.business_id = d.business_id AND r.reward_id = d.reward_id
LEFT JOIN fact f ON f.business_id = d.business_id AND f.fact_id = d.redemption_id
                AND f.member_id = d.member_id
WHERE d.business_id = $1 AND d.member_id = ANY ($2::uuid[])
  AND (f.kind, f.points, f.points_currency) IS DISTINCT FROM ('redemption', -d.price, r.currency)
ORDER BY d.member_id, d.redemption_id LIMIT 1
"""
_CANCELLED = """
SELECT d.member_id, format('return of redemption %s', d.redemption_id) AS what,
       coalesce(d.cancelled_fact_id::text, 'none') AS stored, coalesce(f.fact_id::text, 'none') AS rebuilt
FROM redemption d
LEFT JOIN fact f ON f.business_id = d.business_id AND f.reverses_fact_id = d.redemption_id AND f.ones = -1
WHERE d.business_id = $1 AND d.member_id = ANY ($2::uuid[])
  AND d.cancelled_fact_id IS DISTINCT FROM f.fact_id
ORDER BY d.member_id, d.redemption_id LIMIT 1
"""
_RELEASED = """
SELECT u.member_id, format('return of coupon use %s', u.coupon_use_id) AS what,
       coalesce(u.released_fact_id::text, 'none') AS stored, coalesce(f.fact_id::text, 'none') AS rebuilt
FROM coupon_use u
LEFT JOIN fact f ON f.business_id = u.business_id AND f.reverses_fact_id = u.coupon_use_id AND f.ones = -1
WHERE u.business_id = $1 AND u.member_id = ANY ($2::uuid[])
  AND u.released_fact_id IS DISTINCT FROM f.fact_id
ORDER BY u.member_id, u.coupon_use_id LIMIT 1
"""
_USED = """
SELECT NULL::uuid AS member_id, format('uses of coupon %s', coalesce(c.key, c.coupon_id::text)) AS what,
       c.used::text AS stored, count(u.coupon_use_id)::text AS rebuilt
FROM coupon c
LEFT JOIN coupon_use u ON u.business_id = c.business_id AND u.coupon_id = c.coupon_id
                      AND u.released_fact_id IS NULL
WHERE c.business_id = $1
GROUP BY c.coupon_id, c.key, c.used
HAVING c.used <> count(u.coupon_use_id)
ORDER BY c.coupon_id LIMIT 1
"""

REDEMPTIONS = Promise("redemptions", "a redemption took just its price", _REDEMPTIONS)
CANCELLED = Promise("cancelled", "a redemption is cancelled exactly by the return of it", _CANCELLED)
RELEASED = Promise("released", "a use of a coupon is released exactly by the return of it", _RELEASED)


async def coupon_counted(connection: Connection, business_id: UUID) -> Broken | None:
    """The first coupon that was not used as often as it says."""
    row = await connection.fetchrow(_USED, business_id)
    return None if row is None else Broken(**dict(row))
