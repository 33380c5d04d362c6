"""Day buckets of figures, one grouped statement for any number of members.

The sums are those of the whole history: a linked return counts on its purchase's day, an unlinked one
on its own. They equal the tallies of a fold that has taken the same facts, which a test holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select, select, union_all

from loyalty_engine.measures.earned import earned_by_day
from loyalty_engine.measures.single import single_by_day
from loyalty_engine.measures.sums import sums_by_day
from loyalty_engine.rules import Figure
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure, net of returns or gross."""

    figure: Figure
    gross: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one local day of one member adds to a figure; points in smallest units.

    Where a figure is no sum, ``place`` is that of the activity whose number it is.
    """

    member_id: UUID
    wanted: Wanted
    day: date
    value: Decimal
    place: tuple[datetime, str, str] | None


async def buckets(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], wanted: Sequence[Wanted]
) -> list[Bucket]:
    """The day buckets of some figures for some members."""
    if not wanted or not member_ids:
        return []
    figures = tuple(wanted)
    statement = _statement(figures, since=False)
    values = given(business_id, member_ids, figures)
    rows = await statement.fetch(connection, **{name: values[name] for name in statement.names})
    return [_bucket(row, figures) for row in rows]


async def buckets_since(
    connection: Connection,
    business_id: UUID,
    since: Mapping[UUID, tuple[datetime, str, str]],
    wanted: Sequence[Wanted],
) -> list[Bucket]:
    """The same of what comes after a place in each member's order; a linked return goes with its purchase."""
    if not wanted or not since:
        return []
    figures = tuple(wanted)
    statement = _statement(figures, since=True)
    values = given(business_id, list(since), figures)
    values["since_at"] = [at for at, _, _ in since.values()]
    values["since_source"] = [source for _, source, _ in since.values()]
    values["since_external_id"] = [external_id for _, _, external_id in since.values()]
    rows = await statement.fetch(connection, **{name: values[name] for name in statement.names})
    return [_bucket(row, figures) for row in rows]


def _bucket(row: asyncpg.Record, figures: Sequence[Wanted]) -> Bucket:
    place = None if row["at"] is None else (row["at"], row["source"], row["external_id"])
    return Bucket(row["member_id"], figures[row["figure"]], row["day"], row["value"], place)


def given(business_id: UUID, member_ids: Sequence[UUID], figures: Sequence[Wanted]) -> dict[str, Any]:
    """The values of the parameters of `by_day` for some figures, and of the members."""
    found: dict[str, Any] = {"business_id": business_id, "member_ids": list(member_ids)}
    for index, want in enumerate(figures):
        for name, values in _filters(want.figure).items():
            found[f"{name}_{index}"] = list(values)
    return found


def _filters(figure: Figure) -> dict[str, tuple[str, ...]]:
    given = {
        "kinds": figure.kinds,
        "channels": figure.channels,
        "partners": figure.partners,
        "categories": figure.categories,
        "attribute": () if figure.attribute is None else (figure.attribute,),
        "currency": () if figure.currency is None else (figure.currency,),
        "rules": figure.rules,
    }
    for number, (key, texts) in enumerate(figure.where):
        given |= {f"where_{number}": (key,), f"where_{number}_is": texts}
    return {name: values for name, values in given.items() if values}


@lru_cache(maxsize=256)
def _statement(wanted: tuple[Wanted, ...], *, since: bool) -> Statement:
    parts = [by_day(index, want, since=since) for index, want in enumerate(wanted)]
    return Statement(parts[0] if len(parts) == 1 else union_all(*parts))


def by_day(index: int, wanted: Wanted, *, since: bool = False) -> Select[Any]:
    """A figure of the members asked for, by member and local day; the index tells it from others."""
    if wanted.figure.of == "earned":
        found = earned_by_day(index, wanted.figure, gross=wanted.gross, since=since)
    elif wanted.figure.taking != "sum":
        found = single_by_day(index, wanted.figure, gross=wanted.gross, since=since)
    else:
        found = sums_by_day(index, wanted.figure, gross=wanted.gross, since=since)
    return select(found.subquery())
