"""The columns of an entity, for statements of SQLAlchemy Core."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Table, case

from loyalty_engine.entities import Entity


def table(entity: type[Entity]) -> Table:
    """The table of an entity."""
    return cast("Table", entity.__table__)  # type: ignore[attr-defined]


def columns(entity: type[Entity]) -> Any:
    """The columns of an entity's table, by name."""
    return table(entity).c


def or_itself(reference: Any, own: Any) -> ColumnElement[Any]:
    """The id of what a row refers to, or its own where it refers to nothing, to be compared with an id.

    Under row-level security PostgreSQL holds that `coalesce` might leak what it sees, and passes over the
    index of the column that is compared with it; `CASE` is trusted.
    """
    return case((reference.is_(None), own), else_=reference)
