"""What spendings used of which lots, and what they owe: by lot, and by what caused them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, bindparam, case, column, func, null, select
from sqlalchemy.types import Text

from loyalty_engine.entities import Fact, PointUse
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.effects import grouped_by
from loyalty_engine.store.reads.lots import caused_by
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns, table

CauseKey = tuple[UUID, str, str]
"""A member, and the kind and key of a cause in its history."""


@dataclass(frozen=True, slots=True)
class UseRow:
    """What a spending used of one lot, in smallest units; without a lot it is owed."""

    point_use_id: UUID
    member_id: UUID
    currency: str
    cause_kind: str
    cause_key: str
    activity_id: UUID | None
    boundary_at: datetime | None
    rule: str
    slot: str
    used_at: datetime
    lot_id: UUID | None
    amount: int


_use, _fact = columns(PointUse), columns(Fact)
_CAUSES: Any = (
    func.unnest(
        bindparam("members", type_=ARRAY(Uuid)),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("keys", type_=ARRAY(Text)),
    )
    .table_valued(column("member_id", Uuid), column("cause_kind", Text), column("cause_key", Text))
    .render_derived(name="wanted")
)


def _uses(held: bool, uses: Any) -> Any:
    own = {
        "activity_id": _fact.fact_id,
        "boundary_at": case((_use.cause_kind == "boundary", _use.used_at), else_=null()),
    }
    cause = caused_by(_use, _use.used_source, _use.used_external_id)
    return (
        select(*((own[name] if name in own else _use[name]).label(name) for name in UseRow.__slots__))
        .select_from(uses.outerjoin(table(Fact), cause))
        .where(of_business(_use), _use.amount > 0, *linked(_use.member_id, held))
        .order_by(_use.used_at, _use.used_source, _use.used_external_id, _use.slot, _use.point_use_id)
    )


_BY_LOT = ViewStatement(lambda held: _uses(held, table(PointUse)).where(one_of_ids(_use.lot_id)))
_OF_CAUSES = and_(
    _use.member_id == _CAUSES.c.member_id,
    _use.cause_kind == _CAUSES.c.cause_kind,
    _use.cause_key == _CAUSES.c.cause_key,
)
_BY_CAUSE = ViewStatement(lambda held: _uses(held, _CAUSES.join(table(PointUse), _OF_CAUSES)))


async def uses_by_lot(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, list[UseRow]]:
    """What was used of lots, by lot, the earliest first."""
    records = await _BY_LOT.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.lot_id, rows_of(UseRow, records))


async def uses_by_cause(
    connection: Connection, view: View, causes: Sequence[CauseKey]
) -> dict[CauseKey, list[UseRow]]:
    """What the spendings used that have some causes, by cause; what a spending owes comes with it."""
    members, kinds, keys = (list(part) for part in zip(*causes, strict=True))
    records = await _BY_CAUSE.fetch(connection, view, members=members, kinds=kinds, keys=keys)
    found: dict[CauseKey, list[UseRow]] = {}
    for row in rows_of(UseRow, records):
        found.setdefault((row.member_id, row.cause_kind, row.cause_key), []).append(row)
    return found
