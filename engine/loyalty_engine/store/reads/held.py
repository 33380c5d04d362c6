"""Holds and adjustments: by id, and in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, true
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Adjustment, Fact, Hold
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import (
    PARENTS,
    Page,
    Slice,
    Sort,
    for_each,
    page_of,
    pages_of,
    seek_values,
    sliced,
)
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class HoldRow:
    """Points set aside, in smallest units."""

    hold_id: UUID
    member_id: UUID
    currency: str
    amount: int
    captured: int
    state: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """An adjustment, in smallest units; without a decision it waits for one."""

    adjustment_id: UUID
    member_id: UUID
    currency: str
    amount: int
    reason: str
    needs_approval: bool
    asked_by: str
    asked_at: datetime
    decision: str | None
    decided_at: datetime | None
    fact_id: UUID | None


_hold, _adjustment, _fact = columns(Hold), columns(Adjustment), columns(Fact)
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _held(held: bool) -> Any:
    return select(*(_hold[name] for name in HoldRow.__slots__)).where(
        of_business(_hold), *linked(_hold.member_id, held)
    )


def _adjusted(held: bool) -> Any:
    return select(*(_adjustment[name] for name in AdjustmentRow.__slots__)).where(
        of_business(_adjustment), *linked(_adjustment.member_id, held)
    )


_HOLDS = ViewStatement(lambda held: _held(held).where(one_of_ids(_hold.hold_id)))
_ADJUSTMENTS = ViewStatement(lambda held: _adjusted(held).where(one_of_ids(_adjustment.adjustment_id)))


async def holds_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, HoldRow]:
    """The holds of those ids."""
    rows = rows_of(HoldRow, await _HOLDS.fetch(connection, view, ids=list(ids)))
    return {row.hold_id: row for row in rows}


async def adjustments_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, AdjustmentRow]:
    """The adjustments of those ids."""
    rows = rows_of(AdjustmentRow, await _ADJUSTMENTS.fetch(connection, view, ids=list(ids)))
    return {row.adjustment_id: row for row in rows}


async def hold_pages(
    connection: Connection,
    view: View,
    ids: Sequence[UUID],
    currency: str,
    state: str | None,
    now: datetime,
    slice_: Slice,
) -> dict[UUID, Page[HoldRow]]:
    """A page of the holds of each member's wallet, the latest first; one whose time is up has expired."""
    statement = _hold_page(state, slice_.size, slice_.backward, slice_.beyond is not None)
    given = {"now": now} if state in ("open", "expired") else {}
    grouped: dict[UUID, list[HoldRow]] = {}
    for parent, *record in await statement.fetch(
        connection, view, ids=list(ids), currency=currency, **given, **seek_values(slice_)
    ):
        grouped.setdefault(parent, []).append(HoldRow(*record))
    return pages_of(grouped, ids, slice_)


async def adjustment_pages(
    connection: Connection, view: View, ids: Sequence[UUID], state: str | None, slice_: Slice
) -> dict[UUID, Page[AdjustmentRow]]:
    """A page of each member's adjustments: those that wait, the earliest first, then the others."""
    statement = _adjustment_pages(state, slice_.size, slice_.backward, slice_.beyond is not None)
    grouped: dict[UUID, list[AdjustmentRow]] = {}
    for parent, *record in await statement.fetch(connection, view, ids=list(ids), **seek_values(slice_)):
        grouped.setdefault(parent, []).append(AdjustmentRow(*record))
    return pages_of(grouped, ids, slice_)


async def adjustment_page(
    connection: Connection, view: View, state: str | None, slice_: Slice
) -> Page[AdjustmentRow]:
    """A page of all adjustments: those that wait, the earliest first, then the others."""
    statement = _adjustment_page(state, slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, view, **seek_values(slice_))
    return page_of(rows_of(AdjustmentRow, records), slice_)


def adjustment_place(row: AdjustmentRow) -> tuple[object, ...]:
    """The place of an adjustment in its pages."""
    return (row.decision is not None, row.asked_at, row.adjustment_id)


_ADJUSTMENT_SORT = Sort((_adjustment.decision.is_not(None), _adjustment.asked_at, _adjustment.adjustment_id))


def _of_state(state: str | None) -> Any:
    if state is None:
        return true()
    return _adjustment.decision.is_(None) if state == "waiting" else _adjustment.decision == state


def _in_state(state: str | None) -> Any:
    match state:
        case None:
            return true()
        case "open":
            return and_(_hold.state == "open", _hold.expires_at > _NOW)
        case "expired":
            return or_(_hold.state == "expired", and_(_hold.state == "open", _hold.expires_at <= _NOW))
    return _hold.state == state


@lru_cache(maxsize=512)
def _hold_page(state: str | None, size: int, backward: bool, seeking: bool) -> ViewStatement:
    """Holds are found by the activities that they are, in the order of a member's history."""
    conditions = (
        of_business(_fact),
        _fact.fact_id == _hold.hold_id,
        _fact.member_id == PARENTS.c.parent_id,
        _fact.kind == "hold",
        _hold.currency == bindparam("currency", type_=Text),
        _in_state(state),
    )
    sort = Sort((_fact.occurred_at, _fact.fact_id), descending=True)
    return ViewStatement(
        lambda held: for_each(
            sliced(_held(held).select_from(table(Fact)).where(*conditions), sort, size, backward, seeking)
        )
    )


@lru_cache(maxsize=512)
def _adjustment_pages(state: str | None, size: int, backward: bool, seeking: bool) -> ViewStatement:
    conditions = (_adjustment.member_id == PARENTS.c.parent_id, _of_state(state))
    return ViewStatement(
        lambda held: for_each(
            sliced(_adjusted(held).where(*conditions), _ADJUSTMENT_SORT, size, backward, seeking)
        )
    )


@lru_cache(maxsize=512)
def _adjustment_page(state: str | None, size: int, backward: bool, seeking: bool) -> ViewStatement:
    return ViewStatement(
        lambda held: sliced(
            _adjusted(held).where(_of_state(state)), _ADJUSTMENT_SORT, size, backward, seeking
        )
    )
