"""Many rows written by one statement, however many there are: one array for each column."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, Column, LargeBinary, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from loyalty_engine.entities import Entity
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.json_text import json_text
from loyalty_engine.store.statement import DIALECT

Row = Mapping[str, Any]

JSON_NULL = object()
"""A JSON value that is null, where None is that there is no value."""


async def insert_rows(
    connection: Connection,
    entity: type[Entity],
    rows: Sequence[Row],
    *,
    skip_existing: bool = False,
    returning: Sequence[str] = (),
) -> list[asyncpg.Record]:
    """Inserts rows that all name the same columns, and returns the columns asked for.

    With `skip_existing` a row whose key is taken is passed over, and is not among those returned.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    text = _insert_text(_table(entity), names, tuple(returning), skip_existing=skip_existing)
    return await connection.fetch(text, *_arrays(_table(entity), names, rows))


async def upsert_rows(
    connection: Connection,
    entity: type[Entity],
    rows: Sequence[Row],
    *,
    update: Sequence[str],
    key: Sequence[str] = (),
) -> None:
    """Inserts rows, and where their key (the primary one, if left out) is taken sets the columns in `update`.

    No key may occur twice among the rows.
    """
    if not rows:
        return
    names = tuple(rows[0])
    table = _table(entity)
    text = _upsert_text(table, names, tuple(key) or _primary(table), tuple(update))
    await connection.execute(text, *_arrays(table, names, rows))


async def update_rows(
    connection: Connection, entity: type[Entity], rows: Sequence[Row], *, key: Sequence[str] = ()
) -> int:
    """Sets the other columns of the rows found by key, and returns how many were found."""
    if not rows:
        return 0
    names = tuple(rows[0])
    table = _table(entity)
    status = await connection.execute(
        _update_text(table, names, tuple(key) or _primary(table)), *_arrays(table, names, rows)
    )
    return int(status.rpartition(" ")[2])


def _table(entity: type[Entity]) -> Table:
    table: Table = entity.__table__  # type: ignore[attr-defined]
    return table


def _primary(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def _arrays(table: Table, names: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    width = len(names)
    if any(len(row) != width for row in rows):
        raise ValueError(f"Rows of {table.name} that are written together name the same columns.")
    return [
        [_as_json(row[name]) for row in rows] if _is_json(table.c[name]) else [row[name] for row in rows]
        for name in names
    ]


def _as_json(value: Any) -> str | None:
    if value is JSON_NULL:
        return "null"
    return None if value is None else json_text(value)


def _is_json(column: "Column[Any]") -> bool:
    """An array of arrays would be flattened by `unnest`, so lists travel as JSON too."""
    return isinstance(column.type, JSONB | ARRAY)


def _type(column: "Column[Any]") -> str:
    match column.type:
        case JSONB() | ARRAY() | Text():
            return "text"
        case Numeric():
            return "numeric"
        case LargeBinary():
            return "bytea"
        case other:
            return str(other.compile(dialect=DIALECT)).lower()


def _value(column: "Column[Any]") -> str:
    match column.type:
        case JSONB():
            return f"given.{column.name}::jsonb"
        case ARRAY():
            listed = f"ARRAY(SELECT jsonb_array_elements_text(given.{column.name}::jsonb))"
            return f"CASE WHEN given.{column.name} IS NOT NULL THEN {listed} END"
        case _:
            return f"given.{column.name}"


def _given(table: Table, names: Sequence[str]) -> str:
    """The rows as a table, in their order; every name is a column that the table has."""
    arrays = ", ".join(f"${number}::{_type(table.c[name])}[]" for number, name in enumerate(names, 1))
    return f"unnest({arrays}) AS given({', '.join(names)})"


def _insert(table: Table, names: Sequence[str]) -> str:
    values = ", ".join(_value(table.c[name]) for name in names)
    given = _given(table, names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {given}"  # noqa: S608


@lru_cache(maxsize=512)
def _insert_text(
    table: Table, names: tuple[str, ...], returning: tuple[str, ...], *, skip_existing: bool
) -> str:
    conflict = " ON CONFLICT DO NOTHING" if skip_existing else ""
    wanted = f" RETURNING {', '.join(table.c[name].name for name in returning)}" if returning else ""
    return _insert(table, names) + conflict + wanted


@lru_cache(maxsize=512)
def _upsert_text(table: Table, names: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...]) -> str:
    keys = ", ".join(table.c[name].name for name in key)
    changes = ", ".join(f"{table.c[name].name} = excluded.{name}" for name in update)
    return f"{_insert(table, names)} ON CONFLICT ({keys}) DO UPDATE SET {changes}"


@lru_cache(maxsize=512)
def _update_text(table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> str:
    changes = ", ".join(f"{name} = {_value(table.c[name])}" for name in names if name not in key)
    found = " AND ".join(f"{table.name}.{table.c[name].name} = given.{name}" for name in key)
    return f"UPDATE {table.name} SET {changes} FROM {_given(table, names)} WHERE {found}"  # noqa: S608
