"""Adjustments of members' points, and who asked for and decided them."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LARGEST,
    Entity,
    belongs_to,
    instant,
    key_text,
    lengths,
    one_of,
    whole,
    words,
)

DECISIONS = ("approved", "declined")


class Adjustment(Entity, table=True):
    """Points that somebody of the business adds or takes away; a large one is approved by somebody else."""

    __tablename__ = "adjustment"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("fact", "fact_id"),
        UniqueConstraint("business_id", "fact_id"),
        one_of("decision", *DECISIONS),
        CheckConstraint(
            f"amount <> 0 AND amount BETWEEN -{LARGEST} AND {LARGEST}",
            name="amount_bounds",
        ),
        CheckConstraint("num_nulls(decision, decided_by, decided_at) IN (0, 3)", name="decided_at_once"),
        CheckConstraint(
            "(fact_id IS NOT NULL) = (decision IS NOT NULL AND decision = 'approved')",
            name="made_when_approved",
        ),
        CheckConstraint(
            "NOT needs_approval OR decision IS NULL OR decision = 'declined' OR decided_by <> asked_by",
            name="approved_by_another",
        ),
        *lengths(currency=64, reason=500, asked_by=64, decided_by=64),
        Index("adjustment_by_member", "business_id", "member_id", "asked_at", "adjustment_id"),
        Index(
            "adjustment_waiting",
            "business_id",
            "asked_at",
            "adjustment_id",
            postgresql_where=text("decision IS NULL"),
        ),
    )

    business_id: UUID = Field(primary_key=True)
    adjustment_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    currency: str = key_text()
    amount: int = whole()
    reason: str = words()
    needs_approval: bool = Field()
    asked_by: str = key_text()
    asked_at: datetime = instant()
    decision: str | None = key_text()
    decided_by: str | None = key_text()
    decided_at: datetime | None = instant()
    fact_id: UUID | None = Field()
