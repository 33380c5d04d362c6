"""Refusals: what a mutation answers instead of doing a thing, one type for each code."""

import strawberry

from loyalty_engine.services.refusals import Refusal as EngineRefusal
from loyalty_engine.services.refusals import RefusalCode as EngineRefusalCode
from loyalty_schema.enums import RefusalCode
from loyalty_schema.fields import EVERYONE, FEW, computed
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.rules import Finding


@strawberry.interface(description="What a mutation answers instead of doing a thing.")
class Refusal:
    """What a mutation answers instead of doing a thing."""

    row: strawberry.Private[EngineRefusal]

    @computed(scope=EVERYONE, description="Why, as a stable code.")
    def code(self) -> RefusalCode:
        """Why, as a stable code."""
        return RefusalCode(self.row.code.value)

    @computed(scope=EVERYONE, description="Why, in words.")
    def message(self, info: Info) -> str:
        """Why, in words."""
        return self.row.message(request_of(info).language())

    @computed(scope=EVERYONE, description="Whether the same request may succeed later.")
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.row.retryable

    @computed(scope=EVERYONE, brings=FEW, description="Which value of the input is to blame, if one is.")
    def path(self) -> list[str] | None:
        """Which value of the input is to blame."""
        return None if self.row.path is None else list(self.row.path)


@strawberry.type(description="A value of the input cannot be accepted.")
class InvalidInput(Refusal):
    """A value of the input cannot be accepted."""


@strawberry.type(description="What the input names is not there, or may not be seen.")
class NotFound(Refusal):
    """What the input names is not there."""


@strawberry.type(description="It is there already.")
class AlreadyExists(Refusal):
    """It is there already."""

    owner: strawberry.Private[str]

    @computed(scope=EVERYONE, description="The global id of what is there.")
    def existing_id(self) -> strawberry.ID | None:
        """The global id of what is there."""
        return None if self.row.existing_id is None else global_id(self.owner, self.row.existing_id)


@strawberry.type(description="The activity was wholly returned before.")
class AlreadyReversed(Refusal):
    """The activity was wholly returned before."""


@strawberry.type(description="More would be returned than is left of the activity.")
class ReversalExceedsOriginal(Refusal):
    """More would be returned than is left."""


@strawberry.type(description="The activity to be returned is not recorded yet; try again later.")
class OriginalNotFound(Refusal):
    """The activity to be returned is not recorded yet."""


@strawberry.type(description="The member has fewer points to spend than that.")
class InsufficientPoints(Refusal):
    """The member has fewer points to spend than that."""


@strawberry.type(description="The membership was closed; nothing more is added to it.")
class MemberBlocked(Refusal):
    """The membership was closed."""


@strawberry.type(description="The member was merged into another one, who answers for it now.")
class MemberMerged(Refusal):
    """The member was merged into another one."""

    @computed(scope=EVERYONE, description="The global id of who answers for it now.")
    def merged_into(self) -> strawberry.ID | None:
        """The global id of who answers for it now."""
        return None if self.row.existing_id is None else global_id("Member", self.row.existing_id)


@strawberry.type(description="The member named cannot have referred the new one.")
class ReferralRefused(Refusal):
    """The member named cannot have referred the new one."""


@strawberry.type(description="There are not that many units in stock.")
class OutOfStock(Refusal):
    """There are not that many units in stock."""


@strawberry.type(description="It was used as often as it may be.")
class QuotaExceeded(Refusal):
    """It was used as often as it may be."""


@strawberry.type(description="A rule that has to be asked failed; nothing was changed.")
class RuleFailed(Refusal):
    """A rule that has to be asked failed; nothing was changed."""


@strawberry.type(description="The code cannot be used, for whatever reason.")
class CodeNotUsable(Refusal):
    """The code cannot be used, for whatever reason."""


@strawberry.type(description="The hold was captured or voided before.")
class HoldClosed(Refusal):
    """The hold was captured or voided before."""


@strawberry.type(description="The time of the hold is up.")
class HoldExpired(Refusal):
    """The time of the hold is up."""


@strawberry.type(description="It happened in a period that is closed, and is not booked later.")
class PeriodClosed(Refusal):
    """It happened in a period that is closed."""


@strawberry.type(description="The idempotency key was used for another input.")
class IdempotencyConflict(Refusal):
    """The idempotency key was used for another input."""


@strawberry.type(description="The same request is still running; try again later.")
class IdempotencyInProgress(Refusal):
    """The same request is still running."""


@strawberry.type(
    description="The business has no program that can be used now, or the one that was sent has errors."
)
class ConfigInvalid(Refusal):
    """The business has no program that can be used now, or the one that was sent has errors."""

    @computed(scope=EVERYONE, brings=FEW, description="What is wrong with the program that was sent.")
    def findings(self) -> list[Finding]:
        """What is wrong with the program that was sent."""
        return [Finding(row=finding) for finding in self.row.findings]


@strawberry.type(description="Others were in the way; nothing was done, send the same request again.")
class Retryable(Refusal):
    """Others were in the way."""


_TYPES: dict[EngineRefusalCode, type[Refusal]] = {
    EngineRefusalCode.INVALID_INPUT: InvalidInput,
    EngineRefusalCode.NOT_FOUND: NotFound,
    EngineRefusalCode.ALREADY_REVERSED: AlreadyReversed,
    EngineRefusalCode.REVERSAL_EXCEEDS_ORIGINAL: ReversalExceedsOriginal,
    EngineRefusalCode.ORIGINAL_NOT_FOUND: OriginalNotFound,
    EngineRefusalCode.INSUFFICIENT_POINTS: InsufficientPoints,
    EngineRefusalCode.MEMBER_BLOCKED: MemberBlocked,
    EngineRefusalCode.MEMBER_MERGED: MemberMerged,
    EngineRefusalCode.REFERRAL_REFUSED: ReferralRefused,
    EngineRefusalCode.OUT_OF_STOCK: OutOfStock,
    EngineRefusalCode.QUOTA_EXCEEDED: QuotaExceeded,
    EngineRefusalCode.CODE_NOT_USABLE: CodeNotUsable,
    EngineRefusalCode.HOLD_CLOSED: HoldClosed,
    EngineRefusalCode.HOLD_EXPIRED: HoldExpired,
    EngineRefusalCode.PERIOD_CLOSED: PeriodClosed,
    EngineRefusalCode.IDEMPOTENCY_CONFLICT: IdempotencyConflict,
    EngineRefusalCode.IDEMPOTENCY_IN_PROGRESS: IdempotencyInProgress,
    EngineRefusalCode.RULE_FAILED: RuleFailed,
    EngineRefusalCode.CONFIG_INVALID: ConfigInvalid,
    EngineRefusalCode.RETRYABLE: Retryable,
}


def refused(refusal: EngineRefusal, owner: str) -> Refusal:
    """The refusal as the API shows it; ``owner`` is the type of what exists already.

    Raises LookupError for a code that no mutation of today answers.
    """
    if refusal.code is EngineRefusalCode.ALREADY_EXISTS:
        return AlreadyExists(row=refusal, owner=owner)
    if refusal.code not in _TYPES:
        raise LookupError(f"no type for {refusal.code}")
    return _TYPES[refusal.code](row=refusal)
