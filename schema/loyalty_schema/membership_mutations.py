"""Mutations about whether memberships are in force: what they take, do and answer."""

from datetime import date
from typing import Annotated, TypeAlias

import strawberry

from loyalty_engine.services import close_member, pause_member, resume_member
from loyalty_engine.services.closings import CloseMember
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_schema.doing import INPUT, activity_of, done
from loyalty_schema.fields import ACTIVITIES_READ, MEMBERSHIPS_WRITE, computed
from loyalty_schema.inputs import KEY, MemberBy
from loyalty_schema.request import Info, request_of
from loyalty_schema.results import RecordedFact
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.refusals import (
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    Retryable,
)


@strawberry.input(description="A membership that rests from now on.")
class PauseMemberInput:
    """A membership that rests from now on."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose membership.")
    reason: str = strawberry.field(description="Why; kept for good, so that it must name nobody.")
    until: date | None = strawberry.field(
        default=None,
        description="The first day, in the business's zone, on which it goes on by itself; "
        "left out: when it is resumed.",
    )

    def command(self) -> PauseMember:
        """What the use case is told."""
        return PauseMember(self.member.command(), self.reason, self.until)


@strawberry.input(description="A paused membership that goes on from now on.")
class ResumeMemberInput:
    """A paused membership that goes on from now on."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose membership.")
    reason: str | None = strawberry.field(default=None, description="Why; kept for good.")

    def command(self) -> ResumeMember:
        """What the use case is told."""
        return ResumeMember(self.member.command(), self.reason)


@strawberry.input(description="A member who leaves now, for good.")
class CloseMemberInput:
    """A member who leaves now, for good."""

    idempotency_key: str = strawberry.field(description=KEY)
    member: MemberBy = strawberry.field(description="Whose membership.")
    reason: str = strawberry.field(description="Why; kept for good, so that it must name nobody.")

    def command(self) -> CloseMember:
        """What the use case is told."""
        return CloseMember(self.member.command(), self.reason)


@strawberry.type(description="What became of a membership; no type of the API, but what several have.")
class MembershipChanged(RecordedFact):
    """What became of a membership."""

    @computed(scope=ACTIVITIES_READ, description="What was recorded of it, with the reason.")
    async def activity(self, info: Info) -> Activity:
        """What was recorded of it."""
        return await activity_of(request_of(info), self.outcome.fact_id)


@strawberry.type(description="The membership rests.")
class PauseMemberSuccess(MembershipChanged):
    """The membership rests."""


@strawberry.type(description="The membership goes on.")
class ResumeMemberSuccess(MembershipChanged):
    """The membership goes on."""


@strawberry.type(description="The membership has ended.")
class CloseMemberSuccess(MembershipChanged):
    """The membership has ended."""


PauseMemberResult: TypeAlias = Annotated[
    PauseMemberSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("PauseMemberResult", description="What pauseMember answers."),
]
ResumeMemberResult: TypeAlias = Annotated[
    ResumeMemberSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("ResumeMemberResult", description="What resumeMember answers."),
]

CloseMemberResult: TypeAlias = Annotated[
    CloseMemberSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("CloseMemberResult", description="What closeMember answers."),
]


@strawberry.type(description="What changes memberships; no type of the API, but a part of its mutations.")
class MembershipMutations:
    """What changes memberships."""

    @computed(
        scope=MEMBERSHIPS_WRITE,
        description="Pauses a member: no claim on a tier ends and no review is held until it is resumed.",
    )
    async def pause_member(self, info: Info, wanted: Annotated[PauseMemberInput, INPUT]) -> PauseMemberResult:
        """Pauses a member."""
        request, command = request_of(info), wanted.command()
        shown: PauseMemberResult = await done(
            request,
            lambda: pause_member(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: PauseMemberSuccess(outcome=outcome),
            "Activity",
        )
        return shown

    @computed(
        scope=MEMBERSHIPS_WRITE,
        description="Resumes a paused member: claims and cycles are moved by the days paused.",
    )
    async def resume_member(
        self, info: Info, wanted: Annotated[ResumeMemberInput, INPUT]
    ) -> ResumeMemberResult:
        """Resumes a paused member."""
        request, command = request_of(info), wanted.command()
        shown: ResumeMemberResult = await done(
            request,
            lambda: resume_member(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ResumeMemberSuccess(outcome=outcome),
            "Activity",
        )
        return shown

    @computed(
        scope=MEMBERSHIPS_WRITE,
        description="Ends a membership on request: points that are left are forfeited, nothing is claimed any"
        " more, and nothing more is recorded but returns of what was bought before.",
    )
    async def close_member(self, info: Info, wanted: Annotated[CloseMemberInput, INPUT]) -> CloseMemberResult:
        """Ends a membership on request."""
        request, command = request_of(info), wanted.command()
        shown: CloseMemberResult = await done(
            request,
            lambda: close_member(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CloseMemberSuccess(outcome=outcome),
            "Activity",
        )
        return shown
