"""The entries of members' wallets: one by one, by what caused them, and in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Account, Effect, Transfer
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


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One movement of a member's points, in smallest units.

    ``amount`` is what it brought into what can be spent, below zero when it took from that; ``moved`` is how
    much moved at all, between whichever accounts.
    """

    transfer_id: UUID
    member_id: UUID
    currency: str
    code: str
    amount: int
    moved: int
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


_transfer, _effect = columns(Transfer), columns(Effect)
CREDIT, DEBIT = table(Account).alias("credit"), table(Account).alias("debit")
_ENTRY_PART = EntryRow.__slots__[:-1]


def joined(entries: Any) -> Any:
    """Transfers joined to both of their accounts."""
    return entries.join(
        CREDIT,
        and_(
            CREDIT.c.business_id == _transfer.business_id,
            CREDIT.c.account_id == _transfer.credit_account_id,
        ),
    ).join(
        DEBIT,
        and_(DEBIT.c.business_id == _transfer.business_id, DEBIT.c.account_id == _transfer.debit_account_id),
    )


SIGNED = case(
    (CREDIT.c.kind == "wallet", _transfer.amount),
    (DEBIT.c.kind == "wallet", -_transfer.amount),
    else_=0,
)
"""What a transfer brings into a wallet; below zero for what leaves it, nothing where it is between others."""


def _entries(held: bool) -> Any:
    own = {
        "amount": SIGNED.label("amount"),
        "moved": _transfer.amount.label("moved"),
        "partner_id": func.coalesce(DEBIT.c.partner_id, CREDIT.c.partner_id).label("partner_id"),
    }
    return (
        select(*(own[name] if name in own else _transfer[name] for name in _ENTRY_PART), *effect_columns())
        .select_from(joined(effect_from(_transfer, table(Transfer))))
        .where(of_business(_transfer), _effect.kind == "points", *linked(_transfer.member_id, held))
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
