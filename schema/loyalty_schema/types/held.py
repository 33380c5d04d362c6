"""Points that are set aside, and points that the business adds or takes away."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.store.reads import activities, held, members
from loyalty_engine.store.reads.pages import Page, Slice
from loyalty_schema.connections import Connection, connection_of
from loyalty_schema.enums import AdjustmentState, HoldState
from loyalty_schema.fields import EVERYONE, MEMBERS_READ, POINTS_READ, column, computed, to_one
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.member import Member
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import currency_of
from loyalty_schema.types.rules import PointsCurrency


@strawberry.type(description="Points set aside until they are captured or given back.")
class Hold(Node):
    """Points set aside."""

    row: strawberry.Private[held.HoldRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Hold", self.row.hold_id)

    member: Annotated["Member", strawberry.lazy("loyalty_schema.types.member")] = to_one(
        members.members_by_id,
        "member_id",
        lambda row: Member(row=row),
        scope=MEMBERS_READ,
        description="Whose points.",
    )

    @computed(scope=POINTS_READ, description="The points currency.")
    async def currency(self, info: Info) -> PointsCurrency:
        """The points currency."""
        return await currency_of(request_of(info), self.row.currency)

    @computed(scope=POINTS_READ, description="How many points.")
    async def amount(self, info: Info) -> Decimal:
        """How many points."""
        return from_smallest_units(
            self.row.amount, (await currency_of(request_of(info), self.row.currency)).decimals_of
        )

    @computed(scope=POINTS_READ, description="How many of them were spent; the rest was given back.")
    async def captured(self, info: Info) -> Decimal:
        """How many of them were spent."""
        currency = await currency_of(request_of(info), self.row.currency)
        return from_smallest_units(self.row.captured, currency.decimals_of)

    @computed(scope=POINTS_READ, description="What became of it; one whose time is up is expired.")
    def state(self, info: Info) -> HoldState:
        """What became of it."""
        is_over = self.row.state == "open" and self.row.expires_at <= request_of(info).now
        return HoldState.EXPIRED if is_over else HoldState(self.row.state)

    opened_at: datetime = column("opened_at", scope=POINTS_READ, description="Since when.")
    expires_at: datetime = column(
        "expires_at", scope=POINTS_READ, description="When it is given back by itself."
    )
    closed_at: datetime | None = column(
        "closed_at", scope=POINTS_READ, description="When it was captured or given back; null: it is open."
    )


@strawberry.type(description="Points that the business added or took away, or that wait for approval.")
class Adjustment(Node):
    """Points that the business added or took away."""

    row: strawberry.Private[held.AdjustmentRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Adjustment", self.row.adjustment_id)

    member: Annotated["Member", strawberry.lazy("loyalty_schema.types.member")] = to_one(
        members.members_by_id,
        "member_id",
        lambda row: Member(row=row),
        scope=MEMBERS_READ,
        description="Whose points.",
    )

    @computed(scope=POINTS_READ, description="The points currency.")
    async def currency(self, info: Info) -> PointsCurrency:
        """The points currency."""
        return await currency_of(request_of(info), self.row.currency)

    @computed(scope=POINTS_READ, description="How many points; below zero: taken away.")
    async def amount(self, info: Info) -> Decimal:
        """How many points."""
        return from_smallest_units(
            self.row.amount, (await currency_of(request_of(info), self.row.currency)).decimals_of
        )

    @computed(scope=POINTS_READ, description="Whether it waits for somebody, or what was decided.")
    def state(self) -> AdjustmentState:
        """Whether it waits for somebody, or what was decided."""
        return AdjustmentState(self.row.decision or "waiting")

    @computed(scope=POINTS_READ, partners=False, description="Why; not for partners.")
    def reason(self) -> str:
        """Why."""
        return self.row.reason

    @computed(
        scope=POINTS_READ,
        description="Whether this credential asked for it; then another one approves it.",
    )
    def asked_by_viewer(self, info: Info) -> bool:
        """Whether this credential asked for it."""
        return self.row.asked_by == request_of(info).caller.actor

    needs_approval: bool = column(
        "needs_approval", scope=POINTS_READ, description="Whether it needs a second person."
    )
    asked_at: datetime = column("asked_at", scope=POINTS_READ, description="When it was asked for.")
    decided_at: datetime | None = column(
        "decided_at", scope=POINTS_READ, description="When it was decided; null: it waits."
    )
    activity: Activity | None = to_one(
        activities.activities_by_id,
        "fact_id",
        lambda row: Activity(row=row),
        scope=POINTS_READ,
        description="The activity by which the points moved.",
    )


def adjustment_connection(
    request: Request, listed: str, slice_: Slice, found: Page[held.AdjustmentRow] | None
) -> Connection[Adjustment]:
    """A page of adjustments."""
    return connection_of(
        request,
        listed,
        slice_,
        found or Page((), False),
        held.adjustment_place,
        lambda row: Adjustment(row=row),
    )
