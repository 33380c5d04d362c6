"""Members: one by one, by what they are known by, and in pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, select, tuple_, union_all
from sqlalchemy.types import DateTime, LargeBinary, Text

from loyalty_engine.entities import CurrentStanding, Fact, Identity, Member, Merge, Profile
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import Page, Slice, Sort, page_of, seek_values, sliced
from loyalty_engine.store.reads.view import (
    View,
    ViewStatement,
    linked,
    of_business,
    one_of_ids,
    rows_of,
)
from loyalty_engine.store.tables import columns


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member without personal data.

    ``merged_into`` is who goes on with what was the member's that was asked for, and is then this one.
    """

    member_id: UUID
    external_id: str
    kind: str
    status: str
    enrolled_at: datetime
    joined_on: date
    channel: str | None
    referred_by: str | None
    partner_id: UUID | None
    folded_until: datetime
    created_at: datetime
    paused_at: datetime | None
    paused_until: datetime | None
    closed_at: datetime | None
    merged_into: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A member's personal data."""

    member_id: UUID
    given_name: str | None
    family_name: str | None
    email: str | None
    phone: str | None
    birth_date: date | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class MemberWanted:
    """Which members a page lists; what is None does not matter."""

    status: str | None = None
    ladder: str | None = None
    tier: str | None = None
    enrolled_from: datetime | None = None
    enrolled_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class MemberSort:
    """By instant of enrolment or by external id."""

    by: str = "enrolled_at"
    descending: bool = False


_member, _identity, _profile = columns(Member), columns(Identity), columns(Profile)
_standing, _fact, _merge = columns(CurrentStanding), columns(Fact), columns(Merge)
_COLUMNS = tuple(_member[name] for name in MemberRow.__slots__ if name != "merged_into")


def _members(held: bool) -> Any:
    return select(*_COLUMNS).where(of_business(_member), *linked(_member.member_id, held))


_BY_ID = ViewStatement(lambda held: _members(held).where(one_of_ids(_member.member_id)))
_BY_EXTERNAL_ID = ViewStatement(
    lambda held: _members(held).where(_member.external_id == bindparam("external_id", type_=Text))
)
_BY_IDENTITY = ViewStatement(
    lambda held: _members(held).where(
        exists(
            select(1).where(
                of_business(_identity),
                _identity.member_id == _member.member_id,
                _identity.kind == bindparam("kind", type_=Text),
                _identity.identity_hash == bindparam("identity_hash", type_=LargeBinary),
            )
        )
    )
)
_SURVIVORS = ViewStatement(
    lambda held: select(_merge.absorbed_id, *_COLUMNS).where(
        of_business(_merge),
        one_of_ids(_merge.absorbed_id),
        of_business(_member),
        _member.member_id == _merge.survivor_id,
        _member.status != "merged",
        *linked(_member.member_id, held),
    )
)
_PROFILES = ViewStatement(
    lambda held: select(*(_profile[name] for name in ProfileRow.__slots__)).where(
        of_business(_profile), one_of_ids(_profile.member_id), *linked(_profile.member_id, held)
    )
)
_PART = union_all(
    select(_member.member_id.label("owner_id"), _member.member_id.label("member_id")).where(
        of_business(_member), one_of_ids(_member.member_id)
    ),
    select(_merge.survivor_id, _merge.absorbed_id).where(of_business(_merge), one_of_ids(_merge.survivor_id)),
).subquery("part")
"""The members asked for, and whose histories are part of theirs."""

_ATTRIBUTES = ViewStatement(
    lambda held: (
        select(_PART.c.owner_id, _fact.value_key, _fact.value)
        .where(
            of_business(_fact),
            _fact.member_id == _PART.c.member_id,
            _fact.type == "value",
            _fact.value_kind == "attribute",
            *linked(_PART.c.owner_id, held),
        )
        .order_by(_PART.c.owner_id, _fact.occurred_at, _fact.source, _fact.external_id)
    )
)


async def members_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, MemberRow]:
    """Members by id; for one that was merged who goes on with what was its."""
    found = await own_members_by_id(connection, view, ids)
    merged = await _survivors(connection, view, found.values())
    return {member_id: merged.get(member_id, row) for member_id, row in found.items()}


async def own_members_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, MemberRow]:
    """Members by id, those that were merged as they were left."""
    found = rows_of(MemberRow, await _BY_ID.fetch(connection, view, ids=list(ids)))
    return {row.member_id: row for row in found}


async def _survivors(connection: Connection, view: View, rows: Iterable[MemberRow]) -> dict[UUID, MemberRow]:
    """Who goes on with what was theirs, by those that were merged."""
    merged = [row.member_id for row in rows if row.status == "merged"]
    if not merged:
        return {}
    found = {}
    for absorbed_id, *record in await _SURVIVORS.fetch(connection, view, ids=merged):
        row = MemberRow(*record)
        found[absorbed_id] = replace(row, merged_into=row.member_id)
    return found


async def _one(connection: Connection, view: View, rows: Sequence[MemberRow]) -> MemberRow | None:
    merged = await _survivors(connection, view, rows)
    return next((merged.get(row.member_id, row) for row in rows), None)


async def member_by_external_id(connection: Connection, view: View, external_id: str) -> MemberRow | None:
    """The member that the business knows by this id; for one that was merged who goes on."""
    found = rows_of(MemberRow, await _BY_EXTERNAL_ID.fetch(connection, view, external_id=external_id))
    return await _one(connection, view, found)


async def member_by_identity(
    connection: Connection, view: View, kind: str, identity_hash: bytes
) -> MemberRow | None:
    """The member that has this identity; for one that was merged who goes on."""
    records = await _BY_IDENTITY.fetch(connection, view, kind=kind, identity_hash=identity_hash)
    return await _one(connection, view, rows_of(MemberRow, records))


async def profiles(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, ProfileRow]:
    """Personal data by member."""
    found = rows_of(ProfileRow, await _PROFILES.fetch(connection, view, ids=list(ids)))
    return {row.member_id: row for row in found}


async def attributes(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, dict[str, object]]:
    """The latest value of every attribute, by member; of those who were absorbed too."""
    found: dict[UUID, dict[str, object]] = {}
    for member_id, key, value in await _ATTRIBUTES.fetch(connection, view, ids=list(ids)):
        found.setdefault(member_id, {})[key] = value
    return found


async def member_page(
    connection: Connection, view: View, wanted: MemberWanted, sort: MemberSort, slice_: Slice
) -> Page[MemberRow]:
    """One page of members, with those that were merged as they were left."""
    given = {name: value for name in MemberWanted.__slots__ if (value := getattr(wanted, name)) is not None}
    statement = _page(frozenset(given), sort, slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, view, **given, **seek_values(slice_))
    rows = rows_of(MemberRow, records)
    merged = await _survivors(connection, view, rows)
    into = {member_id: row.member_id for member_id, row in merged.items()}
    return page_of([replace(row, merged_into=into.get(row.member_id)) for row in rows], slice_)


@lru_cache(maxsize=1024)
def _page(given: frozenset[str], sort: MemberSort, size: int, backward: bool, seeking: bool) -> ViewStatement:
    by = (_member.external_id,) if sort.by == "external_id" else (_member.enrolled_at, _member.member_id)
    order = Sort(by, sort.descending)
    return ViewStatement(
        lambda held: sliced(_members(held).where(*_conditions(given)), order, size, backward, seeking)
    )


def _conditions(given: frozenset[str]) -> list[Any]:
    found = []
    if "status" in given:
        found.append(_member.status == bindparam("status", type_=Text))
    if "enrolled_from" in given:
        found.append(_member.enrolled_at >= bindparam("enrolled_from", type_=DateTime(timezone=True)))
    if "enrolled_before" in given:
        found.append(_member.enrolled_at < bindparam("enrolled_before", type_=DateTime(timezone=True)))
    if "tier" in given:
        found.append(_member.status != "merged")  # Where it stood is what the other one had then.
        found.append(_member.closed_at.is_(None))
        found.append(
            tuple_(_member.business_id, _member.member_id).in_(
                select(_standing.business_id, _standing.member_id).where(
                    of_business(_standing),
                    _standing.ladder == bindparam("ladder", type_=Text),
                    _standing.tier == bindparam("tier", type_=Text),
                )
            )
        )
    return found
