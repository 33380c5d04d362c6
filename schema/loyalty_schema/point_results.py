"""What the mutations that move points answer."""

from decimal import Decimal
from typing import Annotated, TypeAlias

import strawberry

from loyalty_engine.services import commands
from loyalty_engine.store.reads import held
from loyalty_schema.doing import REPLAYED, activity_of, member_of
from loyalty_schema.fields import ACTIVITIES_READ, EVERYONE, FEW, MEMBERS_READ, POINTS_READ, computed, given
from loyalty_schema.request import Info, request_of
from loyalty_schema.results import RecordedFact
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.held import Adjustment, Hold
from loyalty_schema.types.member import Member
from loyalty_schema.types.refusals import (
    AlreadyExists,
    ConfigInvalid,
    HoldClosed,
    HoldExpired,
    IdempotencyConflict,
    IdempotencyInProgress,
    InsufficientPoints,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    OriginalNotFound,
    PeriodClosed,
    Retryable,
)

_EFFECTS = "What it posted."


@strawberry.type(description="What became of a hold; no type of the API, but what several have.")
class HoldChanged(RecordedFact):
    """What became of a hold."""

    @computed(scope=POINTS_READ, description="The hold.")
    async def hold(self, info: Info) -> Hold:
        """The hold."""
        hold_id = self.outcome.original_id or self.outcome.fact_id
        row = await request_of(info).reads.load(held.holds_by_id, hold_id)
        if row is None:
            raise LookupError(f"no hold {hold_id}")
        return Hold(row=row)


@strawberry.type(description="The points are set aside.")
class HoldPointsSuccess(HoldChanged):
    """The points are set aside."""


@strawberry.type(description="The hold was captured.")
class CaptureHoldSuccess(HoldChanged):
    """The hold was captured."""


@strawberry.type(description="The hold was given back.")
class VoidHoldSuccess(HoldChanged):
    """The hold was given back."""


@strawberry.type(description="The points were sent.")
class TransferPointsSuccess:
    """The points were sent."""

    outcome: strawberry.Private[commands.Transferred]

    @computed(scope=MEMBERS_READ, description="Who sent them.")
    async def sender(self, info: Info) -> Member:
        """Who sent them."""
        return await member_of(request_of(info), self.outcome.sender_id)

    @computed(scope=MEMBERS_READ, description="Who got them.")
    async def receiver(self, info: Info) -> Member:
        """Who got them."""
        return await member_of(request_of(info), self.outcome.receiver_id)

    @computed(scope=ACTIVITIES_READ, description="The sender's activity; returning it undoes the transfer.")
    async def sent(self, info: Info) -> Activity:
        """The sender's activity."""
        return await activity_of(request_of(info), self.outcome.fact_id)

    @computed(scope=ACTIVITIES_READ, description="The receiver's activity.")
    async def received(self, info: Info) -> Activity:
        """The receiver's activity."""
        return await activity_of(request_of(info), self.outcome.receipt_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What it posted for the sender.")
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted for the sender."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="An adjustment; no type of the API, but what several have.")
class AdjustmentChanged:
    """An adjustment."""

    outcome: strawberry.Private[commands.Adjusted]

    @computed(scope=POINTS_READ, description="The adjustment; its state says whether it waits.")
    async def adjustment(self, info: Info) -> Adjustment:
        """The adjustment."""
        row = await request_of(info).reads.load(held.adjustments_by_id, self.outcome.adjustment_id)
        if row is None:
            raise LookupError(f"no adjustment {self.outcome.adjustment_id}")
        return Adjustment(row=row)

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description=_EFFECTS)
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The points were adjusted, or wait for a second person.")
class AdjustPointsSuccess(AdjustmentChanged):
    """The points were adjusted, or wait for a second person."""


@strawberry.type(description="The adjustment was decided.")
class DecideAdjustmentSuccess(AdjustmentChanged):
    """The adjustment was decided."""


@strawberry.type(description="The points paid; take the amount off what the member pays.")
class PayWithPointsSuccess:
    """The points paid."""

    outcome: strawberry.Private[commands.Paid]
    points: Decimal = given(description="How many points it took.", scope=POINTS_READ)
    amount: Decimal = given(description="How much money they paid.", scope=POINTS_READ)

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=ACTIVITIES_READ, description="The redemption; returning it gives the points back.")
    async def activity(self, info: Info) -> Activity:
        """The redemption."""
        return await activity_of(request_of(info), self.outcome.fact_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description=_EFFECTS)
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The activity was confirmed.")
class ConfirmActivitySuccess(RecordedFact):
    """The activity was confirmed."""

    @computed(scope=ACTIVITIES_READ, description="The confirmation, an activity of its own.")
    async def activity(self, info: Info) -> Activity:
        """The confirmation."""
        return await activity_of(request_of(info), self.outcome.fact_id)


HoldPointsResult: TypeAlias = Annotated[
    HoldPointsSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | InsufficientPoints
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("HoldPointsResult", description="What holdPoints answers."),
]
CaptureHoldResult: TypeAlias = Annotated[
    CaptureHoldSuccess
    | InvalidInput
    | NotFound
    | HoldClosed
    | HoldExpired
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("CaptureHoldResult", description="What captureHold answers."),
]
VoidHoldResult: TypeAlias = Annotated[
    VoidHoldSuccess
    | InvalidInput
    | NotFound
    | HoldClosed
    | HoldExpired
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("VoidHoldResult", description="What voidHold answers."),
]
TransferPointsResult: TypeAlias = Annotated[
    TransferPointsSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | InsufficientPoints
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("TransferPointsResult", description="What transferPoints answers."),
]
AdjustPointsResult: TypeAlias = Annotated[
    AdjustPointsSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | InsufficientPoints
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("AdjustPointsResult", description="What adjustPoints answers."),
]
DecideAdjustmentResult: TypeAlias = Annotated[
    DecideAdjustmentSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | InsufficientPoints
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("DecideAdjustmentResult", description="What decideAdjustment answers."),
]
PayWithPointsResult: TypeAlias = Annotated[
    PayWithPointsSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | AlreadyExists
    | InsufficientPoints
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("PayWithPointsResult", description="What payWithPoints answers."),
]
ConfirmActivityResult: TypeAlias = Annotated[
    ConfirmActivitySuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | AlreadyExists
    | OriginalNotFound
    | PeriodClosed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("ConfirmActivityResult", description="What confirmActivity answers."),
]
