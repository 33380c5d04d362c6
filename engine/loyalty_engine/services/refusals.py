"""Refusals: what the engine answers instead of doing a thing, from one closed list of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import get_args
from uuid import UUID

from loyalty_engine.entities.application import APPLICATION_STATES
from loyalty_engine.program import Finding
from loyalty_engine.rules.admission import AdmissionStep
from loyalty_engine.words import say


class RefusalCode(StrEnum):
    """Why a mutation was refused. The list is closed; `docs/errors.md` says what to do about each."""

    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    INSUFFICIENT_POINTS = "INSUFFICIENT_POINTS"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    CODE_NOT_USABLE = "CODE_NOT_USABLE"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    ALREADY_REVERSED = "ALREADY_REVERSED"
    REVERSAL_EXCEEDS_ORIGINAL = "REVERSAL_EXCEEDS_ORIGINAL"
    ORIGINAL_NOT_FOUND = "ORIGINAL_NOT_FOUND"
    REFERRAL_REFUSED = "REFERRAL_REFUSED"
    MEMBER_BLOCKED = "MEMBER_BLOCKED"
    MEMBER_MERGED = "MEMBER_MERGED"
    HOLD_CLOSED = "HOLD_CLOSED"
    HOLD_EXPIRED = "HOLD_EXPIRED"
    PERIOD_CLOSED = "PERIOD_CLOSED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    RULE_FAILED = "RULE_FAILED"
    CONFIG_INVALID = "CONFIG_INVALID"
    RETRYABLE = "RETRYABLE"


RETRYABLE = frozenset(
    {
        RefusalCode.ORIGINAL_NOT_FOUND,
        RefusalCode.IDEMPOTENCY_IN_PROGRESS,
        RefusalCode.RULE_FAILED,
        RefusalCode.CONFIG_INVALID,
        RefusalCode.RETRYABLE,
    }
)


_WORDED = {"state": APPLICATION_STATES, "step": get_args(AdmissionStep)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal with the input's path, where one is to blame, and the id of what is there already.

    ``word`` names the message in ``loyalty_engine.words``; ``parameters`` fill it.
    """

    code: RefusalCode
    word: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] | None = None
    existing_id: UUID | None = None
    findings: tuple[Finding, ...] = ()
    """What is wrong with a program file, where one was refused."""

    def message(self, language: str) -> str:
        """Why, in words of a language; the state and the step of an application have words of their own."""
        parameters = {
            name: say(language, f"application-{name}-{value}") if value in _WORDED.get(name, ()) else value
            for name, value in self.parameters.items()
        }
        return say(language, self.word, **parameters)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later under the same key."""
        return self.code in RETRYABLE


class Refused(Exception):
    """Raised inside a use case to end it with a refusal; never leaves the services."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.word)
        self.refusal = refusal


class Forbidden(Exception):
    """The credential may not do this: an error of the request, not a refusal."""

    def __init__(self, word: str, parameters: Mapping[str, str] | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.parameters = dict(parameters or {})


def invalid(word: str, *path: str, **parameters: str) -> Refused:
    """An INVALID_INPUT at a path of the input."""
    return Refused(Refusal(RefusalCode.INVALID_INPUT, word, parameters, path or None))
