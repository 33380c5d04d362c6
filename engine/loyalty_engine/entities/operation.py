"""What callers asked for, and what came of it."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from loyalty_engine.entities.columns import (
    LONGEST_KEY,
    Entity,
    belongs_to,
    document,
    hashed,
    instant,
    key_text,
    lengths,
    octets,
)


class Operation(Entity, table=True):
    """One mutation under its caller's idempotency key, with the outcome that a replay renders again."""

    __tablename__ = "operation"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        hashed("input_hash"),
        *lengths(actor=64, key=LONGEST_KEY, mutation=64),
    )

    business_id: UUID = Field(primary_key=True)
    actor: str = key_text(primary_key=True)
    key: str = key_text(primary_key=True)
    mutation: str = key_text()
    input_hash: bytes = octets()
    outcome: dict[str, Any] | None = document()
    started_at: datetime = instant()
