"""Present balances, and what expires, of members' wallets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.types import DateTime

from loyalty_engine.entities import Account, Lot
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.lot_ends import (
    IDLE,
    KEPT,
    NOW,
    IdleEnds,
    end_values,
    lots_with_ends,
    not_over,
)
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids
from loyalty_engine.store.tables import columns

Key = tuple[UUID, str]
"""A member and a points currency."""

Value = TypeVar("Value")
ByMember: TypeAlias = dict[UUID, dict[str, Value]]
"""Something of each wallet, by member and points currency."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What is in a wallet now, in smallest units: can be spent, is not yet or no more free, is owed."""

    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class ExpiryRow:
    """Points whose end is ``expires_at``, else follows from when they were earned and last kept.

    ``kept`` is the ordinal of a day, 0 for none; ``amount`` is in smallest units.
    """

    expires_at: datetime | None
    earned_at: datetime
    kept: int
    amount: int


_account, _lot = columns(Account), columns(Lot)

_KEPT = ViewStatement(
    lambda held: select(_account.member_id, _account.currency, _account.kind, _account.balance).where(
        of_business(_account),
        one_of_ids(_account.member_id),
        _account.kind.in_(("held", "debt")),
        *linked(_account.member_id, held),
    )
)


def _left(held: bool) -> tuple[Any, ...]:
    """That a lot of the members ``:ids`` has something left that is not over."""
    return (
        of_business(_lot),
        one_of_ids(_lot.member_id),
        _lot.remaining > 0,
        not_over(),
        *linked(_lot.member_id, held),
    )


def _sum(of: Any) -> Any:
    return cast(func.sum(of), BigInteger)


_LEFT = ViewStatement(
    lambda held: (
        select(
            _lot.member_id,
            _lot.currency,
            _sum(case((_lot.pending, 0), else_=_lot.remaining)),
            _sum(case((_lot.pending, _lot.remaining), else_=0)),
        )
        .select_from(lots_with_ends())
        .where(*_left(held))
        .group_by(_lot.member_id, _lot.currency)
    )
)
_UNTIL = bindparam("until", type_=DateTime(timezone=True))
_EARNED = case((_lot.expires_at.is_(None), _lot.earned_at), else_=NOW)
"""Lots with an end of their own are told together, whenever they were earned."""
_EXPIRIES = ViewStatement(
    lambda held: (
        select(_lot.member_id, _lot.currency, _lot.expires_at, _EARNED, KEPT, _sum(_lot.remaining))
        .select_from(lots_with_ends())
        .where(
            *_left(held),
            or_(_lot.expires_at <= _UNTIL, and_(_lot.expires_at.is_(None), IDLE.c.currency.is_not(None))),
        )
        .group_by(_lot.member_id, _lot.currency, _lot.expires_at, _EARNED, KEPT)
    )
)


async def balances(
    connection: Connection, view: View, ids: Sequence[UUID], now: datetime, idle: tuple[IdleEnds, ...]
) -> ByMember[Balance]:
    """What can be spent at an instant, what is not yet or no more free, and what is owed.

    The first two are sums of lots, so that what has expired is gone also before the ledger says so.
    """
    found: dict[Key, dict[str, int]] = {}
    left = await _LEFT.fetch(connection, view, ids=list(ids), **end_values(now, idle))
    for member_id, currency, available, pending in left:
        found[member_id, currency] = {"available": available, "pending": pending}
    for member_id, currency, kind, balance in await _KEPT.fetch(connection, view, ids=list(ids)):
        found.setdefault((member_id, currency), {})[kind] = -balance if kind == "debt" else balance
    return _by_member({key: Balance(**parts) for key, parts in found.items()})


async def expiries(
    connection: Connection,
    view: View,
    ids: Sequence[UUID],
    now: datetime,
    until: datetime,
    idle: tuple[IdleEnds, ...],
) -> ByMember[list[ExpiryRow]]:
    """What expires after an instant, up to and including another.

    Of the currencies of ``idle`` it is all that is left, whose ends are not known here.
    """
    found: dict[Key, list[ExpiryRow]] = {}
    values = {**end_values(now, idle), "until": until}
    for member_id, currency, *row in await _EXPIRIES.fetch(connection, view, ids=list(ids), **values):
        found.setdefault((member_id, currency), []).append(ExpiryRow(*row))
    return _by_member(found)


def _by_member(found: Mapping[Key, Value]) -> ByMember[Value]:
    grouped: ByMember[Value] = {}
    for (member_id, currency), value in found.items():
        grouped.setdefault(member_id, {})[currency] = value
    return grouped
