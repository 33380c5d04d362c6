"""Closed periods, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.types import Uuid

from loyalty_engine.entities import Settlement
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import Page, Slice, Sort, page_of, seek_values, sliced
from loyalty_engine.store.reads.view import View, ViewStatement, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """One closing; without a partner of the whole business."""

    settlement_id: UUID
    partner_id: UUID | None
    until_at: datetime
    closed_at: datetime


_settlement = columns(Settlement)


def _settlements(held: bool) -> Any:
    """A partner sees what is closed for it: its own, and the whole business's."""
    partner = bindparam("partner_id", type_=Uuid)
    own = (or_(_settlement.partner_id.is_(None), _settlement.partner_id == partner),) if held else ()
    return select(*(_settlement[name] for name in SettlementRow.__slots__)).where(
        of_business(_settlement), *own
    )


_BY_ID = ViewStatement(lambda held: _settlements(held).where(one_of_ids(_settlement.settlement_id)))


async def settlements_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, SettlementRow]:
    """Closed periods by id."""
    found = rows_of(SettlementRow, await _BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.settlement_id: row for row in found}


async def settlement_page(connection: Connection, view: View, slice_: Slice) -> Page[SettlementRow]:
    """A page of closed periods, the one that reaches furthest first."""
    statement = _page(slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, view, **seek_values(slice_))
    return page_of(rows_of(SettlementRow, records), slice_)


@lru_cache(maxsize=256)
def _page(size: int, backward: bool, seeking: bool) -> ViewStatement:
    sort = Sort((_settlement.until_at, _settlement.settlement_id), descending=True)
    return ViewStatement(lambda held: sliced(_settlements(held), sort, size, backward, seeking))
