"""The activities behind measures: a page for each member and window, all windows in one statement.

They are those that a figure had read: up to a place in the order, of what was recorded by then. With `undo` a
linked return goes with its purchase, wherever it stands itself; a figure that ignores returns lists none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Date,
    Uuid,
    and_,
    bindparam,
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
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Fact, Merge
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.activities import (
    ActivityRow,
    ActivityWanted,
    activities,
    conditions,
    in_order,
    place,
)
from loyalty_engine.store.reads.pages import Page, Slice, one_after_another, page_of, seek_values, sliced
from loyalty_engine.store.reads.view import View, ViewStatement, of_business
from loyalty_engine.store.tables import columns, or_itself, table

Place = tuple[datetime, str, str]
"""A place in the order of the fold."""

NOWHERE: tuple[None, None, None] = (None, None, None)


@dataclass(frozen=True, slots=True)
class Measured:
    """A member, the local days over which a measure was added up, and the instant before which it was.

    ``last`` is the place of the last activity that it read, where that is known better than the instant, and
    ``recorded`` when it read them; a cycle holds what comes ``after`` a place.
    """

    member_id: UUID
    counted_from: date | None
    counted_before: date | None
    known_before: datetime
    last: Place | None = None
    recorded: datetime | None = None
    after: Place | None = None


_INSTANT = DateTime(timezone=True)
_COLUMNS: dict[str, Any] = {
    "member_id": Uuid(),
    "counted_from": Date(),
    "counted_before": Date(),
    "known_before": _INSTANT,
    "recorded": _INSTANT,
    "last_at": _INSTANT,
    "last_source": Text(),
    "last_external_id": Text(),
    "after_at": _INSTANT,
    "after_source": Text(),
    "after_external_id": Text(),
}
_WINDOWS: Any = (
    func.unnest(*(bindparam(f"window_{name}", type_=ARRAY(type_)) for name, type_ in _COLUMNS.items()))
    .table_valued(
        *(column(name, type_) for name, type_ in _COLUMNS.items()),
        with_ordinality="number",
    )
    .render_derived(name="windows")
)


async def measured_pages(
    connection: Connection,
    view: View,
    keys: Sequence[Measured],
    wanted: ActivityWanted,
    slice_: Slice,
    returns: str,
) -> dict[Measured, Page[ActivityRow]]:
    """A page of the activities that a figure added up for each member and window, the latest first.

    ``returns`` is how returns enter the figure: "undone", "in_place" or "gross". Since a merge, those of who
    was absorbed are among them.
    """
    given = wanted.given()
    statement = _page(frozenset(given), slice_.size, slice_.backward, slice_.beyond is not None, returns)
    rows = zip(*map(_row, keys), strict=True)
    windows = {f"window_{name}": list(values) for name, values in zip(_COLUMNS, rows, strict=True)}
    found: dict[int, list[ActivityRow]] = {}
    for number, *record in await statement.fetch(connection, view, **windows, **given, **seek_values(slice_)):
        found.setdefault(number, []).append(ActivityRow(*record))
    return {
        key: page_of(one_after_another(found.get(number, ()), in_order, slice_), slice_)
        for number, key in enumerate(keys, 1)
    }


def _row(key: Measured) -> tuple[object, ...]:
    """The values of a window, in the order of its columns."""
    last, after = key.last or NOWHERE, key.after or NOWHERE
    days = (key.counted_from, key.counted_before, key.known_before, key.recorded)
    return (key.member_id, *days, *last, *after)


@lru_cache(maxsize=256)
def _page(given: frozenset[str], size: int, backward: bool, seeking: bool, returns: str) -> ViewStatement:
    return ViewStatement(lambda held: _of_windows(held, given, size, backward, seeking, returns))


def _of_windows(
    held: bool, given: frozenset[str], size: int, backward: bool, seeking: bool, returns: str
) -> Any:
    fact, merge, window = columns(Fact), columns(Merge), _WINDOWS.c
    part = union_all(
        select(*window, window.member_id.label("part_id")),
        select(*window, merge.absorbed_id)
        .select_from(_WINDOWS.join(table(Merge), merge.survivor_id == window.member_id))
        .where(of_business(merge), merge.merged_at < window.known_before),
    ).subquery("part")
    window = part.c
    page = activities(held).where(
        fact.member_id == window.part_id,
        or_(window.counted_from.is_(None), fact.counts_on >= window.counted_from),
        or_(window.counted_before.is_(None), fact.counts_on < window.counted_before),
        or_(window.recorded.is_(None), fact.recorded_at <= window.recorded),
        *_in_reach(part, returns),
        *conditions(given),
    )
    found = sliced(page, place(), size, backward, seeking).lateral("found")
    return select(window.number, *found.c).select_from(part.join(found, true()))


def _in_reach(part: Any, returns: str) -> list[Any]:
    """Up to the last that was read, and behind where a cycle began; a linked return counts as said."""
    fact, window, bought = columns(Fact), part.c, table(Fact).alias("bought")
    of_purchase = (
        select(literal(1))
        .where(of_business(bought.c), bought.c.fact_id == or_itself(fact.reverses_fact_id, fact.fact_id))
        .correlate(table(Fact), part)
    )
    begun = tuple_(window.after_at, window.after_source, window.after_external_id)
    in_cycle = or_(window.after_at.is_(None), exists(of_purchase.where(tuple_(*_place(bought.c)) > begun)))
    if returns == "undone":
        is_linked = fact.reverses_fact_id.is_not(None)
        of_known = exists(of_purchase.where(_known(bought.c, window)))
        return [in_cycle, or_(is_linked, _known(fact, window)), or_(~is_linked, of_known)]
    if returns == "gross":
        # A gift whose cause went was never given, so that it is always counted net.
        return [in_cycle, _known(fact, window), or_(fact.kind != "return", fact.counts_as == "gift")]
    return [in_cycle, _known(fact, window)]


def _known(fact: Any, window: Any) -> Any:
    last = tuple_(window.last_at, window.last_source, window.last_external_id)
    return and_(
        fact.occurred_at < window.known_before,
        or_(window.last_at.is_(None), tuple_(*_place(fact)) <= last),
    )


def _place(fact: Any) -> tuple[Any, Any, Any]:
    return (fact.occurred_at, fact.source, fact.external_id)
