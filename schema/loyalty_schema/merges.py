"""Merging members: what is asked, what is answered, and the mutation."""

from typing import Annotated, TypeAlias

import strawberry

from loyalty_engine.services import commands, merge_members
from loyalty_schema.doing import INPUT, REPLAYED, done, member_of
from loyalty_schema.fields import ACTIVITIES_READ, EVERYONE, FEW, MEMBERS_MERGE, MEMBERS_READ, computed
from loyalty_schema.inputs import KEY, MemberBy
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.member import Member
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


@strawberry.input(description="Two memberships that are to be one.")
class MergeMembersInput:
    """Two memberships that are to be one."""

    idempotency_key: str = strawberry.field(description=KEY)
    absorbed: MemberBy = strawberry.field(description="Whose membership ends.")
    survivor: MemberBy = strawberry.field(description="Who goes on with what both have.")
    reason: str | None = strawberry.field(default=None, description="Why, for those who read it later.")

    def command(self) -> commands.MergeMembers:
        """What the use case is told."""
        return commands.MergeMembers(self.absorbed.command(), self.survivor.command(), self.reason)


@strawberry.type(description="One membership is part of another one.")
class MergeMembersSuccess:
    """One membership is part of another one."""

    outcome: strawberry.Private[commands.MembersMerged]

    @computed(scope=MEMBERS_READ, description="Who goes on with what both had.")
    async def member(self, info: Info) -> Member:
        """Who goes on with what both had."""
        return await member_of(request_of(info), self.outcome.survivor_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description="What it posted with the one who goes on.")
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted with the one who goes on."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


MergeMembersResult: TypeAlias = Annotated[
    MergeMembersSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("MergeMembersResult", description="What mergeMembers answers."),
]


@strawberry.type(description="What merges members; no type of the API, but a part of its mutations.")
class MergeMutations:
    """What merges members."""

    @computed(
        scope=MEMBERS_MERGE,
        description="Carries all that one member has into another one, who answers for both from then on.",
    )
    async def merge_members(
        self, info: Info, wanted: Annotated[MergeMembersInput, INPUT]
    ) -> MergeMembersResult:
        """Carries all that one member has into another one."""
        request, command = request_of(info), wanted.command()
        shown: MergeMembersResult = await done(
            request,
            lambda: merge_members(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: MergeMembersSuccess(outcome=outcome),
            "Member",
        )
        return shown
