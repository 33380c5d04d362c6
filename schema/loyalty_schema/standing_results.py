"""What the mutations about where members stand answer."""

from typing import Annotated, TypeAlias

import strawberry

from loyalty_schema.doing import activity_of
from loyalty_schema.fields import ACTIVITIES_READ, computed
from loyalty_schema.request import Info, request_of
from loyalty_schema.results import RecordedFact
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.refusals import (
    AlreadyExists,
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    MemberBlocked,
    MemberMerged,
    NotFound,
    PeriodClosed,
    Retryable,
)


@strawberry.type(description="The standing was set by hand.")
class SetStandingSuccess(RecordedFact):
    """The standing was set by hand."""

    @computed(
        scope=ACTIVITIES_READ,
        description="What was set, an activity of kind override; its attributes say it again.",
    )
    async def activity(self, info: Info) -> Activity:
        """What was set."""
        return await activity_of(request_of(info), self.outcome.fact_id)


SetStandingResult: TypeAlias = Annotated[
    SetStandingSuccess
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
    strawberry.union("SetStandingResult", description="What setStanding answers."),
]
