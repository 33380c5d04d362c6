"""What the mutations about rewards answer."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from loyalty_engine.services import reward_commands as commands
from loyalty_engine.store.reads import rewards
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
from loyalty_schema.results import PointsAmount
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.member import Member
from loyalty_schema.types.refusals import (
    AlreadyExists,
    AlreadyReversed,
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InsufficientPoints,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    OutOfStock,
    QuotaExceeded,
    Retryable,
    RuleFailed,
)
from loyalty_schema.types.reward import Redemption, Reward


async def reward_of(request: Request, reward_id: UUID) -> Reward:
    """The reward that a mutation was about."""
    row = await request.reads.load(rewards.rewards_by_id, reward_id)
    if row is None:
        raise LookupError(f"no reward {reward_id}")
    return Reward(row=row)


async def redemption_of(request: Request, redemption_id: UUID) -> Redemption:
    """The redemption that a mutation was about."""
    row = await request.reads.load(rewards.redemptions_by_id, redemption_id)
    if row is None:
        raise LookupError(f"no redemption {redemption_id}")
    return Redemption(row=row)


@strawberry.type(description="The reward has these terms; no type of the API, but what several have.")
class RewardSaved:
    """The reward has these terms."""

    outcome: strawberry.Private[commands.RewardSaved]

    @computed(scope=REWARDS_READ, description="The reward.")
    async def reward(self, info: Info) -> Reward:
        """The reward."""
        return await reward_of(request_of(info), self.outcome.reward_id)

    @computed(scope=EVERYONE, description="The version of the terms that were written.")
    def version(self) -> int:
        """The version of the terms that were written."""
        return self.outcome.version

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The reward is in the catalogue.")
class CreateRewardSuccess(RewardSaved):
    """The reward is in the catalogue."""


@strawberry.type(description="The reward has new terms.")
class UpdateRewardSuccess(RewardSaved):
    """The reward has new terms."""


@strawberry.type(description="The units are in stock, or out of it.")
class StockRewardSuccess:
    """The units are in stock, or out of it."""

    outcome: strawberry.Private[commands.RewardStocked]
    stock: int = given(description="How many were in stock after it.")

    @computed(scope=REWARDS_READ, description="The reward.")
    async def reward(self, info: Info) -> Reward:
        """The reward."""
        return await reward_of(request_of(info), self.outcome.reward_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="What became of a redemption; no type of the API, but what several have.")
class RedemptionChanged:
    """What became of a redemption."""

    outcome: strawberry.Private[
        commands.Redeemed | commands.RedemptionCancelled | commands.RedemptionFulfilled
    ]

    @computed(scope=REWARDS_READ, description="The redemption.")
    async def redemption(self, info: Info) -> Redemption:
        """The redemption."""
        return await redemption_of(request_of(info), self.outcome.redemption_id)

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The reward was redeemed.")
class RedeemRewardSuccess(RedemptionChanged):
    """The reward was redeemed."""

    outcome: strawberry.Private[commands.Redeemed]
    coupon_code: str | None = given(
        description="The code of the coupon that it gave, shown here and never again; null: it gave none, "
        "or this is a replay."
    )

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What it posted.")
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)


@strawberry.type(description="The redemption was taken back.")
class CancelRedemptionSuccess(RedemptionChanged):
    """The redemption was taken back."""

    outcome: strawberry.Private[commands.RedemptionCancelled]

    @computed(scope=ACTIVITIES_READ, description="The return of the redemption, an activity of its own.")
    async def activity(self, info: Info) -> Activity:
        """The return of the redemption."""
        return await activity_of(request_of(info), self.outcome.return_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What it posted.")
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(
        scope=EVERYONE, brings=FEW, description="The points that came back; those that have expired are gone."
    )
    def points(self) -> list[PointsAmount]:
        """The points that came back."""
        return [PointsAmount(row=pair) for pair in self.outcome.points.items()]


@strawberry.type(description="The member has what was redeemed.")
class FulfilRedemptionSuccess(RedemptionChanged):
    """The member has what was redeemed."""

    outcome: strawberry.Private[commands.RedemptionFulfilled]


CreateRewardResult: TypeAlias = Annotated[
    CreateRewardSuccess
    | InvalidInput
    | AlreadyExists
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("CreateRewardResult", description="What createReward answers."),
]
UpdateRewardResult: TypeAlias = Annotated[
    UpdateRewardSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("UpdateRewardResult", description="What updateReward answers."),
]
StockRewardResult: TypeAlias = Annotated[
    StockRewardSuccess
    | InvalidInput
    | NotFound
    | OutOfStock
    | IdempotencyConflict
    | IdempotencyInProgress
    | Retryable,
    strawberry.union("StockRewardResult", description="What stockReward answers."),
]
RedeemRewardResult: TypeAlias = Annotated[
    RedeemRewardSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | InsufficientPoints
    | OutOfStock
    | QuotaExceeded
    | IdempotencyConflict
    | IdempotencyInProgress
    | RuleFailed
    | ConfigInvalid
    | Retryable,
    strawberry.union("RedeemRewardResult", description="What redeemReward answers."),
]
CancelRedemptionResult: TypeAlias = Annotated[
    CancelRedemptionSuccess
    | InvalidInput
    | NotFound
    | AlreadyReversed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("CancelRedemptionResult", description="What cancelRedemption answers."),
]
FulfilRedemptionResult: TypeAlias = Annotated[
    FulfilRedemptionSuccess
    | InvalidInput
    | NotFound
    | AlreadyReversed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("FulfilRedemptionResult", description="What fulfilRedemption answers."),
]
