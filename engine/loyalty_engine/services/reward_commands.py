"""What use cases about rewards are told to do, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from loyalty_engine.services.commands import MemberBy


@dataclass(frozen=True, slots=True)
class RewardBy:
    """A reward by exactly one of: our id, or its key."""

    id: UUID | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class TermsInput:
    """What a reward is called, what it costs, for whom and how long.

    Prices are in points, by tier or ``ladder.tier``; ``tiers`` may redeem it, nobody named: everybody.
    ``valid_from`` left out is now.
    """

    names: Mapping[str, str]
    price: Decimal
    prices: tuple[tuple[str, Decimal], ...] = ()
    tiers: tuple[str, ...] = ()
    value_amount: Decimal | None = None
    value_percent: Decimal | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    redemption_days: int | None = None
    member_limit: int | None = None
    state: str = "active"


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """Whether whoever has the code may use it, and what the return of the purchase does with the use."""

    bearer: bool
    on_return: str


@dataclass(frozen=True, slots=True)
class CreateReward:
    """Put a reward into the catalogue; ``stock`` left out is without a limit."""

    key: str
    kind: str
    terms: TermsInput
    currency: str | None = None
    stock: int | None = None
    coupon: CouponTerms | None = None


@dataclass(frozen=True, slots=True)
class UpdateReward:
    """Give a reward new terms, for redemptions from now on."""

    reward: RewardBy
    terms: TermsInput


@dataclass(frozen=True, slots=True)
class StockReward:
    """Put units of a reward into stock, or take some out with a negative number."""

    reward: RewardBy
    units: int


@dataclass(frozen=True, slots=True)
class RedeemReward:
    """Spend a member's points on a reward."""

    member: MemberBy
    reward: RewardBy


@dataclass(frozen=True, slots=True)
class CancelRedemption:
    """Take a redemption back."""

    redemption: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RewardSaved:
    """A reward has terms of this version."""

    reward_id: UUID
    version: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RewardStocked:
    """So many units are in stock now."""

    reward_id: UUID
    stock: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A reward was redeemed; the redemption is the activity of that id.

    ``code`` is that of the coupon that it gave, known here and never again: it is no part of what is kept.
    """

    redemption_id: UUID
    member_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    code: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RedemptionCancelled:
    """A redemption was taken back by the return of that id; what came back is by points currency."""

    redemption_id: UUID
    member_id: UUID
    return_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    points: Mapping[str, Decimal] = field(default_factory=dict)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RedemptionFulfilled:
    """The member has what was redeemed."""

    redemption_id: UUID
    member_id: UUID
    replayed: bool = False
