"""Coupons and their uses, by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from loyalty_engine.entities import Coupon, CouponUse
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon without the hash of its code."""

    coupon_id: UUID
    key: str | None
    use_limit: int | None
    member_limit: int | None
    used: int
    member_id: UUID | None
    reward_id: UUID | None
    redemption_id: UUID | None
    value_amount: Decimal | None
    value_percent: Decimal | None
    on_return: str
    valid_from: datetime
    valid_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CouponUseRow:
    """A use of a coupon."""

    coupon_use_id: UUID
    coupon_id: UUID
    member_id: UUID
    used_at: datetime
    purchase_source: str | None
    purchase_external_id: str | None
    amount: Decimal | None
    discount: Decimal | None
    reopens_use_id: UUID | None
    released_at: datetime | None


_coupon, _use = columns(Coupon), columns(CouponUse)
_COUPONS = ViewStatement(
    lambda held: select(*(_coupon[name] for name in CouponRow.__slots__)).where(
        of_business(_coupon),
        one_of_ids(_coupon.coupon_id),
        *(or_(_coupon.member_id.is_(None), condition) for condition in linked(_coupon.member_id, held)),
    )
)
_USES = ViewStatement(
    lambda held: select(*(_use[name] for name in CouponUseRow.__slots__)).where(
        of_business(_use), one_of_ids(_use.coupon_use_id), *linked(_use.member_id, held)
    )
)


async def coupons_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, CouponRow]:
    """Coupons by id."""
    rows = rows_of(CouponRow, await _COUPONS.fetch(connection, view, ids=list(ids)))
    return {row.coupon_id: row for row in rows}


async def uses_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, CouponUseRow]:
    """Uses by id."""
    rows = rows_of(CouponUseRow, await _USES.fetch(connection, view, ids=list(ids)))
    return {row.coupon_use_id: row for row in rows}
