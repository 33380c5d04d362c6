"""Coupons as rows, for those who decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from loyalty_engine.entities import Coupon, CouponUse
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows, update_rows


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon as it is once it is locked."""

    coupon_id: UUID
    key: str | None
    use_limit: int | None
    member_limit: int | None
    used: int
    member_id: UUID | None
    redemption_id: UUID | None
    value_amount: Decimal | None
    value_percent: Decimal | None
    on_return: str
    valid_from: datetime
    valid_until: datetime | None


_COLUMNS = ", ".join(f"c.{name}" for name in CouponRow.__slots__)
_LOCK = f"""
SELECT {_COLUMNS} FROM coupon c WHERE c.business_id = $1 AND c.coupon_id = $2 FOR NO KEY UPDATE
"""  # noqa: S608
_LOCK_ALL = """
SELECT c.coupon_id FROM coupon c WHERE c.business_id = $1 AND c.coupon_id = ANY ($2::uuid[])
ORDER BY c.coupon_id FOR NO KEY UPDATE
"""
_BY_HASH = "SELECT c.coupon_id FROM coupon c WHERE c.business_id = $1 AND c.code_hash = $2"
_BY_KEY = "SELECT c.coupon_id FROM coupon c WHERE c.business_id = $1 AND c.key = $2"
_BY_REDEMPTION = "SELECT c.coupon_id FROM coupon c WHERE c.business_id = $1 AND c.redemption_id = $2"
_PLACES = """
SELECT u.place FROM coupon_use u
WHERE u.business_id = $1 AND u.coupon_id = $2 AND u.member_id = ANY ($3::uuid[])
  AND u.released_fact_id IS NULL
"""
_USE = """
SELECT u.coupon_use_id, u.coupon_id, u.member_id, u.purchase_source, u.purchase_external_id, u.amount,
       u.discount, u.released_fact_id, n.coupon_use_id AS reopened_by
FROM coupon_use u
LEFT JOIN coupon_use n ON n.business_id = u.business_id AND n.reopens_use_id = u.coupon_use_id
WHERE u.business_id = $1 AND u.coupon_use_id = $2
"""
_OF_PURCHASE = """
SELECT u.coupon_use_id, u.coupon_id
FROM coupon_use u
JOIN coupon c ON c.business_id = u.business_id AND c.coupon_id = u.coupon_id
WHERE u.business_id = $1 AND u.member_id = ANY ($2::uuid[])
  AND u.purchase_source = $3 AND u.purchase_external_id = $4
  AND u.released_fact_id IS NULL AND c.on_return = 'release'
ORDER BY u.coupon_use_id
"""


async def insert_coupon(connection: Connection, row: Row) -> bool:
    """Write a coupon; False where its key or its code is taken."""
    return bool(await insert_rows(connection, Coupon, [row], skip_existing=True, returning=("coupon_id",)))


async def coupon_by_key(connection: Connection, business_id: UUID, key: str) -> UUID | None:
    """The id of a coupon."""
    found: UUID | None = await connection.fetchval(_BY_KEY, business_id, key)
    return found


async def coupon_by_hash(connection: Connection, business_id: UUID, digest: bytes) -> UUID | None:
    """The id of the coupon whose code has this hash."""
    found: UUID | None = await connection.fetchval(_BY_HASH, business_id, digest)
    return found


async def coupon_of_redemption(connection: Connection, business_id: UUID, redemption_id: UUID) -> UUID | None:
    """The id of the coupon that a redemption issued."""
    found: UUID | None = await connection.fetchval(_BY_REDEMPTION, business_id, redemption_id)
    return found


async def lock_coupon(connection: Connection, business_id: UUID, coupon_id: UUID) -> CouponRow:
    """Lock a coupon; what it is once it is locked."""
    row = await connection.fetchrow(_LOCK, business_id, coupon_id)
    if row is None:
        raise LookupError(f"no coupon {coupon_id}")
    return CouponRow(**dict(row))


async def places_of_uses(
    connection: Connection, business_id: UUID, coupon_id: UUID, member_ids: Sequence[UUID]
) -> list[int]:
    """The places of uses of a coupon by a member, and by those that went into it, that were not released."""
    rows = await connection.fetch(_PLACES, business_id, coupon_id, list(member_ids))
    return [row["place"] for row in rows]


async def insert_use(connection: Connection, row: Row) -> None:
    """Write a use, which counts itself."""
    await insert_rows(connection, CouponUse, [row])


async def coupon_use(connection: Connection, business_id: UUID, use_id: UUID) -> asyncpg.Record | None:
    """A use, and the one that reopened it; read it under its member's lock."""
    return await connection.fetchrow(_USE, business_id, use_id)


async def uses_to_release(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], source: str, external_id: str
) -> list[asyncpg.Record]:
    """Some members' uses for a purchase that its whole return releases, their coupons locked."""
    found = await connection.fetch(_OF_PURCHASE, business_id, list(member_ids), source, external_id)
    if found:
        ids = sorted({row["coupon_id"] for row in found})
        await connection.execute(_LOCK_ALL, business_id, ids)
    return found


async def release_uses(connection: Connection, rows: Sequence[Row]) -> None:
    """Set by what uses were released, once; the rows name them by their keys."""
    await update_rows(connection, CouponUse, rows)
