"""Mutations that move points: each converts its input, calls one use case, and shows what came of it."""

from typing import Annotated

import strawberry

from loyalty_engine.services import (
    adjust_points,
    capture_hold,
    confirm_activity,
    decide_adjustment,
    hold_points,
    pay_with_points,
    transfer_points,
    void_hold,
)
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import ACTIVITIES_WRITE, POINTS_ADJUST, POINTS_SPEND, computed
from loyalty_schema.point_inputs import (
    AdjustPointsInput,
    CaptureHoldInput,
    ConfirmActivityInput,
    DecideAdjustmentInput,
    HoldPointsInput,
    PayWithPointsInput,
    TransferPointsInput,
    VoidHoldInput,
)
from loyalty_schema.point_results import (
    AdjustPointsResult,
    AdjustPointsSuccess,
    CaptureHoldResult,
    CaptureHoldSuccess,
    ConfirmActivityResult,
    ConfirmActivitySuccess,
    DecideAdjustmentResult,
    DecideAdjustmentSuccess,
    HoldPointsResult,
    HoldPointsSuccess,
    PayWithPointsResult,
    PayWithPointsSuccess,
    TransferPointsResult,
    TransferPointsSuccess,
    VoidHoldResult,
    VoidHoldSuccess,
)
from loyalty_schema.request import Info, request_of


@strawberry.type(description="What moves points; no type of the API, but a part of its mutations.")
class PointMutations:
    """What moves points."""

    @computed(scope=POINTS_SPEND, description="Sets points aside for somebody who captures them later.")
    async def hold_points(self, info: Info, wanted: Annotated[HoldPointsInput, INPUT]) -> HoldPointsResult:
        """Sets points aside for somebody who captures them later."""
        request, command = request_of(info), wanted.command()
        shown: HoldPointsResult = await done(
            request,
            lambda: hold_points(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: HoldPointsSuccess(outcome=outcome),
            "Hold",
        )
        return shown

    @computed(scope=POINTS_SPEND, description="Spends what a hold set aside, wholly or in part.")
    async def capture_hold(self, info: Info, wanted: Annotated[CaptureHoldInput, INPUT]) -> CaptureHoldResult:
        """Spends what a hold set aside, wholly or in part."""
        request, command = request_of(info), wanted.command()
        shown: CaptureHoldResult = await done(
            request,
            lambda: capture_hold(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CaptureHoldSuccess(outcome=outcome),
            "Hold",
        )
        return shown

    @computed(scope=POINTS_SPEND, description="Gives back what a hold set aside.")
    async def void_hold(self, info: Info, wanted: Annotated[VoidHoldInput, INPUT]) -> VoidHoldResult:
        """Gives back what a hold set aside."""
        request, command = request_of(info), wanted.command()
        shown: VoidHoldResult = await done(
            request,
            lambda: void_hold(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: VoidHoldSuccess(outcome=outcome),
            "Hold",
        )
        return shown

    @computed(scope=POINTS_SPEND, description="Sends points to another member.")
    async def transfer_points(
        self, info: Info, wanted: Annotated[TransferPointsInput, INPUT]
    ) -> TransferPointsResult:
        """Sends points to another member."""
        request, command = request_of(info), wanted.command()
        shown: TransferPointsResult = await done(
            request,
            lambda: transfer_points(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: TransferPointsSuccess(outcome=outcome),
            "Activity",
        )
        return shown

    @computed(scope=POINTS_ADJUST, description="Adds points, or takes some away, for a reason.")
    async def adjust_points(
        self, info: Info, wanted: Annotated[AdjustPointsInput, INPUT]
    ) -> AdjustPointsResult:
        """Adds points, or takes some away, for a reason."""
        request, command = request_of(info), wanted.command()
        shown: AdjustPointsResult = await done(
            request,
            lambda: adjust_points(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: AdjustPointsSuccess(outcome=outcome),
            "Adjustment",
        )
        return shown

    @computed(scope=POINTS_ADJUST, description="Approves or declines somebody else's adjustment.")
    async def decide_adjustment(
        self, info: Info, wanted: Annotated[DecideAdjustmentInput, INPUT]
    ) -> DecideAdjustmentResult:
        """Approves or declines somebody else's adjustment."""
        request, command = request_of(info), wanted.command()
        shown: DecideAdjustmentResult = await done(
            request,
            lambda: decide_adjustment(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: DecideAdjustmentSuccess(outcome=outcome),
            "Adjustment",
        )
        return shown

    @computed(scope=POINTS_SPEND, description="Pays some of a purchase with points.")
    async def pay_with_points(
        self, info: Info, wanted: Annotated[PayWithPointsInput, INPUT]
    ) -> PayWithPointsResult:
        """Pays some of a purchase with points."""
        request, command = request_of(info), wanted.command()
        shown: PayWithPointsResult = await done(
            request,
            lambda: pay_with_points(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: PayWithPointsSuccess(
                outcome=outcome, points=outcome.points, amount=outcome.amount
            ),
            "Activity",
        )
        return shown

    @computed(scope=ACTIVITIES_WRITE, description="Says that an activity stands: what it earned is released.")
    async def confirm_activity(
        self, info: Info, wanted: Annotated[ConfirmActivityInput, INPUT]
    ) -> ConfirmActivityResult:
        """Says that an activity stands: what it earned is released."""
        request, command = request_of(info), wanted.command()
        shown: ConfirmActivityResult = await done(
            request,
            lambda: confirm_activity(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ConfirmActivitySuccess(outcome=outcome),
            "Activity",
        )
        return shown
