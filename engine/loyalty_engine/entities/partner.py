"""Partners and the promotions that they fund."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    Entity,
    belongs_to,
    instant,
    key_text,
    lengths,
    words,
)


class Partner(Entity, table=True):
    """Another company whose purchases count here or who funds promotions."""

    __tablename__ = "partner"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        UniqueConstraint("business_id", "key"),
        *lengths(key=64, name=200),
    )

    business_id: UUID = Field(primary_key=True)
    partner_id: UUID = Field(primary_key=True)
    key: str = key_text()
    name: str = words()
    created_at: datetime = instant()


class Promotion(Entity, table=True):
    """A partner's promotion, keyed by the rule that decides it.

    Each partner who funds it has a `budget` account of it, opened by a transfer.
    """

    __tablename__ = "promotion"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("partner", "partner_id"),
        UniqueConstraint("business_id", "key"),
        *lengths(key=64, currency=64),
    )

    business_id: UUID = Field(primary_key=True)
    promotion_id: UUID = Field(primary_key=True)
    key: str = key_text()
    partner_id: UUID = Field()
    currency: str = key_text()
    created_at: datetime = instant()
