"""Lots of points: by id, in pages in the order in which they are used, and who funded them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, column, func, literal_column, null, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Text

from loyalty_engine.entities import Fact, Lot, Partner
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.businesses import PartnerRow
from loyalty_engine.store.reads.lot_ends import (
    KEPT,
    IdleEnds,
    end_values,
    lots_with_ends,
    lots_with_kept,
    not_over,
)
from loyalty_engine.store.reads.pages import (
    PARENTS,
    Page,
    Slice,
    Sort,
    for_each,
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
from loyalty_engine.store.tables import columns, table

NEVER = datetime.max.replace(tzinfo=UTC)
"""In the order of lots the end of what never ends."""


@dataclass(frozen=True, slots=True)
class LotRow:
    """Points that were earned together, in smallest units; ``kept`` is a day's ordinal, 0 for none."""

    lot_id: UUID
    member_id: UUID
    currency: str
    cause_kind: str
    cause_key: str
    activity_id: UUID | None
    boundary_at: datetime | None
    rule: str
    slot: str
    earned_at: datetime
    earned_source: str
    earned_external_id: str
    amount: int
    remaining: int
    expired: int
    expires_at: datetime | None
    pending: bool
    releases_at: datetime | None
    kept: int


@dataclass(frozen=True, slots=True)
class FundingRow:
    """What percentage of a lot a partner paid."""

    partner: PartnerRow
    percent: Decimal


_lot, _fact, _partner = columns(Lot), columns(Fact), columns(Partner)


def caused_by(owner: Any, source: Any, external_id: Any) -> Any:
    """That a fact is the activity that a row with a cause and a place was caused by."""
    return and_(
        _fact.business_id == owner.business_id,
        owner.cause_kind == "activity",
        _fact.source == source,
        _fact.external_id == external_id,
    )


def _lots(held: bool, lots: Any) -> Any:
    own = {
        "activity_id": _fact.fact_id,
        "boundary_at": case((_lot.cause_kind == "boundary", _lot.earned_at), else_=null()),
        "kept": KEPT,
    }
    cause = caused_by(_lot, _lot.earned_source, _lot.earned_external_id)
    return (
        select(*((own[name] if name in own else _lot[name]).label(name) for name in LotRow.__slots__))
        .select_from(lots.outerjoin(table(Fact), cause))
        .where(of_business(_lot), _lot.amount > 0, *linked(_lot.member_id, held))
    )


_BY_ID = ViewStatement(lambda held: _lots(held, lots_with_kept()).where(one_of_ids(_lot.lot_id)))
_SHARE: Any = (
    func.jsonb_array_elements(_lot.funding)
    .table_valued(column("share", JSONB), with_ordinality="number")
    .render_derived(name="shares")
)
_FUNDING = ViewStatement(
    lambda held: (
        select(
            _lot.lot_id,
            *(_partner[name] for name in PartnerRow.__slots__),
            _SHARE.c.share.op("->>")(literal_column("1")).label("percent"),
        )
        .select_from(
            table(Lot)
            .join(_SHARE, true())
            .join(
                table(Partner),
                and_(
                    _partner.business_id == _lot.business_id,
                    _partner.key == _SHARE.c.share.op("->>")(literal_column("0")),
                ),
            )
        )
        .where(
            of_business(_lot),
            one_of_ids(_lot.lot_id),
            *linked(_lot.member_id, held),
            *of_partner(_partner.partner_id, held),
        )
        .order_by(_lot.lot_id, _SHARE.c.number)
    )
)


async def lots_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, LotRow]:
    """Lots by id."""
    found = rows_of(LotRow, await _BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.lot_id: row for row in found}


async def lot_funding(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[FundingRow]]:
    """Which partners funded lots, by lot; a partner sees its own share alone."""
    found: dict[UUID, list[FundingRow]] = {}
    for lot_id, *partner, percent in await _FUNDING.fetch(connection, view, ids=list(ids)):
        found.setdefault(lot_id, []).append(FundingRow(PartnerRow(*partner), Decimal(percent)))
    return found


async def lot_pages(
    connection: Connection,
    view: View,
    ids: Sequence[UUID],
    currency: str,
    wanted_open: bool | None,
    now: datetime,
    idle: tuple[IdleEnds, ...],
    slice_: Slice,
) -> dict[UUID, Page[LotRow]]:
    """A page of the lots of each member's wallet in the order in which they are used.

    An open lot has something left and is not over; None lists the others too.
    """
    statement = _page(wanted_open, slice_.size, slice_.backward, slice_.beyond is not None)
    ends = {} if wanted_open is None else end_values(now, idle)
    grouped: dict[UUID, list[LotRow]] = {}
    for parent, *record in await statement.fetch(
        connection, view, ids=list(ids), currency=currency, **ends, **seek_values(slice_)
    ):
        grouped.setdefault(parent, []).append(LotRow(*record))
    return pages_of(grouped, ids, slice_)


def place_of(row: LotRow) -> tuple[object, ...]:
    """The place of a lot in its pages."""
    earned = (row.earned_at, row.earned_source, row.earned_external_id)
    return (row.expires_at or NEVER, *earned, row.rule, row.slot, row.lot_id)


@lru_cache(maxsize=512)
def _page(wanted_open: bool | None, size: int, backward: bool, seeking: bool) -> ViewStatement:
    is_open = and_(_lot.remaining > 0, not_over())
    conditions = [
        _lot.member_id == PARENTS.c.parent_id,
        _lot.currency == bindparam("currency", type_=Text),
        *(() if wanted_open is None else (is_open if wanted_open else ~is_open,)),
    ]
    lots = lots_with_kept() if wanted_open is None else lots_with_ends()
    end = func.coalesce(_lot.expires_at, literal_column("'infinity'::timestamptz"))
    place = (_lot.earned_at, _lot.earned_source, _lot.earned_external_id)
    sort = Sort((end, *place, _lot.rule, _lot.slot, _lot.lot_id))
    return ViewStatement(
        lambda held: for_each(sliced(_lots(held, lots).where(*conditions), sort, size, backward, seeking))
    )
