"""Mutations about where members stand: each converts its input, calls a use case, and shows what came."""

from typing import Annotated

import strawberry

from loyalty_engine.services import set_standing
from loyalty_schema.doing import INPUT, done
from loyalty_schema.fields import STANDINGS_WRITE, computed
from loyalty_schema.request import Info, request_of
from loyalty_schema.standing_inputs import SetStandingInput
from loyalty_schema.standing_results import SetStandingResult, SetStandingSuccess


@strawberry.type(description="What sets standings; no type of the API, but a part of its mutations.")
class StandingMutations:
    """What sets standings."""

    @computed(
        scope=STANDINGS_WRITE,
        description="Claims a tier by hand, with a reason, an end and a lock; or ends what was claimed so.",
    )
    async def set_standing(self, info: Info, wanted: Annotated[SetStandingInput, INPUT]) -> SetStandingResult:
        """Claims a tier by hand, or ends what was claimed so."""
        request, command = request_of(info), wanted.command()
        shown: SetStandingResult = await done(
            request,
            lambda: set_standing(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: SetStandingSuccess(outcome=outcome),
            "Activity",
        )
        return shown
