"""Inputs of the mutations that move points, and the commands that they become."""

from datetime import datetime
from decimal import Decimal

import strawberry

from loyalty_engine.services import commands
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY, ActivityBy, MemberBy, PointsInput


@strawberry.input(description="Points to set aside.")
class HoldPointsInput:
    """Points to set aside."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose points.")
    points: PointsInput = strawberry.field(description="How many, above zero.")
    expires_at: datetime = strawberry.field(
        description="When they are given back unless they were captured; within 366 days, on a full second."
    )
    reason: str | None = strawberry.field(default=None, description="What they are set aside for.")

    def command(self) -> commands.HoldPoints:
        """What the use case is told."""
        return commands.HoldPoints(self.member.command(), self.points.command(), self.expires_at, self.reason)


@strawberry.input(description="A hold to capture.")
class CaptureHoldInput:
    """A hold to capture."""

    idempotency_key: str = strawberry.field(description=KEY)
    hold: strawberry.ID = strawberry.field(description="The hold.")
    points: Decimal | None = strawberry.field(
        default=None, description="How many are spent, the rest is given back; left out: all of them."
    )

    def command(self) -> commands.CaptureHold:
        """What the use case is told."""
        return commands.CaptureHold(id_of("Hold", str(self.hold)), self.points)


@strawberry.input(description="A hold to give back.")
class VoidHoldInput:
    """A hold to give back."""

    idempotency_key: str = strawberry.field(description=KEY)
    hold: strawberry.ID = strawberry.field(description="The hold.")

    def command(self) -> commands.VoidHold:
        """What the use case is told."""
        return commands.VoidHold(id_of("Hold", str(self.hold)))


@strawberry.input(description="Points to send to another member.")
class TransferPointsInput:
    """Points to send to another member."""

    idempotency_key: str = strawberry.field(description=KEY)
    sender: MemberBy = strawberry.field(description="Who sends them.")
    receiver: MemberBy = strawberry.field(description="Who gets them.")
    points: PointsInput = strawberry.field(description="How many, above zero.")
    reason: str | None = strawberry.field(default=None, description="Why.")

    def command(self) -> commands.TransferPoints:
        """What the use case is told."""
        return commands.TransferPoints(
            self.sender.command(), self.receiver.command(), self.points.command(), self.reason
        )


@strawberry.input(description="Points to add or to take away.")
class AdjustPointsInput:
    """Points to add or to take away."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose points.")
    points: PointsInput = strawberry.field(description="How many; below zero takes them away.")
    reason: str = strawberry.field(description="Why; kept for good.")

    def command(self) -> commands.AdjustPoints:
        """What the use case is told."""
        return commands.AdjustPoints(self.member.command(), self.points.command(), self.reason)


@strawberry.input(description="A decision on an adjustment that waits for a second person.")
class DecideAdjustmentInput:
    """A decision on an adjustment that waits for a second person."""

    idempotency_key: str = strawberry.field(description=KEY)
    adjustment: strawberry.ID = strawberry.field(description="The adjustment.")
    approve: bool = strawberry.field(description="true approves it, false declines it.")

    def command(self) -> commands.DecideAdjustment:
        """What the use case is told."""
        return commands.DecideAdjustment(id_of("Adjustment", str(self.adjustment)), self.approve)


@strawberry.input(description="Some of a purchase to pay with points: either how many, or how much money.")
class PayWithPointsInput:
    """Some of a purchase to pay with points."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Who pays.")
    source: str = strawberry.field(description="Who records it, e.g. the till's key.")
    external_id: str = strawberry.field(description="Its id at the source; with the source it is unique.")
    currency: str | None = strawberry.field(
        default=None, description="The points currency; left out: the first of the program."
    )
    points: Decimal | None = strawberry.field(
        default=None, description="So many points, which pay their worth rounded down to the cent."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="So much money, which costs the fewest points that are worth it."
    )

    def command(self) -> commands.PayWithPoints:
        """What the use case is told."""
        return commands.PayWithPoints(
            self.member.command(), self.source, self.external_id, self.currency, self.points, self.amount
        )


@strawberry.input(description="An activity that stands, e.g. a purchase that is not returned any more.")
class ConfirmActivityInput:
    """An activity that stands."""

    idempotency_key: str = strawberry.field(description=KEY)
    activity: ActivityBy = strawberry.field(description="The activity.")
    source: str = strawberry.field(description="Who records the confirmation.")
    external_id: str = strawberry.field(description="The confirmation's id at the source.")
    occurred_at: datetime = strawberry.field(description="When it was confirmed.")

    def command(self) -> commands.ConfirmActivity:
        """What the use case is told."""
        return commands.ConfirmActivity(
            self.activity.command(), self.source, self.external_id, self.occurred_at
        )
