"""What use cases are told to do, and what they answer. Values come from outside and are checked inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from loyalty_engine.services.refusals import Refusal


@dataclass(frozen=True, slots=True)
class MemberBy:
    """A member by exactly one of: our id, the business's id, or an identity (kind, value)."""

    id: UUID | None = None
    external_id: str | None = None
    identity: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ActivityBy:
    """An activity by exactly one of: our id, or its natural key (source, external_id)."""

    id: UUID | None = None
    natural: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ProfileInput:
    """Personal data of a member."""

    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class EnrolMember:
    """Make a member; ``enrolled_at`` left out is now."""

    external_id: str
    kind: str = "person"
    enrolled_at: datetime | None = None
    identities: tuple[tuple[str, str], ...] = ()
    profile: ProfileInput | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    referred_by: str | None = None
    partner: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class LineInput:
    """One line of an activity, or how much of it is returned."""

    key: str
    amount: Decimal
    units: Decimal | None = None
    category: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class RecordActivity:
    """Something a member did; an unlinked return is of kind ``return`` with a negative amount."""

    member: MemberBy
    kind: str
    source: str
    external_id: str
    occurred_at: datetime
    amount: Decimal | None = None
    units: Decimal | None = None
    currency: str | None = None
    lines: tuple[LineInput, ...] = ()
    channel: str | None = None
    partner: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReverseActivity:
    """Return an activity, or a positive part of it; without amount and lines all that remains."""

    activity: ActivityBy
    source: str
    external_id: str
    occurred_at: datetime
    amount: Decimal | None = None
    lines: tuple[LineInput, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A dated value of a member: an attribute, segment, score, consent, offer sent or partner status."""

    member: MemberBy
    kind: str
    key: str
    value: object
    source: str
    external_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedRule:
    """A rule that failed at the activity; it is folded again after the repair."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member was made."""

    member_id: UUID
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact was recorded and folded. ``effect_ids`` are those that its arrival posted.

    ``taken`` and ``debt`` are of a return: points taken back, and how much debt that added, by currency.
    """

    fact_id: UUID
    member_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    parked: tuple[ParkedRule, ...] = ()
    original_id: UUID | None = None
    taken: Mapping[str, Decimal] = field(default_factory=dict)
    debt: Mapping[str, Decimal] = field(default_factory=dict)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A result for each item, in the order of the items."""

    results: tuple[Recorded | Refusal, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class EnrolledBatch:
    """A result for each new member, in the order of the items."""

    results: tuple[Enrolled | Refusal, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The sandbox's clock shows this instant now."""

    now: datetime
    replayed: bool = False
