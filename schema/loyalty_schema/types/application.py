"""Applications for membership: where each stands, what happened to it, and what a closed vote came to."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from loyalty_engine.store.reads import activities, applications, members
from loyalty_engine.store.reads.pages import Page, Slice
from loyalty_schema.connections import Connection, connection_of
from loyalty_schema.enums import (
    ApplicationEventKind,
    ApplicationKind,
    ApplicationState,
    ApplicationStep,
    VoteResult,
)
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    APPLICATIONS_READ,
    EVERYONE,
    FEW,
    MEMBERS_READ,
    column,
    computed,
    given,
    to_one,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.node import Node

if TYPE_CHECKING:
    from loyalty_schema.types.member import Member


@strawberry.type(description="What a vote came to; each elector counts once, by the last vote.")
class Tally:
    """What a vote came to."""

    electors: int = given(description="How many could vote.", scope=APPLICATIONS_READ)
    in_favour: int = given(description="How many voted in favour.", scope=APPLICATIONS_READ)
    against: int = given(description="How many voted against.", scope=APPLICATIONS_READ)
    abstained: int = given(description="How many abstained.", scope=APPLICATIONS_READ)
    result: VoteResult = given(description="What that is by the rule.", scope=APPLICATIONS_READ)


@strawberry.type(description="Something that happened to an application.")
class ApplicationEvent:
    """Something that happened to an application."""

    row: strawberry.Private[applications.EventRow]

    number: int = column("number", scope=APPLICATIONS_READ, description="Its place, from 1 on.")
    approved: bool | None = column(
        "approved", scope=APPLICATIONS_READ, description="How a step was decided; null: nothing was."
    )
    paid: Decimal | None = column("paid", scope=APPLICATIONS_READ, description="The fee that was paid.")
    reason: str | None = column("reason", scope=APPLICATIONS_READ, description="Why, as it was said.")
    occurred_at: datetime = column(
        "occurred_at", scope=APPLICATIONS_READ, description="When; a vote is closed at its end."
    )

    @computed(scope=APPLICATIONS_READ, description="What happened.")
    def kind(self) -> ApplicationEventKind:
        """What happened."""
        return ApplicationEventKind(self.row.kind)

    @computed(scope=APPLICATIONS_READ, description="The step that was decided, or the vote that was closed.")
    def step(self) -> ApplicationStep | None:
        """The step that was decided, or the vote that was closed."""
        return None if self.row.step is None else ApplicationStep(self.row.step)


@strawberry.type(description="An application for membership, or for another term of it.")
class Application(Node):
    """An application for membership."""

    row: strawberry.Private[applications.ApplicationRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Application", self.row.application_id)

    rule: str = column(
        "rule", scope=APPLICATIONS_READ, description="The rule that decides about it: its id in the program."
    )
    fee: Decimal | None = column(
        "fee", scope=APPLICATIONS_READ, description="What is to be paid now, while it waits for a payment."
    )
    opened_at: datetime = column("opened_at", scope=APPLICATIONS_READ, description="When it was made.")
    closes_at: datetime | None = column(
        "closes_at", scope=APPLICATIONS_READ, description="Until before when votes are cast; null: none are."
    )
    ended_at: datetime | None = column(
        "ended_at", scope=APPLICATIONS_READ, description="When it ended; null: it is open."
    )
    admission: Activity | None = to_one(
        activities.activities_by_id,
        "fact_id",
        lambda row: Activity(row=row),
        scope=ACTIVITIES_READ,
        description="The activity that claims the tier, once the member is admitted.",
    )

    @computed(scope=APPLICATIONS_READ, description="Whether it is for membership or for another term.")
    def kind(self) -> ApplicationKind:
        """Whether it is for membership or for another term."""
        return ApplicationKind(self.row.kind)

    @computed(scope=APPLICATIONS_READ, description="Whether it is open, or how it ended.")
    def state(self) -> ApplicationState:
        """Whether it is open, or how it ended."""
        return ApplicationState(self.row.state)

    @computed(scope=APPLICATIONS_READ, description="The step that it waits for; null: it has ended.")
    def step(self) -> ApplicationStep | None:
        """The step that it waits for."""
        return None if self.row.step is None else ApplicationStep(self.row.step)

    @computed(scope=MEMBERS_READ, description="Who applies.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("loyalty_schema.types.member")]:
        """Who applies."""
        from loyalty_schema.types.member import Member

        row = await request_of(info).reads.load(members.members_by_id, self.row.member_id)
        if row is None:
            raise LookupError(f"no member {self.row.member_id}")
        return Member(row=row)

    @computed(scope=APPLICATIONS_READ, brings=FEW, description="What happened to it, in its order.")
    async def events(self, info: Info) -> list[ApplicationEvent]:
        """What happened to it."""
        return [ApplicationEvent(row=row) for row in await self._events(info)]

    @computed(
        scope=APPLICATIONS_READ,
        description="What the vote came to; null: there was none, or it is secret yet.",
    )
    async def tally(self, info: Info) -> Tally | None:
        """What the vote came to."""
        for row in await self._events(info):
            if row.result is not None:
                return Tally(
                    electors=row.electors or 0,
                    in_favour=row.in_favour or 0,
                    against=row.against or 0,
                    abstained=row.abstained or 0,
                    result=VoteResult(row.result),
                )
        return None

    async def _events(self, info: Info) -> list[applications.EventRow]:
        reads = request_of(info).reads
        return await reads.load(applications.events_of, self.row.application_id) or []


def application_connection(
    request: Request, slice_: Slice, found: Page[applications.ApplicationRow] | None
) -> Connection[Application]:
    """A page of applications, the latest first."""
    return connection_of(
        request,
        "applications",
        slice_,
        found or Page((), False),
        lambda row: (row.opened_at, row.application_id),
        lambda row: Application(row=row),
    )
