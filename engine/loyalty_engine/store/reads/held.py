"""Holds and adjustments, by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from loyalty_engine.entities import Adjustment, Hold
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns


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


_hold, _adjustment = columns(Hold), columns(Adjustment)

_HOLDS = ViewStatement(
    lambda held: select(*(_hold[name] for name in HoldRow.__slots__)).where(
        of_business(_hold), one_of_ids(_hold.hold_id), *linked(_hold.member_id, held)
    )
)
_ADJUSTMENTS = ViewStatement(
    lambda held: select(*(_adjustment[name] for name in AdjustmentRow.__slots__)).where(
        of_business(_adjustment),
        one_of_ids(_adjustment.adjustment_id),
        *linked(_adjustment.member_id, held),
    )
)


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
