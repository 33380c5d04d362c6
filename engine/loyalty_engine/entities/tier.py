"""Claims on tiers, the changes of standing that they led to, and where each member stands."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_KEY,
    Entity,
    belongs_to,
    document,
    instant,
    key_text,
    lengths,
    lengths_or_empty,
    one_of,
)

CLAIM_ORIGINS = ("rules", "override", "grant", "match", "paid", "migration", "grace", "notice")


class Claim(Entity, table=True):
    """A tier claimed from an instant until another (exclusive; none: for life); withdrawn at most once.

    One whose end a pause moved names the claim as it was first made, and is an effect of the pause's end.
    """

    __tablename__ = "claim"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("effect", "effect_id"),
        belongs_to("effect", "effect_id", named="withdrawn_effect_id"),
        belongs_to("claim", "claim_id", named="moves_claim_id"),
        UniqueConstraint("business_id", "effect_id"),
        one_of("origin", *CLAIM_ORIGINS),
        CheckConstraint("until_at > from_at", name="until_after_from"),
        CheckConstraint("withdrawn_effect_id <> effect_id", name="withdrawn_by_another"),
        CheckConstraint("moves_claim_id <> claim_id", name="moves_another"),
        *lengths(ladder=64, tier=64, rule=64),
        Index("claim_by_member", "business_id", "member_id", "ladder", "from_at"),
    )

    business_id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    ladder: str = key_text()
    tier: str = key_text()
    from_at: datetime = instant()
    until_at: datetime | None = instant()
    origin: str = key_text()
    rule: str | None = key_text()
    locked: bool = Field()
    figures: dict[str, Any] = document()
    effect_id: UUID = Field()
    withdrawn_effect_id: UUID | None = Field()
    moves_claim_id: UUID | None = Field()


class Standing(Entity, table=True):
    """One change of standing on a ladder, at one place of the history; the one at joining has no tier before.

    The place is (effective_at, boundaries first, source, external_id); boundaries and joining have ''.
    """

    __tablename__ = "standing"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("effect", "effect_id"),
        belongs_to("effect", "effect_id", named="withdrawn_effect_id"),
        UniqueConstraint("business_id", "effect_id"),
        CheckConstraint("from_tier <> to_tier", name="a_change"),
        CheckConstraint("NOT is_boundary OR (source = '' AND external_id = '')", name="boundary"),
        CheckConstraint("withdrawn_effect_id <> effect_id", name="withdrawn_by_another"),
        *lengths(ladder=64, from_tier=64, to_tier=64),
        *lengths_or_empty(source=64, external_id=LONGEST_KEY),
        Index(
            "standing_place",
            "business_id",
            "member_id",
            "ladder",
            "effective_at",
            "is_boundary",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("withdrawn_effect_id IS NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    standing_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    ladder: str = key_text()
    from_tier: str | None = key_text()
    to_tier: str = key_text()
    effective_at: datetime = instant()
    is_boundary: bool = Field()
    source: str = key_text()
    external_id: str = key_text()
    ruling: dict[str, Any] = document()
    effect_id: UUID = Field()
    withdrawn_effect_id: UUID | None = Field()


class CurrentStanding(Entity, table=True):
    """Where a member stands on a ladder now; kept from the changes, for reads, filters and counts.

    The cycle under way began at a boundary, or after the fact whose place it names. A notice says to which
    tier the member falls and when, and since when that is foreseen.
    """

    __tablename__ = "current_standing"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("standing", "standing_id"),
        *lengths(ladder=64, tier=64, notice_tier=64),
        CheckConstraint("num_nulls(notice_tier, notice_at, noticed_at) IN (0, 3)", name="notice_is_whole"),
        CheckConstraint("notice_at > noticed_at AND notice_tier <> tier", name="notice_of_a_fall"),
        CheckConstraint(
            "(cycle_anchor IS NULL) = (cycle_began_at IS NULL)"
            " AND (cycle_source IS NULL) = (cycle_external_id IS NULL)"
            " AND (cycle_source IS NULL OR cycle_began_at IS NOT NULL)"
            " AND (cycle_ends_on IS NULL OR cycle_anchor IS NOT NULL)",
            name="cycle_is_whole",
        ),
        Index("current_standing_by_tier", "business_id", "ladder", "tier", "member_id"),
    )

    business_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    ladder: str = key_text(primary_key=True)
    tier: str = key_text()
    since: datetime = instant()
    until_at: datetime | None = instant()
    next_review_at: datetime | None = instant()
    standing_id: UUID = Field()
    cycle_anchor: date | None = Field()
    cycle_began_at: datetime | None = instant()
    cycle_source: str | None = key_text()
    cycle_external_id: str | None = key_text()
    cycle_ends_on: date | None = Field()
    notice_tier: str | None = key_text()
    notice_at: datetime | None = instant()
    noticed_at: datetime | None = instant()
