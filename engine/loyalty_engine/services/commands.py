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
class PointsInput:
    """Points of one currency; left out, it is the first of the program."""

    amount: Decimal
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class RecordActivity:
    """Something a member did; an unlinked return is of kind ``return`` with a negative amount.

    A ``redemption`` says how many points it took; it happened already and is not refused.
    """

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
    points: PointsInput | None = None


@dataclass(frozen=True, slots=True)
class HoldPoints:
    """Set points aside until an instant, for somebody who will capture them, wholly or in part."""

    member: MemberBy
    points: PointsInput
    expires_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureHold:
    """Spend what a hold set aside; ``points`` left out is all of it, and what is left over is given back."""

    hold: UUID
    points: Decimal | None = None


@dataclass(frozen=True, slots=True)
class VoidHold:
    """Give back what a hold set aside."""

    hold: UUID


@dataclass(frozen=True, slots=True)
class TransferPoints:
    """Send points to another member; they keep their ends."""

    sender: MemberBy
    receiver: MemberBy
    points: PointsInput
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AdjustPoints:
    """Add points, or take some away with a negative amount, for a reason."""

    member: MemberBy
    points: PointsInput
    reason: str


@dataclass(frozen=True, slots=True)
class DecideAdjustment:
    """Approve an adjustment that waits for a second person, or decline it."""

    adjustment: UUID
    approve: bool


@dataclass(frozen=True, slots=True)
class PayWithPoints:
    """Pay some of a purchase with points at the program's rate: so many points, or so much money."""

    member: MemberBy
    source: str
    external_id: str
    currency: str | None = None
    points: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ConfirmActivity:
    """Say that an activity stands, e.g. that what was bought is not returned any more."""

    activity: ActivityBy
    source: str
    external_id: str
    occurred_at: datetime


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
class CloseSettlement:
    """Close what occurred before ``until``; with a partner of its activities alone."""

    until: datetime
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class EraseMember:
    """Delete what names a member."""

    member: MemberBy


@dataclass(frozen=True, slots=True)
class MergeMembers:
    """Carry all that one member has into another one, for good."""

    absorbed: MemberBy
    survivor: MemberBy
    reason: str | None = None


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
class Transferred:
    """Points were sent. ``fact_id`` is the sender's activity, ``receipt_id`` the receiver's."""

    fact_id: UUID
    receipt_id: UUID
    sender_id: UUID
    receiver_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An adjustment was made, or waits for a second person while ``fact_id`` is None."""

    adjustment_id: UUID
    member_id: UUID
    fact_id: UUID | None = None
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """Points paid some of a purchase; ``amount`` in the program's currency."""

    fact_id: UUID
    member_id: UUID
    currency: str
    points: Decimal
    amount: Decimal
    effect_ids: tuple[UUID, ...] = ()
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
class Settled:
    """A period was closed."""

    settlement_id: UUID
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """Nothing names the member any more."""

    member_id: UUID
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class MembersMerged:
    """One member is part of another one."""

    absorbed_id: UUID
    survivor_id: UUID
    effect_ids: tuple[UUID, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The sandbox's clock shows this instant now."""

    now: datetime
    replayed: bool = False
