"""Members that went into others."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from loyalty_engine.entities.columns import Entity, belongs_to, instant, words


class Merge(Entity, table=True):
    """Whose history is part of whose since when: directly, by a merge, or because that one was merged.

    A member is merged once, and never into one that is merged itself.
    """

    __tablename__ = "merge"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id", named="absorbed_id"),
        belongs_to("member", "member_id", named="survivor_id"),
        belongs_to("credential", "credential_id"),
        CheckConstraint("absorbed_id <> survivor_id", name="into_another"),
        Index(
            "merge_once",
            "business_id",
            "absorbed_id",
            unique=True,
            postgresql_where=text("is_direct"),
        ),
        Index("merge_by_survivor", "business_id", "survivor_id"),
    )

    business_id: UUID = Field(primary_key=True)
    absorbed_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(primary_key=True)
    is_direct: bool = Field()
    merged_at: datetime = instant()
    reason: str | None = words()
    credential_id: UUID | None = Field()
