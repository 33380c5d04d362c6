"""What the fold keeps beside facts and effects: counters of award lines, causes that wait for a repair."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_CAUSE,
    Entity,
    belongs_to,
    bounded,
    instant,
    key_text,
    lengths,
    lengths_or_empty,
    one_of,
    whole,
    words,
)
from loyalty_engine.entities.fact import CAUSE_KINDS


class Counter(Entity, table=True):
    """How much of a cap, or whether a once-text, of a rule's award lines a member has used."""

    __tablename__ = "counter"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        bounded("used", least=0),
        *lengths(name=500),
        *lengths_or_empty(rule=64),
    )

    business_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    rule: str = key_text(primary_key=True)
    name: str = key_text(primary_key=True)
    used: int = whole()


class Parked(Entity, table=True):
    """A cause that a failed rule could not decide; folded again after the repair, and then resolved."""

    __tablename__ = "parked"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        one_of("cause_kind", *CAUSE_KINDS),
        CheckConstraint("resolved_at >= parked_at", name="resolved_after_parked"),
        *lengths(cause_key=LONGEST_CAUSE, rule=64, error=1000),
        Index(
            "parked_open", "business_id", "rule", "member_id", postgresql_where=text("resolved_at IS NULL")
        ),
    )

    business_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    cause_kind: str = key_text(primary_key=True)
    cause_key: str = key_text(primary_key=True)
    rule: str = key_text(primary_key=True)
    error: str = words()
    parked_at: datetime = instant()
    resolved_at: datetime | None = instant()
