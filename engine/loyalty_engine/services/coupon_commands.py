"""What use cases about coupons are told to do, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.reward_commands import RewardBy


@dataclass(frozen=True, slots=True)
class CreateCoupon:
    """Make a coupon; without a code of one's own it gets a random one.

    Without a limit it may be used any number of times, without a member by everybody.
    """

    key: str
    on_return: str
    code: str | None = None
    limit: int | None = None
    member_limit: int | None = None
    member: MemberBy | None = None
    reward: RewardBy | None = None
    value_amount: Decimal | None = None
    value_percent: Decimal | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UseCoupon:
    """Use a coupon by its code, for a purchase perhaps; ``amount`` is what it takes something off."""

    member: MemberBy
    code: str
    source: str
    external_id: str
    purchase: tuple[str, str] | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CouponCreated:
    """A coupon was made; its code is known here once, and only where it was made here."""

    coupon_id: UUID
    code: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CouponUsed:
    """A coupon was used by the activity of that id; ``discount`` is what it took off the amount."""

    use_id: UUID
    coupon_id: UUID
    member_id: UUID
    discount: Decimal | None = None
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CouponReleased:
    """A use was released by the return of that id."""

    use_id: UUID
    coupon_id: UUID
    member_id: UUID
    return_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False
