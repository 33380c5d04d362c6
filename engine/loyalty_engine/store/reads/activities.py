"""Activities with their lines and returns: by id, by natural key, and in pages for each member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, and_, any_, bindparam, exists, func, literal, select, true, union_all
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import ActivityLine, Effect, Fact, Merge, Partner
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import (
    PARENTS,
    Page,
    Slice,
    Sort,
    one_after_another,
    pages_of,
    seek_values,
    sliced,
)
from loyalty_engine.store.reads.view import (
    View,
    ViewStatement,
    linked,
    of_business,
    of_partner,
    one_of_ids,
    rows_of,
)
from loyalty_engine.store.tables import columns, or_itself


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """Something that a member did, as it was recorded."""

    fact_id: UUID
    member_id: UUID
    kind: str
    source: str
    external_id: str
    occurred_at: datetime
    recorded_at: datetime
    amount: Decimal | None
    units: Decimal | None
    currency: str | None
    channel: str | None
    partner_id: UUID | None
    attributes: Mapping[str, Any]
    reverses_fact_id: UUID | None
    reason: str | None
    original_effective_at: datetime | None
    about_fact_id: UUID | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of an activity."""

    fact_id: UUID
    line_key: str
    amount: Decimal
    units: Decimal | None
    category: str | None
    product: str | None


@dataclass(frozen=True, slots=True)
class ActivityWanted:
    """Which activities a page lists; what is None, or an empty tuple, does not matter.

    Each attribute of ``attribute_keys`` has one of the values that stand beside it; ``earned`` are points
    currencies of which rules, those of ``earned_by`` where there are any, awarded something.
    """

    kinds: tuple[str, ...] = ()
    source: str | None = None
    occurred_from: datetime | None = None
    occurred_before: datetime | None = None
    counts_as: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attribute_keys: tuple[str, ...] = ()
    attribute_values: tuple[str, ...] = ()
    earned: tuple[str, ...] = ()
    earned_by: tuple[str, ...] = ()

    def given(self) -> dict[str, object]:
        """What matters, by name."""
        values = {name: getattr(self, name) for name in ActivityWanted.__slots__}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value not in (None, ())
        }


_fact, _line, _partner, _effect = columns(Fact), columns(ActivityLine), columns(Partner), columns(Effect)
_merge = columns(Merge)


def activities(held: bool) -> Any:
    """The activities that a view may see; a partner's are its own."""
    return select(*(_fact[name] for name in ActivityRow.__slots__)).where(
        of_business(_fact),
        _fact.type == "activity",
        *of_partner(_fact.partner_id, held),
        *linked(_fact.member_id, held),
    )


_BY_ID = ViewStatement(lambda held: activities(held).where(one_of_ids(_fact.fact_id)))
_LINES = ViewStatement(
    lambda held: (
        select(*(_line[name] for name in LineRow.__slots__))
        .where(of_business(_line), one_of_ids(_line.fact_id), *linked(_line.member_id, held))
        .order_by(_line.fact_id, _line.line_key)
    )
)
_REVERSED = ViewStatement(
    lambda held: (
        select(_fact.reverses_fact_id, -func.sum(_fact.amount))
        .where(of_business(_fact), one_of_ids(_fact.reverses_fact_id), *linked(_fact.member_id, held))
        .group_by(_fact.reverses_fact_id)
    )
)


async def activities_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, ActivityRow]:
    """Activities by id; a partner sees its own alone."""
    found = rows_of(ActivityRow, await _BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.fact_id: row for row in found}


async def lines_of(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    """The lines of activities, by activity."""
    found: dict[UUID, list[LineRow]] = {}
    for row in rows_of(LineRow, await _LINES.fetch(connection, view, ids=list(ids))):
        found.setdefault(row.fact_id, []).append(row)
    return found


async def reversed_amounts(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """How much of activities was returned; one without a return, or without amounts, is left out."""
    records = await _REVERSED.fetch(connection, view, ids=list(ids))
    return {fact_id: amount for fact_id, amount in records if amount is not None}


async def activity_pages(
    connection: Connection, view: View, ids: Sequence[UUID], wanted: ActivityWanted, slice_: Slice
) -> dict[UUID, Page[ActivityRow]]:
    """A page of activities of each member, and of those who went into it, the latest first."""
    given = wanted.given()
    statement = _page(frozenset(given), slice_.size, slice_.backward, slice_.beyond is not None)
    grouped: dict[UUID, list[ActivityRow]] = {}
    for parent, *record in await statement.fetch(
        connection, view, ids=list(ids), **given, **seek_values(slice_)
    ):
        grouped.setdefault(parent, []).append(ActivityRow(*record))
    ordered = {parent: one_after_another(rows, in_order, slice_) for parent, rows in grouped.items()}
    return pages_of(ordered, ids, slice_)


def in_order(row: ActivityRow) -> tuple[datetime, str, str]:
    """Its place in the order of the fold."""
    return (row.occurred_at, row.source, row.external_id)


def _texts(name: str) -> Any:
    return any_(_given_texts(name))


def _given_texts(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text))


def _instant(name: str) -> Any:
    return bindparam(name, type_=DateTime(timezone=True))


_CONDITIONS: dict[str, Any] = {
    "kinds": _fact.kind == _texts("kinds"),
    "source": _fact.source == bindparam("source", type_=Text),
    "occurred_from": _fact.occurred_at >= _instant("occurred_from"),
    "occurred_before": _fact.occurred_at < _instant("occurred_before"),
    "counts_as": _fact.counts_as == _texts("counts_as"),
    "channels": _fact.channel == _texts("channels"),
    "partners": exists(
        select(1).where(
            of_business(_partner), _partner.partner_id == _fact.partner_id, _partner.key == _texts("partners")
        )
    ),
    "categories": exists(
        select(1).where(
            of_business(_line), _line.fact_id == _fact.fact_id, _line.category == _texts("categories")
        )
    ),
}


def conditions(given: frozenset[str]) -> list[Any]:
    """The conditions of what is given, by the names in ActivityWanted."""
    found = [condition for name, condition in _CONDITIONS.items() if name in given]
    if "attribute_keys" in given:
        found.append(_has_attributes())
    if "earned" in given:
        found.append(_has_earned("earned_by" in given))
    return found


def _has_attributes() -> Any:
    """A linked return is taken for its purchase."""
    bought = Fact.__table__.alias("bought")  # type: ignore[attr-defined]
    pairs = (
        func.unnest(_given_texts("attribute_keys"), _given_texts("attribute_values"))
        .table_valued("key", "value")
        .render_derived(name="pair")
    )
    path = (bought.c.attributes, pairs.c.key)
    is_one = and_(
        func.jsonb_typeof(func.jsonb_extract_path(*path)).in_(("string", "number", "boolean")),
        func.jsonb_extract_path_text(*path) == pairs.c.value,
    )
    return exists(
        select(literal(1)).where(
            of_business(bought.c),
            bought.c.fact_id == or_itself(_fact.reverses_fact_id, _fact.fact_id),
            ~exists(
                select(literal(1))
                .select_from(pairs)
                .group_by(pairs.c.key)
                .having(~func.coalesce(func.bool_or(is_one), literal(value=False)))
                .correlate(bought)
            ),
        )
    )


def _has_earned(by_rules: bool) -> Any:
    given = [
        of_business(_effect),
        _effect.activity_id == _fact.fact_id,
        _effect.kind.in_(("points", "forgone")),
        func.split_part(_effect.slot, "/", 2) == _texts("earned"),
        _effect.rule == _texts("earned_by") if by_rules else _effect.rule != literal(""),
    ]
    return exists(select(literal(1)).where(*given))


def place() -> Sort:
    """The latest first, in the order of the fold."""
    return Sort((_fact.occurred_at, _fact.source, _fact.external_id), descending=True)


@lru_cache(maxsize=512)
def _page(given: frozenset[str], size: int, backward: bool, seeking: bool) -> ViewStatement:
    return ViewStatement(lambda held: _of_parts(held, given, size, backward, seeking))


def _of_parts(held: bool, given: frozenset[str], size: int, backward: bool, seeking: bool) -> Any:
    part = union_all(
        select(PARENTS.c.parent_id, PARENTS.c.parent_id.label("part_id")),
        select(_merge.survivor_id, _merge.absorbed_id).where(
            of_business(_merge), one_of_ids(_merge.survivor_id)
        ),
    ).subquery("part")
    page = activities(held).where(_fact.member_id == part.c.part_id, *conditions(given))
    found = sliced(page, place(), size, backward, seeking).lateral("found")
    return select(part.c.parent_id, *found.c).select_from(part.join(found, true()))
