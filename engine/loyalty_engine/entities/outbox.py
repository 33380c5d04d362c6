"""Events, written with what they tell of and published afterwards."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import Entity, belongs_to, document, instant, key_text, lengths, whole


class Outbox(Entity, table=True):
    """One event of one member, numbered without gaps; the relay gives it the business's next position."""

    __tablename__ = "outbox"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("effect", "effect_id"),
        UniqueConstraint("business_id", "member_id", "member_sequence"),
        UniqueConstraint("business_id", "position"),
        CheckConstraint("member_sequence >= 1", name="member_sequence_bounds"),
        CheckConstraint("position >= 1", name="position_bounds"),
        CheckConstraint("num_nulls(position, published_at) IN (0, 2)", name="published_with_its_position"),
        *lengths(type=64),
        Index("outbox_unpublished", "business_id", "event_id", postgresql_where=text("position IS NULL")),
    )

    business_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    member_sequence: int = whole()
    type: str = key_text()
    effect_id: UUID | None = Field()
    body: dict[str, Any] = document()
    recorded_at: datetime = instant()
    position: int | None = whole()
    published_at: datetime | None = instant()
