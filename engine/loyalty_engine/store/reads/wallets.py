"""Balances, totals, and what expires of members' wallets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, cast, func, or_, select
from sqlalchemy.types import DateTime

from loyalty_engine.entities import Account, Lot, Transfer
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.entries import SIGNED, joined
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


_account, _lot, _transfer = columns(Account), columns(Lot), columns(Transfer)
_NOW = bindparam("now", type_=DateTime(timezone=True))


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
            cast(func.sum(SIGNED), BigInteger),
        )
        .select_from(joined(table(Transfer)))
        .where(
            of_business(_transfer),
            one_of_ids(_transfer.member_id),
            _transfer.code.in_(("earn", "partner_award", "take_back", "expire")),
            *linked(_transfer.member_id, held),
        )
        .group_by(_transfer.member_id, _transfer.currency, _transfer.code)
    )
)


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
