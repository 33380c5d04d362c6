"""Present balances, and what expires, of members' wallets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, cast, func, or_, select
from sqlalchemy.types import DateTime

from loyalty_engine.entities import Account, Lot
from loyalty_engine.store.connection import Connection
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
    """How much expires at one instant."""

    at: datetime
    amount: int


_account, _lot = columns(Account), columns(Lot)
_NOW = bindparam("now", type_=DateTime(timezone=True))


_KEPT = ViewStatement(
    lambda held: select(_account.member_id, _account.currency, _account.kind, _account.balance).where(
        of_business(_account),
        one_of_ids(_account.member_id),
        _account.kind.in_(("pending", "held", "debt")),
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
            _lot.pending.is_(False),
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


async def balances(
    connection: Connection, view: View, ids: Sequence[UUID], now: datetime
) -> ByMember[Balance]:
    """What can be spent at an instant, what is not yet or no more free, and what is owed.

    The first is the sum of lots, so that what has expired is gone also before the ledger says so.
    """
    found: dict[Key, dict[str, int]] = {}
    for member_id, currency, remaining in await _AVAILABLE.fetch(connection, view, ids=list(ids), now=now):
        found.setdefault((member_id, currency), {})["available"] = remaining
    for member_id, currency, kind, balance in await _KEPT.fetch(connection, view, ids=list(ids)):
        found.setdefault((member_id, currency), {})[kind] = -balance if kind == "debt" else balance
    return _by_member({key: Balance(**parts) for key, parts in found.items()})


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
