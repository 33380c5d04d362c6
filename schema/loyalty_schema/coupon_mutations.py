"""Mutations about coupons: each converts its input, calls one use case, and shows what came of it."""

from typing import Annotated

import strawberry

from loyalty_engine.services import (
    create_coupon,
    release_coupon_use,
    reopen_coupon_use,
    use_coupon,
)
from loyalty_schema.coupon_inputs import (
    CreateCouponInput,
    ReleaseCouponUseInput,
    ReopenCouponUseInput,
    UseCouponInput,
)
from loyalty_schema.coupon_results import (
    CreateCouponResult,
    CreateCouponSuccess,
    ReleaseCouponUseResult,
    ReleaseCouponUseSuccess,
    ReopenCouponUseResult,
    ReopenCouponUseSuccess,
    UseCouponResult,
    UseCouponSuccess,
)
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import REDEMPTIONS_WRITE, REWARDS_WRITE, computed
from loyalty_schema.request import Info, request_of


@strawberry.type(description="What is done about coupons; no type of the API, but a part of its mutations.")
class CouponMutations:
    """What is done about coupons."""

    @computed(scope=REWARDS_WRITE, description="Makes a coupon, whose code is shown once.")
    async def create_coupon(
        self, info: Info, wanted: Annotated[CreateCouponInput, INPUT]
    ) -> CreateCouponResult:
        """Makes a coupon, whose code is shown once."""
        request, command = request_of(info), wanted.command()
        shown: CreateCouponResult = await done(
            request,
            lambda: create_coupon(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CreateCouponSuccess(outcome=outcome, coupon_code=outcome.code),
            "Coupon",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Uses a coupon by its code.")
    async def use_coupon(self, info: Info, wanted: Annotated[UseCouponInput, INPUT]) -> UseCouponResult:
        """Uses a coupon by its code."""
        request, command = request_of(info), wanted.command()
        shown: UseCouponResult = await done(
            request,
            lambda: use_coupon(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: UseCouponSuccess(outcome=outcome, discount=outcome.discount),
            "Activity",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Gives a use of a coupon back.")
    async def release_coupon_use(
        self, info: Info, wanted: Annotated[ReleaseCouponUseInput, INPUT]
    ) -> ReleaseCouponUseResult:
        """Gives a use of a coupon back."""
        request, command = request_of(info), wanted.command()
        shown: ReleaseCouponUseResult = await done(
            request,
            lambda: release_coupon_use(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ReleaseCouponUseSuccess(outcome=outcome),
            "CouponUse",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Makes a use again that was given back.")
    async def reopen_coupon_use(
        self, info: Info, wanted: Annotated[ReopenCouponUseInput, INPUT]
    ) -> ReopenCouponUseResult:
        """Makes a use again that was given back."""
        request, command = request_of(info), wanted.command()
        shown: ReopenCouponUseResult = await done(
            request,
            lambda: reopen_coupon_use(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ReopenCouponUseSuccess(outcome=outcome, discount=outcome.discount),
            "CouponUse",
        )
        return shown
