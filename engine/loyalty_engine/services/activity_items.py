"""Activities as they come from outside: checked, and as the rows that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty_engine.entities.fact import CARRYING_KINDS, MOVING_KINDS
from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ActivityFact, Moved, Rulebook
from loyalty_engine.rating.facts import CLOSING
from loyalty_engine.rating.overrides import OVERRIDE
from loyalty_engine.rating.pauses import PAUSE, RESUME
from loyalty_engine.rules import Activity, ActivityLine
from loyalty_engine.services import checks
from loyalty_engine.services.commands import LineInput, MemberBy, PointsInput, RecordActivity
from loyalty_engine.services.engine import Business, Caller
from loyalty_engine.services.finding import checked_member, checked_partner
from loyalty_engine.services.moved_rows import moved_columns
from loyalty_engine.services.operations import body_hash
from loyalty_engine.services.points import points_section, units_of
from loyalty_engine.services.posting import Row
from loyalty_engine.services.refusals import Refusal, Refused, invalid

MOST_LINES = 200
_OF_THEIR_OWN = ("confirmation", "coupon", OVERRIDE, PAUSE, RESUME, CLOSING)
RESERVED_KINDS = frozenset({*MOVING_KINDS, *CARRYING_KINDS, *_OF_THEIR_OWN}) - {"redemption"}
"""Kinds that the engine records itself, each by a mutation of its own."""


@dataclass(frozen=True, slots=True)
class ActivityItem:
    """A checked item, and the fact that it becomes.

    ``digest`` is of what was sent; ``original`` is the instant that was sent, where it is booked later.
    """

    fact_id: UUID
    member: MemberBy
    activity: Activity
    partner_id: UUID | None
    digest: bytes
    points: PointsInput | None = None
    moved: Moved | None = None
    original: datetime | None = None

    @property
    def fact(self) -> ActivityFact:
        """What is folded."""
        return ActivityFact(self.activity, self.moved)

    def booked_at(self, instant: datetime, zone: ZoneInfo) -> ActivityItem:
        """The same at its own instant, or at a later one."""
        if instant == self.activity.occurred_at:
            return self
        activity = replace(self.activity, occurred_at=instant, local_day=local_day(instant, zone))
        return replace(self, activity=activity, original=self.activity.occurred_at)


def checked_item(
    command: RecordActivity, business: Business, now: datetime, partners: Mapping[str, UUID]
) -> ActivityItem | Refusal:
    """The item within its bounds, or the refusal that says where it is not."""
    try:
        partner, partner_id = checked_partner(command.partner, partners)
        activity = _activity(command, business, now, partner)
        member = checked_member(command.member)
        sent = (activity,) if command.points is None else (activity, command.points)
        digest = body_hash("activity", *sent)
        return ActivityItem(new_id(), member, activity, partner_id, digest, command.points)
    except Refused as refused:
        return refused.refusal


def _activity(command: RecordActivity, business: Business, now: datetime, partner: str | None) -> Activity:
    kind = checks.text(command.kind, "kind", longest=64)
    if kind in RESERVED_KINDS:
        raise invalid("kind-not-taken", "kind", kind=kind)
    if kind == "redemption" and command.points is None:
        raise invalid("points-of-a-redemption", "points")
    if kind != "redemption" and command.points is not None:
        raise invalid("points-of-other-kinds", "points")
    amount = checks.amount(command.amount, "amount")
    if kind == "return" and (amount is None or amount > 0):
        raise invalid("return-amount-negative", "amount")
    if command.currency is not None and command.currency != business.row.currency:
        raise invalid("currency-other", "currency", currency=business.row.currency)
    occurred_at = checks.instant(command.occurred_at, now, "occurredAt")
    return Activity(
        source=checks.source(command.source, "source"),
        external_id=checks.text(command.external_id, "externalId"),
        kind=kind,
        occurred_at=occurred_at,
        local_day=local_day(occurred_at, business.zone),
        amount=amount,
        units=checks.amount(command.units, "units"),
        channel=checks.optional_text(command.channel, "channel", longest=64),
        partner=partner,
        attributes=checks.attributes(command.attributes, "attributes"),
        lines=checked_lines(command.lines, amount),
    )


def with_points(item: ActivityItem, rulebook: Rulebook) -> ActivityItem | Refusal:
    """The item with what a redemption took, in the currency's smallest units."""
    if item.points is None:
        return item
    try:
        program = rulebook.in_force(item.activity.occurred_at).program
        section = points_section(program, item.points.currency, "points", "currency")
        units = units_of(section, item.points.amount, "points", "amount")
    except Refused as refused:
        return refused.refusal
    return replace(item, moved=Moved(section.key, -units))


def checked_lines(lines: Sequence[LineInput], amount: Decimal | None) -> tuple[ActivityLine, ...]:
    """Lines within their bounds that together are the amount, in the order in which they are read again."""
    found = bounded_lines(lines)
    if found and amount is not None and sum(line.amount for line in found) != amount:
        raise invalid("lines-are-not-the-amount", "lines", amount=str(amount))
    if found and amount is None:
        raise invalid("lines-without-amount", "amount")
    return tuple(sorted(found, key=lambda line: line.key))


def bounded_lines(lines: Sequence[LineInput]) -> tuple[ActivityLine, ...]:
    """Lines within their bounds, with keys that differ."""
    if len(lines) > MOST_LINES:
        raise invalid("too-many", "lines", most=str(MOST_LINES))
    found = tuple(
        ActivityLine(
            checks.text(line.key, "lines", str(index), "key", longest=64),
            checks.amount(line.amount, "lines", str(index), "amount") or Decimal(0),
            checks.amount(line.units, "lines", str(index), "units"),
            checks.optional_text(line.category, "lines", str(index), "category", longest=64),
            checks.optional_text(line.product, "lines", str(index), "product"),
        )
        for index, line in enumerate(lines)
    )
    if len({line.key for line in found}) != len(found):
        raise invalid("line-keys-repeated", "lines")
    return found


def fact_row(
    item: ActivityItem, found: Mapping[MemberBy, UUID], business: Business, caller: Caller, now: datetime
) -> Row:
    activity = item.activity
    return {
        "business_id": business.business_id,
        "fact_id": item.fact_id,
        "member_id": found[item.member],
        "type": "activity",
        "source": activity.source,
        "external_id": activity.external_id,
        "occurred_at": activity.occurred_at,
        "recorded_at": now,
        "local_day": activity.local_day,
        "body_hash": item.digest,
        "credential_id": caller.credential_id,
        "original_effective_at": item.original,
        "kind": activity.kind,
        "amount": activity.amount,
        "units": activity.units,
        "currency": business.row.currency,
        "channel": activity.channel,
        "partner_id": item.partner_id,
        "attributes": dict(activity.attributes),
        "counts_as": activity.counts_as,
        "counts_on": activity.local_day,
        "ones": activity.occurrences,
        **moved_columns(item.moved),
    }


def line_rows(item: ActivityItem, found: Mapping[MemberBy, UUID], business: Business) -> list[Row]:
    return [
        line_row(business.business_id, item.fact_id, found[item.member], line) for line in item.activity.lines
    ]


def line_row(business_id: UUID, fact_id: UUID, member_id: UUID, line: ActivityLine) -> Row:
    """A line as a row."""
    return {
        "business_id": business_id,
        "fact_id": fact_id,
        "line_key": line.key,
        "member_id": member_id,
        "amount": line.amount,
        "units": line.units,
        "category": line.category,
        "product": line.product,
    }
