"""The columns of an entity, for statements of SQLAlchemy Core."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table

from loyalty_engine.entities import Entity


def table(entity: type[Entity]) -> Table:
    """The table of an entity."""
    return cast("Table", entity.__table__)  # type: ignore[attr-defined]


def columns(entity: type[Entity]) -> Any:
    """The columns of an entity's table, by name."""
    return table(entity).c
