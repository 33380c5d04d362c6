"""Mutations about rewards: each converts its input, calls one use case, and shows what came of it."""

from typing import Annotated

import strawberry

from loyalty_engine.services import (
    cancel_redemption,
    create_reward,
    fulfil_redemption,
    redeem_reward,
    stock_reward,
    update_reward,
)
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import REDEMPTIONS_WRITE, REWARDS_WRITE, computed
from loyalty_schema.request import Info, request_of
from loyalty_schema.reward_inputs import (
    CancelRedemptionInput,
    CreateRewardInput,
    FulfilRedemptionInput,
    RedeemRewardInput,
    StockRewardInput,
    UpdateRewardInput,
)
from loyalty_schema.reward_results import (
    CancelRedemptionResult,
    CancelRedemptionSuccess,
    CreateRewardResult,
    CreateRewardSuccess,
    FulfilRedemptionResult,
    FulfilRedemptionSuccess,
    RedeemRewardResult,
    RedeemRewardSuccess,
    StockRewardResult,
    StockRewardSuccess,
    UpdateRewardResult,
    UpdateRewardSuccess,
)


@strawberry.type(description="What is done about rewards; no type of the API, but a part of its mutations.")
class RewardMutations:
    """What is done about rewards."""

    @computed(scope=REWARDS_WRITE, description="Puts a reward into the catalogue.")
    async def create_reward(
        self, info: Info, wanted: Annotated[CreateRewardInput, INPUT]
    ) -> CreateRewardResult:
        """Puts a reward into the catalogue."""
        request, command = request_of(info), wanted.command()
        shown: CreateRewardResult = await done(
            request,
            lambda: create_reward(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CreateRewardSuccess(outcome=outcome),
            "Reward",
        )
        return shown

    @computed(scope=REWARDS_WRITE, description="Gives a reward new terms, for redemptions from now on.")
    async def update_reward(
        self, info: Info, wanted: Annotated[UpdateRewardInput, INPUT]
    ) -> UpdateRewardResult:
        """Gives a reward new terms, for redemptions from now on."""
        request, command = request_of(info), wanted.command()
        shown: UpdateRewardResult = await done(
            request,
            lambda: update_reward(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: UpdateRewardSuccess(outcome=outcome),
            "Reward",
        )
        return shown

    @computed(scope=REWARDS_WRITE, description="Puts units of a reward into stock, or takes some out.")
    async def stock_reward(self, info: Info, wanted: Annotated[StockRewardInput, INPUT]) -> StockRewardResult:
        """Puts units of a reward into stock, or takes some out."""
        request, command = request_of(info), wanted.command()
        shown: StockRewardResult = await done(
            request,
            lambda: stock_reward(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: StockRewardSuccess(outcome=outcome, stock=outcome.stock),
            "Reward",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Spends a member's points on a reward.")
    async def redeem_reward(
        self, info: Info, wanted: Annotated[RedeemRewardInput, INPUT]
    ) -> RedeemRewardResult:
        """Spends a member's points on a reward."""
        request, command = request_of(info), wanted.command()
        shown: RedeemRewardResult = await done(
            request,
            lambda: redeem_reward(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: RedeemRewardSuccess(outcome=outcome, coupon_code=outcome.code),
            "Redemption",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Takes a redemption back: points and stock return.")
    async def cancel_redemption(
        self, info: Info, wanted: Annotated[CancelRedemptionInput, INPUT]
    ) -> CancelRedemptionResult:
        """Takes a redemption back: points and stock return."""
        request, command = request_of(info), wanted.command()
        shown: CancelRedemptionResult = await done(
            request,
            lambda: cancel_redemption(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CancelRedemptionSuccess(outcome=outcome),
            "Redemption",
        )
        return shown

    @computed(scope=REDEMPTIONS_WRITE, description="Says that the member has what was redeemed.")
    async def fulfil_redemption(
        self, info: Info, wanted: Annotated[FulfilRedemptionInput, INPUT]
    ) -> FulfilRedemptionResult:
        """Says that the member has what was redeemed."""
        request, command = request_of(info), wanted.command()
        shown: FulfilRedemptionResult = await done(
            request,
            lambda: fulfil_redemption(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: FulfilRedemptionSuccess(outcome=outcome),
            "Redemption",
        )
        return shown
