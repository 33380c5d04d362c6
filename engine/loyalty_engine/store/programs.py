"""Businesses and their published programs, as the services read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, update

from loyalty_engine.entities import Business, ProgramVersion
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class BusinessRow:
    """A business."""

    business_id: UUID
    slug: str
    name: str
    timezone: str
    currency: str
    locale: str
    sandbox: bool
    clock_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionHeader:
    """A published version without its source."""

    program_version_id: UUID
    version: int
    effective_at: datetime | None
    plan: str | None


@dataclass(frozen=True, slots=True)
class VersionSource:
    """A published version's file, and the rule versions with which it was published."""

    program_version_id: UUID
    version: int
    source: str
    rule_versions: Mapping[str, str]


_business, _version = columns(Business), columns(ProgramVersion)

_BUSINESS = Statement(
    select(*(_business[name] for name in BusinessRow.__slots__)).where(
        _business.business_id == bindparam("business_id")
    )
)
_HEADERS = Statement(
    select(*(_version[name] for name in VersionHeader.__slots__))
    .where(_version.business_id == bindparam("business_id"))
    .order_by(_version.version)
)
_SOURCES = Statement(
    select(_version.program_version_id, _version.version, _version.source, _version.rule_versions).where(
        _version.business_id == bindparam("business_id"),
        _version.program_version_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    )
)


async def business_row(connection: Connection, business_id: UUID) -> BusinessRow:
    """The business; LookupError when there is none."""
    row = await _BUSINESS.fetchrow(connection, business_id=business_id)
    if row is None:
        raise LookupError(f"no business {business_id}")
    return BusinessRow(**dict(row))


async def version_headers(connection: Connection, business_id: UUID) -> list[VersionHeader]:
    """The published versions in their order."""
    return [VersionHeader(**dict(row)) for row in await _HEADERS.fetch(connection, business_id=business_id)]


async def version_sources(
    connection: Connection, business_id: UUID, ids: Sequence[UUID]
) -> list[VersionSource]:
    """The files of some versions."""
    rows = await _SOURCES.fetch(connection, business_id=business_id, ids=list(ids))
    return [VersionSource(**dict(row)) for row in rows]


_SET_CLOCK = Statement(
    update(Business)
    .where(_business.business_id == bindparam("business"))
    .values(clock_at=bindparam("instant"))
)


async def set_business_clock(connection: Connection, business_id: UUID, instant: datetime) -> None:
    """Set the clock of a sandbox."""
    await _SET_CLOCK.execute(connection, business=business_id, instant=instant)
