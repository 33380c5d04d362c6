"""What the mutations about applications for membership answer."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from loyalty_engine.services import application_commands as commands
from loyalty_engine.store.reads import applications
from loyalty_schema.doing import REPLAYED, member_of
from loyalty_schema.fields import ACTIVITIES_READ, APPLICATIONS_READ, EVERYONE, FEW, MEMBERS_READ, computed
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.application import Application
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.member import Member
from loyalty_schema.types.refusals import (
    AlreadyExists,
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    Retryable,
    RuleFailed,
)


async def application_of(request: Request, application_id: UUID) -> Application:
    """The application that a mutation was about."""
    row = await request.reads.load(applications.applications_by_id, application_id)
    if row is None:
        raise LookupError(f"no application {application_id}")
    return Application(row=row)


@strawberry.type(description="What became of an application; no type of the API, but what several have.")
class ApplicationChanged:
    """What became of an application."""

    outcome: strawberry.Private[commands.ApplicationChanged]

    @computed(scope=APPLICATIONS_READ, description="The application.")
    async def application(self, info: Info) -> Application:
        """The application."""
        return await application_of(request_of(info), self.outcome.application_id)

    @computed(scope=MEMBERS_READ, description="Who applies.")
    async def member(self, info: Info) -> Member:
        """Who applies."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What an admission did when it was recorded.")
    async def effects(self, info: Info) -> list[Effect]:
        """What an admission did when it was recorded."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The application is made, and waits for its first step.")
class ApplySuccess(ApplicationChanged):
    """The application is made."""


@strawberry.type(description="The step is decided.")
class DecideApplicationSuccess(ApplicationChanged):
    """The step is decided."""


@strawberry.type(description="The application is taken back.")
class WithdrawApplicationSuccess(ApplicationChanged):
    """The application is taken back."""


@strawberry.type(description="The vote is cast; what the others voted is secret until the vote closes.")
class CastVoteSuccess:
    """The vote is cast."""

    outcome: strawberry.Private[commands.VoteCast]

    @computed(scope=APPLICATIONS_READ, description="The application.")
    async def application(self, info: Info) -> Application:
        """The application."""
        return await application_of(request_of(info), self.outcome.application_id)

    @computed(scope=EVERYONE, description="Which of the elector's votes on it this is, from 1 on.")
    def version(self) -> int:
        """Which of the elector's votes on it this is."""
        return self.outcome.version

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


ApplyResult: TypeAlias = Annotated[
    ApplySuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | AlreadyExists
    | IdempotencyConflict
    | IdempotencyInProgress
    | RuleFailed
    | ConfigInvalid
    | Retryable,
    strawberry.union("ApplyResult", description="What apply answers."),
]
DecideApplicationResult: TypeAlias = Annotated[
    DecideApplicationSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | RuleFailed
    | ConfigInvalid
    | Retryable,
    strawberry.union("DecideApplicationResult", description="What decideApplication answers."),
]
WithdrawApplicationResult: TypeAlias = Annotated[
    WithdrawApplicationSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | RuleFailed
    | ConfigInvalid
    | Retryable,
    strawberry.union("WithdrawApplicationResult", description="What withdrawApplication answers."),
]
CastVoteResult: TypeAlias = Annotated[
    CastVoteSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | RuleFailed
    | ConfigInvalid
    | Retryable,
    strawberry.union("CastVoteResult", description="What castVote answers."),
]
