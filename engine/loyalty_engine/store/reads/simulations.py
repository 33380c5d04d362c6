"""Simulations, for reading; no partner sees any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import case, select

from loyalty_engine.entities import Simulation
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import Page, Slice, Sort, page_of, seek_values, sliced
from loyalty_engine.store.reads.view import View, of_business, one_of_ids
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class SimulationRow:
    """A simulation; ``counted`` is its result, None before it is done and when it was forgotten."""

    simulation_id: UUID
    kind: str
    plan: str | None
    effective_at: datetime | None
    from_at: datetime | None
    until_at: datetime | None
    sample: int | None
    findings: list[Any]
    asked_at: datetime
    state: str
    started_at: datetime | None
    heartbeat_at: datetime | None
    ended_at: datetime | None
    failure: str | None
    members: int | None
    members_done: int
    counted: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A member who would move, and the place in the list."""

    place: int
    member_id: UUID
    ladder: str
    from_tier: str
    to_tier: str
    falls: bool


_simulation = columns(Simulation)
_RESULT = case((_simulation.state == "done", _simulation.counted))
_ROWS = select(*(_simulation[name] for name in SimulationRow.__slots__[:-1]), _RESULT).where(
    of_business(_simulation)
)
_BY_ID = Statement(_ROWS.where(one_of_ids(_simulation.simulation_id)))
_SOURCES = Statement(
    select(_simulation.simulation_id, _simulation.source).where(
        of_business(_simulation), one_of_ids(_simulation.simulation_id)
    )
)
_MOVED = Statement(
    select(_simulation.simulation_id, _simulation.moved).where(
        of_business(_simulation), one_of_ids(_simulation.simulation_id), _simulation.state == "done"
    )
)


async def simulations_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, SimulationRow]:
    """Simulations by id."""
    if view.partner_id is not None:
        return {}
    records = await _BY_ID.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {row.simulation_id: row for row in (SimulationRow(*record) for record in records)}


async def simulation_page(connection: Connection, view: View, slice_: Slice) -> Page[SimulationRow]:
    """A page of simulations, the latest first."""
    if view.partner_id is not None:
        return Page((), False)
    statement = _page(slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, business_id=view.business_id, **seek_values(slice_))
    return page_of([SimulationRow(*record) for record in records], slice_)


@lru_cache(maxsize=256)
def _page(size: int, backward: bool, seeking: bool) -> Statement:
    sort = Sort((_simulation.asked_at, _simulation.simulation_id), descending=True)
    return Statement(sliced(_ROWS, sort, size, backward, seeking))


async def sources_by_simulation(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, str | None]:
    """The files that are tried; None where one was forgotten."""
    records = await _SOURCES.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {record["simulation_id"]: record["source"] for record in records}


async def moves_by_simulation(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[MoveRow]]:
    """The members who would move, those who fall first, of simulations that are done."""
    records = await _MOVED.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {record["simulation_id"]: _moves(record["moved"]) for record in records}


def _moves(moved: dict[str, Any] | None) -> list[MoveRow]:
    named = [] if moved is None else [*moved["falling"], *moved["others"]]
    return [MoveRow(place, UUID(member), *move) for place, (member, *move) in enumerate(named, start=1)]
