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

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Numeric,
    Select,
    String,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from loyalty_engine.entities import ActivityLine, Fact, Partner
from loyalty_engine.rules import Figure
from loyalty_engine.rules.measures import EXACT_NUMBER
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure, net of returns or gross."""

    figure: Figure
    gross: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one local day of one member adds to a figure."""

    member_id: UUID
    wanted: Wanted
    day: date
    value: Decimal


_fact, _line, _partner = columns(Fact), columns(ActivityLine), columns(Partner)


async def buckets(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID], wanted: Sequence[Wanted]
) -> list[Bucket]:
    """The day buckets of some figures for some members."""
    if not wanted or not member_ids:
        return []
    figures = tuple(wanted)
    statement = _statement(figures, since=False)
    given = _given(business_id, member_ids, figures)
    rows = await statement.fetch(connection, **{name: given[name] for name in statement.names})
    return [Bucket(row["member_id"], figures[row["figure"]], row["day"], row["value"]) for row in rows]


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
    given = _given(business_id, list(since), figures)
    given["since_at"] = [at for at, _, _ in since.values()]
    given["since_source"] = [source for _, source, _ in since.values()]
    given["since_external_id"] = [external_id for _, _, external_id in since.values()]
    rows = await statement.fetch(connection, **{name: given[name] for name in statement.names})
    return [Bucket(row["member_id"], figures[row["figure"]], row["day"], row["value"]) for row in rows]


def _given(business_id: UUID, member_ids: Sequence[UUID], figures: Sequence[Wanted]) -> dict[str, Any]:
    given: dict[str, Any] = {"business_id": business_id, "member_ids": list(member_ids)}
    for index, want in enumerate(figures):
        for name, values in _filters(want.figure).items():
            given[f"{name}_{index}"] = list(values)
    return given


def _filters(figure: Figure) -> dict[str, tuple[str, ...]]:
    given = {
        "kinds": figure.kinds,
        "channels": figure.channels,
        "partners": figure.partners,
        "categories": figure.categories,
        "attribute": () if figure.attribute is None else (figure.attribute,),
    }
    return {name: values for name, values in given.items() if values}


@lru_cache(maxsize=256)
def _statement(wanted: tuple[Wanted, ...], *, since: bool) -> Statement:
    parts = [_one(index, want, since=since) for index, want in enumerate(wanted)]
    return Statement(parts[0] if len(parts) == 1 else union_all(*parts))


def _one(index: int, wanted: Wanted, *, since: bool) -> Select[Any]:
    figure = wanted.figure
    by_line = bool(figure.categories) and figure.of in ("amount", "units")
    value = _value(index, figure, by_line=by_line)
    source = Fact.__table__  # type: ignore[attr-defined]
    if by_line:
        lines = ActivityLine.__table__  # type: ignore[attr-defined]
        source = source.join(
            lines,
            and_(
                _line.business_id == _fact.business_id,
                _line.fact_id == _fact.fact_id,
                _line.category == any_(_texts(f"categories_{index}")),
            ),
        )
    later: list[ColumnElement[bool]] = []
    if since:
        source, condition = _since(source)
        later.append(condition)
    return (
        select(
            _fact.member_id.label("member_id"),
            literal(index).label("figure"),
            _fact.counts_on.label("day"),
            func.sum(value).label("value"),
        )
        .select_from(source)
        .where(
            _fact.business_id == bindparam("business_id"),
            _fact.member_id == any_(bindparam("member_ids", type_=ARRAY(Uuid))),
            _fact.type == literal("activity"),
            *_conditions(index, wanted, by_line=by_line),
            *later,
        )
        .group_by(_fact.member_id, _fact.counts_on)
        .having(func.sum(value) != 0)
    )


def _since(source: Any) -> tuple[Any, ColumnElement[bool]]:
    """The source with each member's place and the purchase of a linked return; and what comes after."""
    places = (
        func.unnest(
            bindparam("member_ids", type_=ARRAY(Uuid)),
            bindparam("since_at", type_=ARRAY(DateTime(timezone=True))),
            _texts("since_source"),
            _texts("since_external_id"),
        )
        .table_valued(
            column("member_id", Uuid),
            column("at", DateTime(timezone=True)),
            column("source", Text),
            column("external_id", Text),
            name="place",
        )
        .render_derived()
    )
    original = Fact.__table__.alias("original")  # type: ignore[attr-defined]
    joined = source.join(places, places.c.member_id == _fact.member_id).outerjoin(
        original,
        and_(
            original.c.business_id == _fact.business_id,
            original.c.fact_id == _fact.reverses_fact_id,
        ),
    )
    own = tuple_(
        func.coalesce(original.c.occurred_at, _fact.occurred_at),
        func.coalesce(original.c.source, _fact.source),
        func.coalesce(original.c.external_id, _fact.external_id),
    )
    after = tuple_(places.c.at, places.c.source.collate("C"), places.c.external_id.collate("C"))
    return joined, own > after


def _texts(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text))


def _conditions(index: int, wanted: Wanted, *, by_line: bool) -> list[ColumnElement[bool]]:
    figure = wanted.figure
    found: list[ColumnElement[bool]] = [true()]
    if figure.kinds:
        found.append(_fact.counts_as == any_(_texts(f"kinds_{index}")))
    if wanted.gross:
        # A gift whose cause went was never given, so that it is always counted net.
        found.append(or_(_fact.kind != literal("return"), _fact.counts_as == literal("gift")))
    if figure.channels:
        found.append(_fact.channel == any_(_texts(f"channels_{index}")))
    if figure.partners:
        found.append(
            exists().where(
                _partner.business_id == _fact.business_id,
                _partner.partner_id == _fact.partner_id,
                _partner.key == any_(_texts(f"partners_{index}")),
            )
        )
    if figure.categories and not by_line:
        found.append(
            exists().where(
                _line.business_id == _fact.business_id,
                _line.fact_id == func.coalesce(_fact.reverses_fact_id, _fact.fact_id),
                _line.category == any_(_texts(f"categories_{index}")),
            )
        )
    return found


def _value(index: int, figure: Figure, *, by_line: bool) -> ColumnElement[Any]:
    match figure.of:
        case "count" | "local_days":
            return cast(_fact.ones, Numeric)
        case "amount":
            return func.coalesce(_line.amount if by_line else _fact.amount, literal(0))
        case "units":
            of = _line if by_line else _fact
            return func.coalesce(of.units, literal(0)) + func.coalesce(of.closing_units, literal(0))
        case "attribute":
            named = bindparam(f"attribute_{index}", type_=ARRAY(Text))
            written = func.jsonb_extract_path_text(_fact.attributes, func.array_to_string(named, literal("")))
            exact = case(
                (cast(written, String).regexp_match(literal(EXACT_NUMBER)), cast(written, Numeric)),
                else_=literal(0),
            )
            return case((_fact.reverses_fact_id.is_not(None), -exact), else_=exact)
