"""What a ladder's tree supports, as SQL: one statement for any number of members.

It is derived from the very requirements and tree that decide, and proposes only: whatever is done to a
member is decided by a step. A test holds both to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from loyalty_engine.measures.buckets import Wanted, by_day, given
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement


@dataclass(frozen=True, slots=True)
class Read:
    """A figure over local days from ``start`` to an exclusive ``end``; None: without that bound.

    Points are in smallest units.
    """

    wanted: Wanted
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Reaches:
    """A weighted sum of figures reaches a bound, the bound included."""

    terms: tuple[tuple[Read, Decimal], ...]
    bound: Decimal


@dataclass(frozen=True, slots=True)
class Enough:
    """Those of some conditions that hold weigh enough; without conditions it never holds."""

    parts: tuple[tuple[Condition, int], ...]
    needed: int


Condition = Reaches | Enough
NOBODY: Mapping[UUID, Sequence[UUID]] = {}


async def supported(
    connection: Connection,
    business_id: UUID,
    member_ids: Sequence[UUID],
    tiers: Sequence[Condition],
    absorbed: Mapping[UUID, Sequence[UUID]] = NOBODY,
) -> dict[UUID, int]:
    """The number of the highest tier whose condition holds, from 1; 0 where none does.

    ``tiers`` are the conditions of the tiers above the base, from the lowest upwards. What the members did
    whom one ``absorbed`` counts as its own.
    """
    reads = tuple(dict.fromkeys(read for tier in tiers for read in _reads(tier)))
    if not member_ids:
        return {}
    statement = Statement(_statement(reads, tiers))
    parts = [(part, owner) for owner in member_ids for part in (owner, *absorbed.get(owner, ()))]
    values = given(business_id, [part for part, _ in parts], [read.wanted for read in reads])
    values["owner_ids"] = [owner for _, owner in parts]
    rows = await statement.fetch(connection, **{name: values[name] for name in statement.names})
    return {row["member_id"]: row["rank"] for row in rows}


def _reads(condition: Condition) -> Iterator[Read]:
    match condition:
        case Reaches(terms):
            for read, _ in terms:
                yield read
        case Enough(parts):
            for part, _ in parts:
                yield from _reads(part)


def _statement(reads: Sequence[Read], tiers: Sequence[Condition]) -> Any:
    members = (
        func.unnest(bindparam("member_ids", type_=ARRAY(Uuid)), bindparam("owner_ids", type_=ARRAY(Uuid)))
        .table_valued(column("member_id", Uuid), column("owner_id", Uuid), name="asked")
        .render_derived()
    )
    owners = select(members.c.owner_id).distinct().subquery("owners")
    source: Any = owners
    values: dict[Read, ColumnElement[Any]] = {}
    if reads:
        found = _figures(reads, members)
        source = owners.outerjoin(found, found.c.owner_id == owners.c.owner_id)
        values = {
            read: func.coalesce(found.c[f"figure_{index}"], literal(0)) for index, read in enumerate(reads)
        }
    holds = [(number, _holds(tier, values)) for number, tier in enumerate(tiers, start=1)]
    rank = case(
        *((holding, literal(number, Integer)) for number, holding in reversed(holds)), else_=literal(0)
    )
    return select(owners.c.owner_id.label("member_id"), rank.label("rank")).select_from(source)


def _figures(reads: Sequence[Read], members: Any) -> Any:
    """One row for each member that has any of the figures, each in a column of its own."""
    parts = [by_day(index, read.wanted) for index, read in enumerate(reads)]
    day = (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("day")
    columns = [_over(index, read, day).label(f"figure_{index}") for index, read in enumerate(reads)]
    source = day.join(members, members.c.member_id == day.c.member_id)
    found = select(members.c.owner_id, *columns).select_from(source)
    return found.group_by(members.c.owner_id).subquery("figures")


def _over(index: int, read: Read, day: Any) -> ColumnElement[Any]:
    within = [day.c.figure == literal(index, Integer)]
    if read.start is not None:
        within.append(day.c.day >= literal(read.start, Date))
    if read.end is not None:
        within.append(day.c.day < literal(read.end, Date))
    figure = read.wanted.figure
    if figure.of == "local_days":
        return cast(func.count(day.c.day.distinct()).filter(and_(*within, day.c.value > literal(0))), Numeric)
    if figure.taking == "largest":
        return func.max(day.c.value).filter(and_(*within))
    if figure.taking == "last":
        place = (day.c.at.desc(), day.c.source.collate("C").desc(), day.c.external_id.collate("C").desc())
        ordered = aggregate_order_by(day.c.value, *place)
        return func.array_agg(ordered, type_=ARRAY(Numeric)).filter(and_(*within))[1]
    return func.sum(day.c.value).filter(and_(*within))


def _holds(condition: Condition, values: Mapping[Read, ColumnElement[Any]]) -> ColumnElement[bool]:
    match condition:
        case Reaches(terms, bound):
            parts = [values[read] * _number(weight) for read, weight in terms]
            return sum(parts[1:], start=parts[0]) >= _number(bound) if parts else literal(bound <= 0)
        case Enough(parts, needed):
            weighed = [case((_holds(part, values), weight), else_=0) for part, weight in parts]
            return sum(weighed[1:], start=weighed[0]) >= needed if weighed else ~true()


def _number(value: Decimal) -> ColumnElement[Any]:
    """An exact number as it is written, which has no more digits than were said."""
    return cast(literal(format(value, "f")), Numeric)
