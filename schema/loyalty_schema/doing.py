"""How every mutation calls its use case, and how what it reached is read afterwards."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from loyalty_engine.services import Forbidden
from loyalty_engine.services.refusals import Refusal, RefusalCode
from loyalty_engine.store.reads import activities, members
from loyalty_engine.words import say
from loyalty_schema.errors import ErrorCode, RequestError, is_unstorable
from loyalty_schema.request import Request
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.member import Member
from loyalty_schema.types.refusals import refused

Outcome = TypeVar("Outcome")
INPUT = strawberry.argument(name="input", description="What is to be done.")
REPLAYED = "Whether it was done before under the same key, and this is the outcome of then."


async def done(
    request: Request,
    call: Callable[[], Awaitable[Outcome | Refusal]],
    show: Callable[[Outcome], object],
    owner: str,
) -> Any:
    """What the use case did, as the API shows it; what is read afterwards is read anew."""
    outcome: Outcome | Refusal
    try:
        outcome = await call()
    except Forbidden as forbidden:
        message = say(request.language(), forbidden.word, **forbidden.parameters)
        raise RequestError(ErrorCode.FORBIDDEN, message) from forbidden
    except Exception as error:
        if not is_unstorable(error):
            raise
        outcome = Refusal(RefusalCode.INVALID_INPUT, "text-with-control-characters")
    request.written()
    return refused(outcome, owner) if isinstance(outcome, Refusal) else show(outcome)


async def member_of(request: Request, member_id: UUID) -> Member:
    """The member that a mutation was about."""
    row = await request.reads.load(members.members_by_id, member_id)
    if row is None:
        raise LookupError(f"no member {member_id}")
    return Member(row=row)


async def activity_of(request: Request, fact_id: UUID) -> Activity:
    """The activity that a mutation recorded."""
    row = await request.reads.load(activities.activities_by_id, fact_id)
    if row is None:
        raise LookupError(f"no activity {fact_id}")
    return Activity(row=row)
