"""Activities: what members did, with lines, returns, and everything that it caused."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.store.reads import activities, businesses
from loyalty_engine.store.reads.pages import Page, Slice
from loyalty_schema.connections import Connection, connection_of
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    EVERYONE,
    FEW,
    POINTS_READ,
    aggregate,
    column,
    computed,
    to_one,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner

if TYPE_CHECKING:
    from loyalty_schema.types.lots import PointUse


@strawberry.type(description="One line of an activity, such as one product of a purchase.")
class ActivityLine:
    """One line of an activity."""

    row: strawberry.Private[activities.LineRow]

    key: str = column("line_key", scope=ACTIVITIES_READ, description="Its key within the activity.")
    amount: Decimal = column("amount", scope=ACTIVITIES_READ, description="Its amount of money.")
    units: Decimal | None = column("units", scope=ACTIVITIES_READ, description="How many units.")
    category: str | None = column("category", scope=ACTIVITIES_READ, description="The category.")
    product: str | None = column("product", scope=ACTIVITIES_READ, description="The product.")


@strawberry.type(description="Something that a member did: a purchase, a visit, a return, ...")
class Activity(Node):
    """Something that a member did."""

    row: strawberry.Private[activities.ActivityRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Activity", self.row.fact_id)

    kind: str = column("kind", scope=ACTIVITIES_READ, description="What it was, e.g. purchase or visit.")
    source: str = column("source", scope=ACTIVITIES_READ, description="Who recorded it.")
    external_id: str = column("external_id", scope=ACTIVITIES_READ, description="Its id at the source.")
    occurred_at: datetime = column(
        "occurred_at", scope=ACTIVITIES_READ, description="When it counts as having happened."
    )
    original_occurred_at: datetime | None = column(
        "original_effective_at",
        scope=ACTIVITIES_READ,
        description="When it really happened, where it came too late for that and was booked later.",
    )
    recorded_at: datetime = column("recorded_at", scope=ACTIVITIES_READ, description="When it arrived here.")
    amount: Decimal | None = column(
        "amount", scope=ACTIVITIES_READ, description="The amount of money; below zero for a return."
    )
    units: Decimal | None = column("units", scope=ACTIVITIES_READ, description="How many units.")
    currency: str | None = column("currency", scope=ACTIVITIES_READ, description="ISO 4217.")
    channel: str | None = column("channel", scope=ACTIVITIES_READ, description="Through which channel.")
    reason: str | None = column("reason", scope=ACTIVITIES_READ, description="Why it was returned.")
    partner: Partner | None = to_one(
        businesses.partners_by_id,
        "partner_id",
        lambda row: Partner(row=row),
        scope=ACTIVITIES_READ,
        description="The partner where it happened.",
    )
    reverses: Annotated["Activity", strawberry.lazy("loyalty_schema.types.activity")] | None = to_one(
        activities.activities_by_id,
        "reverses_fact_id",
        lambda row: Activity(row=row),
        scope=ACTIVITIES_READ,
        description="The activity that it returns, wholly or in part.",
    )

    @computed(scope=ACTIVITIES_READ, description="Whatever else the source said about it.")
    def attributes(self) -> JSON:
        """Whatever else the source said about it."""
        return JSON(dict(self.row.attributes))

    @aggregate(scope=ACTIVITIES_READ, brings=FEW, description="Its lines.")
    async def lines(self, info: Info) -> list[ActivityLine]:
        """Its lines."""
        found = await request_of(info).reads.load(activities.lines_of, self.row.fact_id) or []
        return [ActivityLine(row=row) for row in found]

    @aggregate(scope=ACTIVITIES_READ, description="How much of its amount was returned so far.")
    async def reversed_amount(self, info: Info) -> Decimal:
        """How much of its amount was returned so far."""
        found = await request_of(info).reads.load(activities.reversed_amounts, self.row.fact_id)
        return Decimal(0) if found is None else found

    @aggregate(scope=ACTIVITIES_READ, brings=FEW, description="Everything that it caused, as known now.")
    async def effects(self, info: Info) -> list[Effect]:
        """Everything that it caused."""
        return await effects_of(request_of(info), activity=self.row.fact_id)

    @aggregate(
        scope=POINTS_READ,
        brings=FEW,
        description="Which lots its spending used, and what it owes; of a capture what its hold used. "
        "As known now.",
    )
    async def uses(
        self, info: Info
    ) -> list[Annotated["PointUse", strawberry.lazy("loyalty_schema.types.lots")]]:
        """Which lots its spending used, and what it owes."""
        from loyalty_schema.types.lots import shown, uses_of_activity

        return shown(await uses_of_activity(request_of(info), self.row))


def activity_connection(
    request: Request, slice_: Slice, found: Page[activities.ActivityRow] | None
) -> Connection[Activity]:
    """A page of activities, the latest first."""
    return connection_of(
        request,
        "activities",
        slice_,
        found or Page((), False),
        lambda row: (row.occurred_at, row.source, row.external_id),
        lambda row: Activity(row=row),
    )
