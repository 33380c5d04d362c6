"""Balances, totals, what expires, and the entries of members' wallets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Account, Effect, Lot, Transfer
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.effects import EffectRow, effect_columns, effect_from, grouped_by
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
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids
from loyalty_engine.store.tables import columns, table

Key = tuple[UUID, str]
"""A member and a points currency."""

Value = TypeVar("Value")
ByMember: TypeAlias = dict[UUID, dict[str, Value]]
"""Something of each wallet, by member and points currency."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a wallet came to since the beginning, in smallest units: awarded less taken back, and expired."""

    earned: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """What is in a wallet and can be spent, and what is owed, in smallest units."""

    available: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class ExpiryRow:
    """How much expires at one instant."""

    at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One movement in a wallet; ``amount`` is below zero when points left it."""

    transfer_id: UUID
    member_id: UUID
    currency: str
    code: str
    amount: int
    effective_at: datetime
    recorded_at: datetime
    reverses_transfer_id: UUID | None
    partner_id: UUID | None
    effect: EffectRow


@dataclass(frozen=True, slots=True)
class EntryWanted:
    """Which entries a page lists; what is None does not matter."""

    code: str | None = None
    effective_from: datetime | None = None
    effective_before: datetime | None = None


_account, _lot, _transfer, _effect = columns(Account), columns(Lot), columns(Transfer), columns(Effect)
_credit, _debit = table(Account).alias("credit"), table(Account).alias("debit")
_ENTRY_PART = EntryRow.__slots__[:-1]
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _joined(entries: Any) -> Any:
    return entries.join(
        _credit,
        and_(
            _credit.c.business_id == _transfer.business_id,
            _credit.c.account_id == _transfer.credit_account_id,
        ),
    ).join(
        _debit,
        and_(
            _debit.c.business_id == _transfer.business_id, _debit.c.account_id == _transfer.debit_account_id
        ),
    )


_SIGNED = case((_credit.c.kind == "wallet", _transfer.amount), else_=-_transfer.amount)

_DEBTS = ViewStatement(
    lambda held: select(_account.member_id, _account.currency, _account.balance).where(
        of_business(_account),
        one_of_ids(_account.member_id),
        _account.kind == "debt",
        *linked(_account.member_id, held),
    )
)
_AVAILABLE = ViewStatement(
    lambda held: (
        select(_lot.member_id, _lot.currency, cast(func.sum(_lot.remaining), BigInteger))
        .where(
            of_business(_lot),
            one_of_ids(_lot.member_id),
            _lot.remaining > 0,
            or_(_lot.expires_at.is_(None), _lot.expires_at > _NOW),
            *linked(_lot.member_id, held),
        )
        .group_by(_lot.member_id, _lot.currency)
    )
)
_EXPIRIES = ViewStatement(
    lambda held: (
        select(_lot.member_id, _lot.currency, _lot.expires_at, cast(func.sum(_lot.remaining), BigInteger))
        .where(
            of_business(_lot),
            one_of_ids(_lot.member_id),
            _lot.remaining > 0,
            _lot.expires_at > _NOW,
            _lot.expires_at <= bindparam("until", type_=DateTime(timezone=True)),
            *linked(_lot.member_id, held),
        )
        .group_by(_lot.member_id, _lot.currency, _lot.expires_at)
        .order_by(_lot.member_id, _lot.currency, _lot.expires_at)
    )
)
_TOTALS = ViewStatement(
    lambda held: (
        select(
            _transfer.member_id,
            _transfer.currency,
            _transfer.code,
            cast(func.sum(_SIGNED), BigInteger),
        )
        .select_from(_joined(table(Transfer)))
        .where(
            of_business(_transfer),
            one_of_ids(_transfer.member_id),
            _transfer.code.in_(("earn", "partner_award", "take_back", "expire")),
            *linked(_transfer.member_id, held),
        )
        .group_by(_transfer.member_id, _transfer.currency, _transfer.code)
    )
)


def _entries(held: bool) -> Any:
    own = {
        "amount": _SIGNED.label("amount"),
        "partner_id": func.coalesce(_debit.c.partner_id, _credit.c.partner_id).label("partner_id"),
    }
    return (
        select(*(own[name] if name in own else _transfer[name] for name in _ENTRY_PART), *effect_columns())
        .select_from(_joined(effect_from(_transfer, table(Transfer))))
        .where(of_business(_transfer), *linked(_transfer.member_id, held))
    )


_ENTRIES_BY_ID = ViewStatement(lambda held: _entries(held).where(one_of_ids(_transfer.transfer_id)))
_ENTRIES_BY_ACTIVITY = ViewStatement(
    lambda held: _entries(held).where(one_of_ids(_effect.activity_id)).order_by(_transfer.transfer_id)
)
_ENTRIES_BY_EFFECT = ViewStatement(
    lambda held: _entries(held).where(one_of_ids(_effect.effect_id)).order_by(_transfer.transfer_id)
)


def _entry(record: Any) -> EntryRow:
    width = len(_ENTRY_PART)
    return EntryRow(*(*record[:width], EffectRow(*record[width : width + len(EffectRow.__slots__)])))


async def balances(
    connection: Connection, view: View, ids: Sequence[UUID], now: datetime
) -> ByMember[Balance]:
    """What can be spent at an instant, and what is owed.

    It is the sum of lots, so that what has expired is gone also before the ledger says so.
    """
    available: dict[Key, int] = {}
    debts: dict[Key, int] = {}
    for member_id, currency, remaining in await _AVAILABLE.fetch(connection, view, ids=list(ids), now=now):
        available[member_id, currency] = remaining
    for member_id, currency, balance in await _DEBTS.fetch(connection, view, ids=list(ids)):
        debts[member_id, currency] = -balance
    return _by_member(
        {key: Balance(available.get(key, 0), debts.get(key, 0)) for key in available.keys() | debts.keys()}
    )


async def totals(connection: Connection, view: View, ids: Sequence[UUID]) -> ByMember[Totals]:
    """What wallets came to since the beginning."""
    earned: dict[Key, int] = {}
    expired: dict[Key, int] = {}
    for member_id, currency, code, amount in await _TOTALS.fetch(connection, view, ids=list(ids)):
        sums, signed = (expired, -amount) if code == "expire" else (earned, amount)
        sums[member_id, currency] = sums.get((member_id, currency), 0) + signed
    return _by_member(
        {key: Totals(earned.get(key, 0), expired.get(key, 0)) for key in earned.keys() | expired.keys()}
    )


async def expiries(
    connection: Connection, view: View, ids: Sequence[UUID], now: datetime, until: datetime
) -> ByMember[list[ExpiryRow]]:
    """What expires after an instant, up to and including another, in its order."""
    found: dict[Key, list[ExpiryRow]] = {}
    for member_id, currency, at, amount in await _EXPIRIES.fetch(
        connection, view, ids=list(ids), now=now, until=until
    ):
        found.setdefault((member_id, currency), []).append(ExpiryRow(at, amount))
    return _by_member(found)


def _by_member(found: Mapping[Key, Value]) -> ByMember[Value]:
    grouped: ByMember[Value] = {}
    for (member_id, currency), value in found.items():
        grouped.setdefault(member_id, {})[currency] = value
    return grouped


async def entries_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, EntryRow]:
    """Entries by id."""
    records = await _ENTRIES_BY_ID.fetch(connection, view, ids=list(ids))
    return {row.transfer_id: row for row in map(_entry, records)}


async def entries_by_activity(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[EntryRow]]:
    """Entries that activities caused, by activity."""
    records = await _ENTRIES_BY_ACTIVITY.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.effect.activity_id, map(_entry, records))


async def entries_by_effect(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[EntryRow]]:
    """Entries that effects are, by effect."""
    records = await _ENTRIES_BY_EFFECT.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.effect.effect_id, map(_entry, records))


async def entry_pages(
    connection: Connection,
    view: View,
    ids: Sequence[UUID],
    currency: str,
    wanted: EntryWanted,
    slice_: Slice,
) -> dict[UUID, Page[EntryRow]]:
    """A page of entries of each member's wallet, the latest recorded first."""
    given = {name: value for name in EntryWanted.__slots__ if (value := getattr(wanted, name)) is not None}
    statement = _page(frozenset(given), slice_.size, slice_.backward, slice_.beyond is not None)
    grouped: dict[UUID, list[EntryRow]] = {}
    for parent, *record in await statement.fetch(
        connection, view, ids=list(ids), currency=currency, **given, **seek_values(slice_)
    ):
        grouped.setdefault(parent, []).append(_entry(record))
    return pages_of(grouped, ids, slice_)


@lru_cache(maxsize=512)
def _page(given: frozenset[str], size: int, backward: bool, seeking: bool) -> ViewStatement:
    conditions = [
        _transfer.member_id == PARENTS.c.parent_id,
        _transfer.currency == bindparam("currency", type_=Text),
    ]
    if "code" in given:
        conditions.append(_transfer.code == bindparam("code", type_=Text))
    if "effective_from" in given:
        conditions.append(
            _transfer.effective_at >= bindparam("effective_from", type_=DateTime(timezone=True))
        )
    if "effective_before" in given:
        conditions.append(
            _transfer.effective_at < bindparam("effective_before", type_=DateTime(timezone=True))
        )
    sort = Sort((_transfer.recorded_at, _transfer.transfer_id), descending=True)
    return ViewStatement(
        lambda held: for_each(sliced(_entries(held).where(*conditions), sort, size, backward, seeking))
    )
