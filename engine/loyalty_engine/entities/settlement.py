"""Periods that are closed."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from loyalty_engine.entities.columns import Entity, belongs_to, instant


class Settlement(Entity, table=True):
    """One closing: what occurred before an instant, of the whole business or of one partner's activities.

    What was recorded before `closed_at` is in it; what corrects it later belongs to a later one.
    """

    __tablename__ = "settlement"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("partner", "partner_id"),
        belongs_to("credential", "credential_id"),
        UniqueConstraint("business_id", "partner_id", "until_at", postgresql_nulls_not_distinct=True),
        CheckConstraint("until_at <= closed_at", name="only_the_past"),
    )

    business_id: UUID = Field(primary_key=True)
    settlement_id: UUID = Field(primary_key=True)
    partner_id: UUID | None = Field()
    until_at: datetime = instant()
    closed_at: datetime = instant()
    credential_id: UUID | None = Field()
