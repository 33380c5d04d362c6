"""Mutations: each converts its input, calls one use case, and shows what came of it."""

from typing import Annotated

import strawberry

from loyalty_engine.services import (
    close_settlement,
    enrol_member,
    erase_member,
    record_activities,
    record_activity,
    record_fact,
    reverse_activity,
    set_clock,
)
from loyalty_engine.services.commands import ClockSet
from loyalty_schema.application_mutations import ApplicationMutations
from loyalty_schema.coupon_mutations import CouponMutations
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import (
    ACTIVITIES_WRITE,
    CLOCK_WRITE,
    MEMBERS_ERASE,
    MEMBERS_WRITE,
    SETTLEMENTS_WRITE,
    computed,
)
from loyalty_schema.inputs import (
    CloseSettlementInput,
    EnrolMemberInput,
    EraseMemberInput,
    RecordActivitiesInput,
    RecordActivityInput,
    RecordFactInput,
    ReverseActivityInput,
    SetClockInput,
)
from loyalty_schema.membership_mutations import MembershipMutations
from loyalty_schema.merges import MergeMutations
from loyalty_schema.point_mutations import PointMutations
from loyalty_schema.program_mutations import ProgramMutations
from loyalty_schema.request import Info, request_of
from loyalty_schema.results import (
    CloseSettlementResult,
    CloseSettlementSuccess,
    EnrolMemberResult,
    EnrolMemberSuccess,
    EraseMemberResult,
    EraseMemberSuccess,
    RecordActivitiesResult,
    RecordActivitiesSuccess,
    RecordActivityResult,
    RecordFactResult,
    RecordFactSuccess,
    ReverseActivityResult,
    ReverseActivitySuccess,
    SetClockResult,
    SetClockSuccess,
    recorded,
)
from loyalty_schema.reward_mutations import RewardMutations
from loyalty_schema.simulation_mutations import SimulationMutations
from loyalty_schema.standing_mutations import StandingMutations


@strawberry.type(description="Everything that can be done.")
class Mutation(
    PointMutations,
    RewardMutations,
    CouponMutations,
    StandingMutations,
    MembershipMutations,
    ApplicationMutations,
    MergeMutations,
    ProgramMutations,
    SimulationMutations,
):
    """Everything that can be done."""

    @computed(scope=MEMBERS_WRITE, description="Makes a member, on the base tier of every ladder.")
    async def enrol_member(self, info: Info, wanted: Annotated[EnrolMemberInput, INPUT]) -> EnrolMemberResult:
        """Makes a member."""
        request, command = request_of(info), wanted.command()
        shown: EnrolMemberResult = await done(
            request,
            lambda: enrol_member(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: EnrolMemberSuccess(outcome=outcome),
            "Member",
        )
        return shown

    @computed(scope=ACTIVITIES_WRITE, description="Records an activity: a purchase, visit, review, ...")
    async def record_activity(
        self, info: Info, wanted: Annotated[RecordActivityInput, INPUT]
    ) -> RecordActivityResult:
        """Records an activity."""
        request, command = request_of(info), wanted.command()
        shown: RecordActivityResult = await done(
            request,
            lambda: record_activity(request.engine, request.caller, wanted.idempotency_key, command),
            recorded,
            "Activity",
        )
        return shown

    @computed(
        scope=ACTIVITIES_WRITE, description="Records up to 1,000 activities, each with a result of its own."
    )
    async def record_activities(
        self, info: Info, wanted: Annotated[RecordActivitiesInput, INPUT]
    ) -> RecordActivitiesResult:
        """Records up to 1,000 activities."""
        request, commands = request_of(info), [item.command() for item in wanted.items]
        shown: RecordActivitiesResult = await done(
            request,
            lambda: record_activities(request.engine, request.caller, wanted.idempotency_key, commands),
            lambda outcome: RecordActivitiesSuccess(outcome=outcome),
            "Activity",
        )
        return shown

    @computed(scope=ACTIVITIES_WRITE, description="Returns an activity, wholly or by line.")
    async def reverse_activity(
        self, info: Info, wanted: Annotated[ReverseActivityInput, INPUT]
    ) -> ReverseActivityResult:
        """Returns an activity."""
        request, command = request_of(info), wanted.command()
        shown: ReverseActivityResult = await done(
            request,
            lambda: reverse_activity(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ReverseActivitySuccess(outcome=outcome),
            "Activity",
        )
        return shown

    @computed(scope=ACTIVITIES_WRITE, description="Records a dated attribute, score, consent, segment, ...")
    async def record_fact(self, info: Info, wanted: Annotated[RecordFactInput, INPUT]) -> RecordFactResult:
        """Records a dated value."""
        request, command = request_of(info), wanted.command()
        shown: RecordFactResult = await done(
            request,
            lambda: record_fact(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: RecordFactSuccess(outcome=outcome),
            "Fact",
        )
        return shown

    @computed(
        scope=MEMBERS_ERASE,
        description="Deletes what names a member; its points and tiers stay, and nothing more is recorded.",
    )
    async def erase_member(self, info: Info, wanted: Annotated[EraseMemberInput, INPUT]) -> EraseMemberResult:
        """Deletes what names a member."""
        request, command = request_of(info), wanted.command()
        shown: EraseMemberResult = await done(
            request,
            lambda: erase_member(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: EraseMemberSuccess(outcome=outcome),
            "Member",
        )
        return shown

    @computed(scope=SETTLEMENTS_WRITE, description="Closes what occurred before an instant.")
    async def close_settlement(
        self, info: Info, wanted: Annotated[CloseSettlementInput, INPUT]
    ) -> CloseSettlementResult:
        """Closes a period."""
        request, command = request_of(info), wanted.command()
        shown: CloseSettlementResult = await done(
            request,
            lambda: close_settlement(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CloseSettlementSuccess(outcome=outcome),
            "Settlement",
        )
        return shown

    @computed(scope=CLOCK_WRITE, description="Sets the clock of a sandbox.")
    async def set_clock(self, info: Info, wanted: Annotated[SetClockInput, INPUT]) -> SetClockResult:
        """Sets the clock of a sandbox."""
        request = request_of(info)
        shown: SetClockResult = await done(
            request,
            lambda: set_clock(request.engine, request.caller, wanted.idempotency_key, wanted.now),
            _clock,
            "Business",
        )
        await request.renew()
        return shown


def _clock(outcome: ClockSet) -> SetClockSuccess:
    return SetClockSuccess(now=outcome.now, replayed=outcome.replayed)
