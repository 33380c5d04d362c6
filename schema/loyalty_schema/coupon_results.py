"""What the mutations about coupons answer."""

from decimal import Decimal
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from loyalty_engine.services import coupon_commands as commands
from loyalty_engine.store.reads import coupons
from loyalty_schema.doing import REPLAYED, activity_of, member_of
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    EVERYONE,
    FEW,
    MEMBERS_READ,
    REWARDS_READ,
    computed,
    given,
)
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.coupon import Coupon, CouponUse
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.member import Member
from loyalty_schema.types.refusals import (
    AlreadyExists,
    AlreadyReversed,
    CodeNotUsable,
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    QuotaExceeded,
    Retryable,
)


async def _coupon(request: Request, coupon_id: UUID) -> Coupon:
    row = await request.reads.load(coupons.coupons_by_id, coupon_id)
    if row is None:
        raise LookupError(f"no coupon {coupon_id}")
    return Coupon(row=row)


@strawberry.type(description="The coupon was made.")
class CreateCouponSuccess:
    """The coupon was made."""

    outcome: strawberry.Private[commands.CouponCreated]
    coupon_code: str | None = given(
        description="Its code, shown here and never again; null: it was given, or this is a replay."
    )

    @computed(scope=REWARDS_READ, description="The coupon.")
    async def coupon(self, info: Info) -> Coupon:
        """The coupon."""
        return await _coupon(request_of(info), self.outcome.coupon_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="What became of a coupon's use; no type of the API, but what several have.")
class CouponChanged:
    """What became of a coupon's use."""

    outcome: strawberry.Private[commands.CouponUsed | commands.CouponReleased]

    @computed(scope=REWARDS_READ, description="The coupon.")
    async def coupon(self, info: Info) -> Coupon:
        """The coupon."""
        return await _coupon(request_of(info), self.outcome.coupon_id)

    @computed(scope=REWARDS_READ, description="The use.")
    async def use(self, info: Info) -> CouponUse:
        """The use."""
        row = await request_of(info).reads.load(coupons.uses_by_id, self.outcome.use_id)
        if row is None:
            raise LookupError(f"no use {self.outcome.use_id}")
        return CouponUse(row=row)

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What it posted.")
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The coupon was used.")
class UseCouponSuccess(CouponChanged):
    """The coupon was used."""

    discount: Decimal | None = given(
        description="What it takes off the amount, to be rounded to money; null: nothing was reckoned."
    )


@strawberry.type(description="The use was made again.")
class ReopenCouponUseSuccess(CouponChanged):
    """The use was made again."""

    discount: Decimal | None = given(
        description="What it takes off the amount, as it did before; null: nothing was reckoned."
    )


@strawberry.type(description="The use was given back.")
class ReleaseCouponUseSuccess(CouponChanged):
    """The use was given back."""

    outcome: strawberry.Private[commands.CouponReleased]

    @computed(scope=ACTIVITIES_READ, description="The return of the use, an activity of its own.")
    async def activity(self, info: Info) -> Activity:
        """The return of the use."""
        return await activity_of(request_of(info), self.outcome.return_id)


CreateCouponResult: TypeAlias = Annotated[
    CreateCouponSuccess
    | InvalidInput
    | NotFound
    | AlreadyExists
    | IdempotencyConflict
    | IdempotencyInProgress
    | Retryable,
    strawberry.union("CreateCouponResult", description="What createCoupon answers."),
]
UseCouponResult: TypeAlias = Annotated[
    UseCouponSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | CodeNotUsable
    | AlreadyExists
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("UseCouponResult", description="What useCoupon answers."),
]
ReleaseCouponUseResult: TypeAlias = Annotated[
    ReleaseCouponUseSuccess
    | InvalidInput
    | NotFound
    | AlreadyReversed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("ReleaseCouponUseResult", description="What releaseCouponUse answers."),
]
ReopenCouponUseResult: TypeAlias = Annotated[
    ReopenCouponUseSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | QuotaExceeded
    | AlreadyExists
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("ReopenCouponUseResult", description="What reopenCouponUse answers."),
]
