"""Applications for membership and what happened to them; votes that are under way are no part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from loyalty_engine.entities import Application, ApplicationEvent
from loyalty_engine.store.connection import Connection
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
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application, as far as it has come."""

    application_id: UUID
    member_id: UUID
    rule: str
    program_version_id: UUID
    kind: str
    state: str
    step: str | None
    fee: Decimal | None
    opened_at: datetime
    closes_at: datetime | None
    ended_at: datetime | None
    fact_id: UUID | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened to an application; the tally of a vote that was closed."""

    application_id: UUID
    number: int
    kind: str
    step: str | None
    approved: bool | None
    paid: Decimal | None
    reason: str | None
    electors: int | None
    in_favour: int | None
    against: int | None
    abstained: int | None
    result: str | None
    occurred_at: datetime


_application, _event = columns(Application), columns(ApplicationEvent)


def _applications(held: bool) -> Any:
    return select(*(_application[name] for name in ApplicationRow.__slots__)).where(
        of_business(_application), *linked(_application.member_id, held)
    )


_BY_ID = ViewStatement(lambda held: _applications(held).where(one_of_ids(_application.application_id)))
_EVENTS = ViewStatement(
    lambda held: (
        select(*(_event[name] for name in EventRow.__slots__))
        .select_from(
            table(ApplicationEvent).join(
                table(Application),
                and_(
                    _application.business_id == _event.business_id,
                    _application.application_id == _event.application_id,
                ),
            )
        )
        .where(
            of_business(_event),
            one_of_ids(_event.application_id),
            *linked(_application.member_id, held),
        )
        .order_by(_event.application_id, _event.number)
    )
)


async def applications_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, ApplicationRow]:
    """Applications by id."""
    rows = rows_of(ApplicationRow, await _BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.application_id: row for row in rows}


async def application_pages(
    connection: Connection, view: View, ids: Sequence[UUID], slice_: Slice
) -> dict[UUID, Page[ApplicationRow]]:
    """A page of applications of each member, the latest first."""
    statement = _page(slice_.size, slice_.backward, slice_.beyond is not None)
    grouped: dict[UUID, list[ApplicationRow]] = {}
    for parent, *record in await statement.fetch(connection, view, ids=list(ids), **seek_values(slice_)):
        grouped.setdefault(parent, []).append(ApplicationRow(*record))
    return pages_of(grouped, ids, slice_)


async def events_of(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, list[EventRow]]:
    """What happened to applications, in its order."""
    grouped: dict[UUID, list[EventRow]] = {}
    for row in rows_of(EventRow, await _EVENTS.fetch(connection, view, ids=list(ids))):
        grouped.setdefault(row.application_id, []).append(row)
    return grouped


@lru_cache(maxsize=256)
def _page(size: int, backward: bool, seeking: bool) -> ViewStatement:
    sort = Sort((_application.opened_at, _application.application_id), descending=True)
    return ViewStatement(
        lambda held: for_each(
            sliced(
                _applications(held).where(_application.member_id == PARENTS.c.parent_id),
                sort,
                size,
                backward,
                seeking,
            )
        )
    )
