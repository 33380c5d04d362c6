"""The activities behind measures: a page for each member and window, all windows in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Uuid, bindparam, column, func, or_, select, true, union_all
from sqlalchemy.types import DateTime

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
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class Measured:
    """A member, the local days over which a measure was added up, and the instant before which it was."""

    member_id: UUID
    counted_from: date | None
    counted_before: date | None
    known_before: datetime


_INSTANT = DateTime(timezone=True)
_WINDOWS: Any = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Uuid)),
        bindparam("counted_from", type_=ARRAY(Date)),
        bindparam("counted_before", type_=ARRAY(Date)),
        bindparam("known_before", type_=ARRAY(_INSTANT)),
    )
    .table_valued(
        column("member_id", Uuid),
        column("counted_from", Date),
        column("counted_before", Date),
        column("known_before", _INSTANT),
        with_ordinality="number",
    )
    .render_derived(name="windows")
)


async def measured_pages(
    connection: Connection, view: View, keys: Sequence[Measured], wanted: ActivityWanted, slice_: Slice
) -> dict[Measured, Page[ActivityRow]]:
    """A page of the activities that a figure added up for each member and window, the latest first.

    Since a merge, those of who was absorbed are among them.
    """
    given = wanted.given()
    statement = _page(frozenset(given), slice_.size, slice_.backward, slice_.beyond is not None)
    windows = {
        "ids": [key.member_id for key in keys],
        "counted_from": [key.counted_from for key in keys],
        "counted_before": [key.counted_before for key in keys],
        "known_before": [key.known_before for key in keys],
    }
    found: dict[int, list[ActivityRow]] = {}
    for number, *record in await statement.fetch(connection, view, **windows, **given, **seek_values(slice_)):
        found.setdefault(number, []).append(ActivityRow(*record))
    return {
        key: page_of(one_after_another(found.get(number, ()), in_order, slice_), slice_)
        for number, key in enumerate(keys, 1)
    }


@lru_cache(maxsize=256)
def _page(given: frozenset[str], size: int, backward: bool, seeking: bool) -> ViewStatement:
    return ViewStatement(lambda held: _of_windows(held, given, size, backward, seeking))


def _of_windows(held: bool, given: frozenset[str], size: int, backward: bool, seeking: bool) -> Any:
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
        fact.occurred_at < window.known_before,
        *conditions(given),
    )
    found = sliced(page, place(), size, backward, seeking).lateral("found")
    return select(window.number, *found.c).select_from(part.join(found, true()))
