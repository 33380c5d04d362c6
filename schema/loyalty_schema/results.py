"""What mutations answer: their success, or one of the refusals."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import strawberry

from loyalty_engine.services import commands
from loyalty_engine.services.refusals import Refusal as EngineRefusal
from loyalty_engine.store.reads import settlements
from loyalty_schema.doing import REPLAYED, activity_of, member_of
from loyalty_schema.fields import ACTIVITIES_READ, EVERYONE, FEW, MEMBERS_READ, PARTNERS_READ, computed, given
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.effects import Effect, effects_of
from loyalty_schema.types.member import Member
from loyalty_schema.types.program import points_currency
from loyalty_schema.types.refusals import (
    AlreadyExists,
    AlreadyReversed,
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    OriginalNotFound,
    PeriodClosed,
    ReferralRefused,
    Retryable,
    ReversalExceedsOriginal,
    refused,
)
from loyalty_schema.types.rules import PointsCurrency
from loyalty_schema.types.settlement import Settlement

_EFFECTS = "What it posted when it arrived."
_PARKED = "The rules that failed; they are asked again after the repair."


@strawberry.type(description="A rule that failed; it is asked again after the repair.")
class ParkedRule:
    """A rule that failed."""

    rule: str = given(description="The rule's id in the program file.")
    error: str = given(description="How it failed.")


@strawberry.type(description="Points of one currency.")
class PointsAmount:
    """Points of one currency."""

    row: strawberry.Private[tuple[str, Decimal]]

    @computed(scope=EVERYONE, description="The points currency; null: the program has it no longer.")
    async def currency(self, info: Info) -> PointsCurrency | None:
        """The points currency."""
        request = request_of(info)
        return points_currency(await request.rulebook(), request, self.row[0])

    @computed(scope=EVERYONE, description="How many.")
    def amount(self) -> Decimal:
        """How many."""
        return self.row[1]


@strawberry.type(description="The member was made.")
class EnrolMemberSuccess:
    """The member was made."""

    outcome: strawberry.Private[commands.Enrolled]

    @computed(scope=EVERYONE, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="What recording a fact of a member came to.")
class RecordedFact:
    """What recording a fact of a member came to; no type of the API, but what several have."""

    outcome: strawberry.Private[commands.Recorded]

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> Member:
        """The member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=ACTIVITIES_READ, brings=FEW, description=_EFFECTS)
    async def effects(self, info: Info) -> list[Effect]:
        """What it posted when it arrived."""
        return await effects_of(request_of(info), effects=self.outcome.effect_ids)

    @computed(scope=EVERYONE, brings=FEW, description=_PARKED)
    def parked(self) -> list[ParkedRule]:
        """The rules that failed."""
        return _parked(self.outcome)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The activity was recorded.")
class RecordActivitySuccess(RecordedFact):
    """The activity was recorded."""

    @computed(scope=ACTIVITIES_READ, description="The activity.")
    async def activity(self, info: Info) -> Activity:
        """The activity."""
        return await activity_of(request_of(info), self.outcome.fact_id)


@strawberry.type(description="The activity was returned, wholly or in part.")
class ReverseActivitySuccess(RecordedFact):
    """The activity was returned."""

    @computed(scope=ACTIVITIES_READ, description="The return, an activity of its own.")
    async def activity(self, info: Info) -> Activity:
        """The return."""
        return await activity_of(request_of(info), self.outcome.fact_id)

    @computed(scope=ACTIVITIES_READ, description="What was returned.")
    async def original(self, info: Info) -> Activity:
        """What was returned."""
        if self.outcome.original_id is None:
            raise LookupError("a return names no original")
        return await activity_of(request_of(info), self.outcome.original_id)

    @computed(scope=EVERYONE, brings=FEW, description="The points that it took back.")
    def taken(self) -> list[PointsAmount]:
        """The points that it took back."""
        return [PointsAmount(row=pair) for pair in self.outcome.taken.items()]

    @computed(scope=EVERYONE, brings=FEW, description="How much of that is owed, being spent already.")
    def debt(self) -> list[PointsAmount]:
        """How much of that is owed."""
        return [PointsAmount(row=pair) for pair in self.outcome.debt.items()]


@strawberry.type(description="The dated value was recorded.")
class RecordFactSuccess(RecordedFact):
    """The dated value was recorded."""


@strawberry.type(description="The member's personal data is deleted.")
class EraseMemberSuccess:
    """The member's personal data is deleted."""

    outcome: strawberry.Private[commands.Erased]

    @computed(scope=MEMBERS_READ, description="What is left of the member.")
    async def member(self, info: Info) -> Member:
        """What is left of the member."""
        return await member_of(request_of(info), self.outcome.member_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The period was closed.")
class CloseSettlementSuccess:
    """The period was closed."""

    outcome: strawberry.Private[commands.Settled]

    @computed(scope=PARTNERS_READ, description="The closed period.")
    async def settlement(self, info: Info) -> Settlement:
        """The closed period."""
        row = await request_of(info).reads.load(settlements.settlements_by_id, self.outcome.settlement_id)
        if row is None:
            raise LookupError(f"no settlement {self.outcome.settlement_id}")
        return Settlement(row=row)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The sandbox's clock was set.")
class SetClockSuccess:
    """The sandbox's clock was set."""

    now: datetime = given(description="What it shows now.")
    replayed: bool = given(description=REPLAYED)


EnrolMemberResult: TypeAlias = Annotated[
    EnrolMemberSuccess
    | InvalidInput
    | NotFound
    | AlreadyExists
    | ReferralRefused
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("EnrolMemberResult", description="What enrolMember answers."),
]
RecordActivityResult: TypeAlias = Annotated[
    RecordActivitySuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | AlreadyExists
    | PeriodClosed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("RecordActivityResult", description="What recording one activity answers."),
]
ReverseActivityResult: TypeAlias = Annotated[
    ReverseActivitySuccess
    | InvalidInput
    | NotFound
    | AlreadyExists
    | AlreadyReversed
    | ReversalExceedsOriginal
    | OriginalNotFound
    | PeriodClosed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("ReverseActivityResult", description="What reverseActivity answers."),
]
RecordFactResult: TypeAlias = Annotated[
    RecordFactSuccess
    | InvalidInput
    | NotFound
    | MemberBlocked
    | MemberMerged
    | AlreadyExists
    | PeriodClosed
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("RecordFactResult", description="What recordFact answers."),
]
EraseMemberResult: TypeAlias = Annotated[
    EraseMemberSuccess
    | InvalidInput
    | NotFound
    | MemberMerged
    | IdempotencyConflict
    | IdempotencyInProgress
    | Retryable,
    strawberry.union("EraseMemberResult", description="What eraseMember answers."),
]
CloseSettlementResult: TypeAlias = Annotated[
    CloseSettlementSuccess | InvalidInput | IdempotencyConflict | IdempotencyInProgress | Retryable,
    strawberry.union("CloseSettlementResult", description="What closeSettlement answers."),
]
SetClockResult: TypeAlias = Annotated[
    SetClockSuccess | InvalidInput | IdempotencyConflict | IdempotencyInProgress | ConfigInvalid | Retryable,
    strawberry.union("SetClockResult", description="What setClock answers."),
]


@strawberry.type(description="The batch was taken; each item has a result of its own.")
class RecordActivitiesSuccess:
    """The batch was taken."""

    outcome: strawberry.Private[commands.Batch]

    @computed(scope=EVERYONE, items=True, description="The results, in the order of the items.")
    def results(self) -> list[RecordActivityResult]:
        """The results, in the order of the items."""
        return [recorded(result) for result in self.outcome.results]

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


RecordActivitiesResult: TypeAlias = Annotated[
    RecordActivitiesSuccess
    | InvalidInput
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("RecordActivitiesResult", description="What recordActivities answers."),
]


def recorded(result: commands.Recorded | EngineRefusal) -> Any:
    """One recorded activity, or why it was refused."""
    if isinstance(result, EngineRefusal):
        return refused(result, "Activity")
    return RecordActivitySuccess(outcome=result)


def _parked(outcome: commands.Recorded) -> list[ParkedRule]:
    return [ParkedRule(rule=parked.rule, error=parked.error) for parked in outcome.parked]
