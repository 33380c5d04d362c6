"""What use cases about applications are told to do, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from loyalty_engine.services.commands import MemberBy


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply for what a rule of the program grants, or for another term of it."""

    member: MemberBy
    rule: str


@dataclass(frozen=True, slots=True)
class DecideApplication:
    """Decide the step that an application waits for; ``paid`` is the fee, where it is a payment."""

    application: UUID
    step: str
    approved: bool
    paid: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawApplication:
    """Take an application back."""

    application: UUID


@dataclass(frozen=True, slots=True)
class CastVote:
    """Vote on an application, or vote otherwise."""

    application: UUID
    voter: MemberBy
    choice: str


@dataclass(frozen=True, slots=True)
class ApplicationChanged:
    """Something happened to an application; ``fact_id`` is the activity that admitted its member."""

    application_id: UUID
    member_id: UUID
    fact_id: UUID | None = None
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class VoteCast:
    """A vote was cast, the elector's so-manieth on the application."""

    application_id: UUID
    version: int
    replayed: bool = False
