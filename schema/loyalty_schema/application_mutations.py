"""Mutations about applications for membership: each converts its input, calls a use case, shows what came."""

from typing import Annotated

import strawberry

from loyalty_engine.services import apply, cast_vote, decide_application, withdraw_application
from loyalty_schema.application_inputs import (
    ApplyInput,
    CastVoteInput,
    DecideApplicationInput,
    WithdrawApplicationInput,
)
from loyalty_schema.application_results import (
    ApplyResult,
    ApplySuccess,
    CastVoteResult,
    CastVoteSuccess,
    DecideApplicationResult,
    DecideApplicationSuccess,
    WithdrawApplicationResult,
    WithdrawApplicationSuccess,
)
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import APPLICATIONS_DECIDE, APPLICATIONS_WRITE, VOTES_CAST, computed
from loyalty_schema.request import Info, request_of


@strawberry.type(
    description="What is done about applications; no type of the API, but a part of its mutations."
)
class ApplicationMutations:
    """What is done about applications."""

    @computed(
        scope=APPLICATIONS_WRITE, description="Applies for membership, or as a member for another term."
    )
    async def apply(self, info: Info, wanted: Annotated[ApplyInput, INPUT]) -> ApplyResult:
        """Applies for membership."""
        request, command = request_of(info), wanted.command()
        shown: ApplyResult = await done(
            request,
            lambda: apply(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: ApplySuccess(outcome=outcome),
            "Application",
        )
        return shown

    @computed(scope=APPLICATIONS_DECIDE, description="Decides the step that an application waits for.")
    async def decide_application(
        self, info: Info, wanted: Annotated[DecideApplicationInput, INPUT]
    ) -> DecideApplicationResult:
        """Decides the step that an application waits for."""
        request, command = request_of(info), wanted.command()
        shown: DecideApplicationResult = await done(
            request,
            lambda: decide_application(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: DecideApplicationSuccess(outcome=outcome),
            "Application",
        )
        return shown

    @computed(scope=APPLICATIONS_WRITE, description="Takes an application back.")
    async def withdraw_application(
        self, info: Info, wanted: Annotated[WithdrawApplicationInput, INPUT]
    ) -> WithdrawApplicationResult:
        """Takes an application back."""
        request, command = request_of(info), wanted.command()
        shown: WithdrawApplicationResult = await done(
            request,
            lambda: withdraw_application(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: WithdrawApplicationSuccess(outcome=outcome),
            "Application",
        )
        return shown

    @computed(scope=VOTES_CAST, description="Votes on an application, or votes otherwise, until it closes.")
    async def cast_vote(self, info: Info, wanted: Annotated[CastVoteInput, INPUT]) -> CastVoteResult:
        """Votes on an application."""
        request, command = request_of(info), wanted.command()
        shown: CastVoteResult = await done(
            request,
            lambda: cast_vote(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CastVoteSuccess(outcome=outcome),
            "Application",
        )
        return shown
