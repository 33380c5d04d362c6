"""What is known about members: activities, dated values and stored answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LARGEST,
    LONGEST_CAUSE,
    LONGEST_KEY,
    Entity,
    belongs_to,
    bounded,
    document,
    hashed,
    instant,
    key_text,
    lengths,
    lengths_or_empty,
    listed,
    money,
    octets,
    one_of,
    whole,
    words,
)

FACT_TYPES = ("activity", "value", "answer")
VALUE_KINDS = ("attribute", "segment", "score", "consent", "offer_sent", "partner_status")
CAUSE_KINDS = ("activity", "value", "boundary", "enrolment", "publication")

MOVING_KINDS = ("redemption", "hold", "capture", "void", "transfer", "receipt", "gift", "adjustment")
"""Kinds of activities that themselves move points, beside what they earn."""

ABOUT_KINDS = ("capture", "void", "confirmation", "receipt", "gift", "absorption")
"""Kinds of activities that are about another one: a hold, a purchase, or what caused them."""

CARRYING_KINDS = ("merge", "absorption")
"""Kinds of activities that carry a whole history out or in: points of every currency, in their terms."""

_ACTIVITY_ONLY = (
    "amount, units, currency, channel, partner_id, attributes, reverses_fact_id, reason, "
    "kind, counts_as, counts_on, ones, closing_units, "
    "points_currency, points, points_terms, about_fact_id"
)
_VALUE_ONLY = "value_kind, value_key, value"
_ANSWER_ONLY = "asked_cause_kind, asked_cause_key, asked_rule, asked_slot, asked, granted"


class Fact(Entity, table=True):
    """One fact of one member, for ever as it came; its place is (occurred_at, source, external_id).

    `counts_as`, `counts_on` and `ones` say how measures take it: a linked return counts with its purchase,
    and the one after which nothing remains closes the units that none stated. What came too late for its
    own instant was booked at `occurred_at`, and really happened at `original_effective_at`.
    """

    __tablename__ = "fact"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("credential", "credential_id"),
        belongs_to("partner", "partner_id"),
        belongs_to("fact", "fact_id", named="reverses_fact_id"),
        belongs_to("fact", "fact_id", named="about_fact_id"),
        UniqueConstraint("business_id", "source", "external_id"),
        one_of("type", *FACT_TYPES),
        one_of("value_kind", *VALUE_KINDS),
        one_of("asked_cause_kind", *CAUSE_KINDS),
        CheckConstraint(
            "CASE type"
            " WHEN 'activity' THEN num_nulls(kind, attributes, counts_as, counts_on, ones) = 0"
            f" AND num_nonnulls({_VALUE_ONLY}, {_ANSWER_ONLY}) = 0"
            f" WHEN 'value' THEN num_nulls({_VALUE_ONLY}) = 0"
            f" AND num_nonnulls({_ACTIVITY_ONLY}, {_ANSWER_ONLY}) = 0"
            f" ELSE num_nulls({_ANSWER_ONLY}) = 0"
            f" AND num_nonnulls({_ACTIVITY_ONLY}, {_VALUE_ONLY}) = 0 END",
            name="columns_of_its_type",
        ),
        CheckConstraint("occurred_at - recorded_at <= interval '5 minutes'", name="not_in_the_future"),
        CheckConstraint(
            "original_effective_at IS NULL OR (type <> 'answer' AND original_effective_at < occurred_at)",
            name="booked_later",
        ),
        CheckConstraint(
            "reverses_fact_id IS NULL OR (reverses_fact_id <> fact_id"
            " AND coalesce(amount, 0) <= 0 AND coalesce(units, 0) <= 0 AND ones <= 0)",
            name="a_reversal_takes_away",
        ),
        CheckConstraint("amount IS NULL OR currency IS NOT NULL", name="an_amount_has_a_currency"),
        CheckConstraint("ones BETWEEN -1 AND 1", name="ones_bounds"),
        CheckConstraint("closing_units IS NULL OR ones = -1", name="closed_when_complete"),
        CheckConstraint(
            f"abs(asked) <= {LARGEST} AND granted BETWEEN least(asked, 0) AND greatest(asked, 0)",
            name="granted_bounds",
        ),
        CheckConstraint(
            f"num_nulls(points, points_terms) = 2 OR points_currency IS NOT NULL"
            f" OR (points IS NULL AND kind IN ({listed(*CARRYING_KINDS)}))",
            name="points_have_a_currency",
        ),
        CheckConstraint(
            "reverses_fact_id IS NOT NULL OR (points_currency IS NOT NULL) ="
            f" (kind IS NOT NULL AND kind IN ({listed(*MOVING_KINDS)}))",
            name="points_of_their_kind",
        ),
        CheckConstraint(
            f"about_fact_id IS NOT NULL OR kind NOT IN ({listed(*ABOUT_KINDS)})"
            " OR reverses_fact_id IS NOT NULL",
            name="about_of_its_kind",
        ),
        bounded("points"),
        hashed("body_hash"),
        bounded("amount"),
        bounded("units"),
        bounded("closing_units"),
        *lengths(
            source=64, external_id=LONGEST_KEY, kind=64, counts_as=64, currency=3, channel=64, value_key=64
        ),
        *lengths(points_currency=64, reason=500, asked_cause_key=LONGEST_CAUSE, asked_slot=LONGEST_KEY),
        *lengths_or_empty(asked_rule=64),
        Index("fact_by_place", "business_id", "member_id", "occurred_at", "source", "external_id"),
        Index(
            "fact_measured",
            "business_id",
            "member_id",
            "counts_on",
            postgresql_where=text("type = 'activity'"),
        ),
        Index(
            "fact_reversing",
            "business_id",
            "reverses_fact_id",
            postgresql_where=text("reverses_fact_id IS NOT NULL"),
        ),
        Index(
            "fact_returned_whole",
            "business_id",
            "reverses_fact_id",
            unique=True,
            postgresql_where=text("ones = -1 AND reverses_fact_id IS NOT NULL"),
        ),
        Index(
            "fact_about",
            "business_id",
            "about_fact_id",
            postgresql_where=text("about_fact_id IS NOT NULL"),
        ),
        Index(
            "fact_closing_a_hold",
            "business_id",
            "about_fact_id",
            unique=True,
            postgresql_where=text("kind IN ('capture', 'void')"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    fact_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    type: str = key_text()
    source: str = key_text()
    external_id: str = key_text()
    occurred_at: datetime = instant()
    recorded_at: datetime = instant()
    local_day: date = Field()
    body_hash: bytes = octets()
    credential_id: UUID | None = Field()

    kind: str | None = key_text()
    amount: Decimal | None = money()
    units: Decimal | None = money()
    currency: str | None = key_text()
    channel: str | None = key_text()
    partner_id: UUID | None = Field()
    attributes: dict[str, Any] | None = document()
    reverses_fact_id: UUID | None = Field()
    reason: str | None = words()
    counts_as: str | None = key_text()
    counts_on: date | None = Field()
    ones: int | None = Field(sa_type=SmallInteger)
    closing_units: Decimal | None = money()

    value_kind: str | None = key_text()
    value_key: str | None = key_text()
    value: Any | None = document()

    asked_cause_kind: str | None = key_text()
    asked_cause_key: str | None = key_text()
    asked_rule: str | None = key_text()
    asked_slot: str | None = key_text()
    asked: int | None = whole()
    granted: int | None = whole()

    points_currency: str | None = key_text()
    points: int | None = whole()
    points_terms: dict[str, Any] | None = document()
    about_fact_id: UUID | None = Field()

    original_effective_at: datetime | None = instant()


class ActivityLine(Entity, table=True):
    """One line of an activity, such as one product of a purchase."""

    __tablename__ = "activity_line"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("fact", "fact_id"),
        belongs_to("member", "member_id"),
        bounded("amount"),
        bounded("units"),
        bounded("closing_units"),
        *lengths(line_key=64, category=64, product=LONGEST_KEY),
        Index("activity_line_by_member", "business_id", "member_id", "fact_id"),
    )

    business_id: UUID = Field(primary_key=True)
    fact_id: UUID = Field(primary_key=True)
    line_key: str = key_text(primary_key=True)
    member_id: UUID = Field()
    amount: Decimal = money()
    units: Decimal | None = money()
    closing_units: Decimal | None = money()
    category: str | None = key_text()
    product: str | None = key_text()
