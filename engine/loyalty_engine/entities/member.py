"""Members, how they are recognised, and their personal data, which lives apart so that it can be erased."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_KEY,
    Entity,
    belongs_to,
    hashed,
    instant,
    key_text,
    lengths,
    octets,
    one_of,
    whole,
    words,
)

MEMBER_KINDS = ("person", "organisation")
MEMBER_STATUSES = ("active", "paused", "blocked", "closed", "merged", "erased")


class Member(Entity, table=True):
    """One member: the lock of its history, the place of the last fact folded, when time next matters to it.

    `folded_until` is the instant up to which boundaries were applied; `event_count` numbers its events;
    nothing is recorded of it before `last_recorded_at` any more, whatever the clocks say. It was folded as
    the program versions up to `rulebook_version` say.
    """

    __tablename__ = "member"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("partner", "partner_id"),
        belongs_to("member", "external_id", named="referred_by"),
        UniqueConstraint("business_id", "external_id"),
        CheckConstraint("referred_by <> external_id", name="referred_by_another"),
        one_of("kind", *MEMBER_KINDS),
        one_of("status", *MEMBER_STATUSES),
        CheckConstraint(
            "num_nulls(last_occurred_at, last_source, last_external_id) IN (0, 3)", name="last_place_is_whole"
        ),
        CheckConstraint("event_count >= 0", name="event_count_bounds"),
        CheckConstraint(
            "CASE status WHEN 'paused' THEN paused_at IS NOT NULL WHEN 'active' THEN paused_at IS NULL"
            " ELSE true END"
            " AND (paused_until IS NULL OR (paused_at IS NOT NULL AND paused_until > paused_at))",
            name="paused_since",
        ),
        CheckConstraint(
            "CASE status WHEN 'closed' THEN closed_at IS NOT NULL WHEN 'erased' THEN true"
            " ELSE closed_at IS NULL END AND (closed_at IS NULL OR next_boundary_at IS NULL)",
            name="closed_since",
        ),
        *lengths(external_id=LONGEST_KEY, channel=64, referred_by=LONGEST_KEY),
        Index("member_by_enrolment", "business_id", "enrolled_at", "member_id"),
        Index(
            "member_by_referrer",
            "business_id",
            "referred_by",
            postgresql_where=text("referred_by IS NOT NULL"),
        ),
        Index("member_by_rulebook", "business_id", "rulebook_version", "member_id"),
        Index("member_by_status", "business_id", "status", "enrolled_at", "member_id"),
        Index(
            "member_due",
            "business_id",
            "next_boundary_at",
            "member_id",
            postgresql_where=text("next_boundary_at IS NOT NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    external_id: str = key_text()
    kind: str = key_text()
    status: str = key_text()
    enrolled_at: datetime = instant()
    joined_on: date = Field()
    channel: str | None = key_text()
    partner_id: UUID | None = Field()
    referred_by: str | None = key_text()
    last_occurred_at: datetime | None = instant()
    last_source: str | None = key_text()
    last_external_id: str | None = key_text()
    folded_until: datetime = instant()
    next_boundary_at: datetime | None = instant()
    event_count: int = whole(sa_column_kwargs={"server_default": text("0")})
    created_at: datetime = instant()
    last_recorded_at: datetime = instant()
    paused_at: datetime | None = instant()
    paused_until: datetime | None = instant()
    rulebook_version: int = Field(sa_column_kwargs={"server_default": text("0")})
    closed_at: datetime | None = instant()


class Identity(Entity, table=True):
    """Something a member is recognised by (card number, phone, e-mail), kept only as a keyed hash."""

    __tablename__ = "identity"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        UniqueConstraint("business_id", "kind", "identity_hash"),
        hashed("identity_hash"),
        *lengths(kind=64),
        Index("identity_by_member", "business_id", "member_id"),
    )

    business_id: UUID = Field(primary_key=True)
    identity_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    kind: str = key_text()
    identity_hash: bytes = octets()
    created_at: datetime = instant()


class Profile(Entity, table=True):
    """A member's personal data; nothing else in the database names a person."""

    __tablename__ = "profile"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        *lengths(given_name=200, family_name=200, email=320, phone=32, locale=35),
    )

    business_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    given_name: str | None = words()
    family_name: str | None = words()
    email: str | None = words()
    phone: str | None = words()
    birth_date: date | None = Field()
    locale: str | None = key_text()
    updated_at: datetime = instant()
