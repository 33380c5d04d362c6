"""Rewards with the terms in force and what is in stock, and what members redeemed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Account, Redemption, Reward, RewardTerms
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.pages import (
    PARENTS,
    Page,
    Slice,
    Sort,
    for_each,
    page_of,
    pages_of,
    seek_values,
    sliced,
)
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class RewardRow:
    """A reward; prices are in smallest units, stock is None without a limit."""

    reward_id: UUID
    key: str
    kind: str
    currency: str
    coupon_bearer: bool | None
    coupon_on_return: str | None
    created_at: datetime
    version: int
    names: Mapping[str, str]
    price: int
    prices: Mapping[str, int]
    eligible: list[str]
    value_amount: Decimal | None
    value_percent: Decimal | None
    valid_from: datetime
    valid_until: datetime | None
    redemption_days: int | None
    member_limit: int | None
    state: str
    stock: int | None


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """What a member redeemed, for how many smallest units."""

    redemption_id: UUID
    member_id: UUID
    reward_id: UUID
    version: int
    currency: str
    price: int
    tier: str | None
    redeemed_at: datetime
    expires_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class RewardWanted:
    """Which rewards a page lists; what is None does not matter."""

    kind: str | None = None
    state: str | None = None
    currency: str | None = None
    at: datetime | None = None


_reward, _terms, _account = columns(Reward), columns(RewardTerms), columns(Account)
_redemption = columns(Redemption)
_OF_REWARD = 7
_OF_TERMS = len(RewardRow.__slots__) - _OF_REWARD - 1
_newer = table(RewardTerms).alias("newer").c
_LATEST = (
    select(func.max(_newer.version))
    .where(of_business(_newer), _newer.reward_id == _reward.reward_id)
    .correlate(table(Reward))
    .scalar_subquery()
)
_OFFERED = (
    select(
        *(_reward[name] for name in RewardRow.__slots__[:_OF_REWARD]),
        *(_terms[name] for name in RewardRow.__slots__[_OF_REWARD:-1]),
        _account.balance,
    )
    .select_from(
        table(Reward)
        .join(
            table(RewardTerms),
            and_(_terms.business_id == _reward.business_id, _terms.reward_id == _reward.reward_id),
        )
        .join(
            table(Account),
            and_(
                _account.business_id == _reward.business_id,
                _account.kind == "stock",
                _account.reward_id == _reward.reward_id,
            ),
        )
    )
    .where(of_business(_reward), _terms.version == _LATEST)
)
_BY_ID = Statement(_OFFERED.where(one_of_ids(_reward.reward_id)))


def _redemptions(held: bool) -> Any:
    own = {"currency": _reward.currency}
    return (
        select(*(own.get(name, _redemption.get(name)) for name in RedemptionRow.__slots__))
        .select_from(
            table(Redemption).join(
                table(Reward),
                and_(
                    _reward.business_id == _redemption.business_id,
                    _reward.reward_id == _redemption.reward_id,
                ),
            )
        )
        .where(of_business(_redemption), *linked(_redemption.member_id, held))
    )


_REDEMPTIONS_BY_ID = ViewStatement(
    lambda held: _redemptions(held).where(one_of_ids(_redemption.redemption_id))
)


async def rewards_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, RewardRow]:
    """Rewards by id."""
    records = await _BY_ID.fetch(connection, business_id=view.business_id, ids=list(ids))
    return {row.reward_id: row for row in rows_of(RewardRow, records)}


async def reward_page(
    connection: Connection, view: View, wanted: RewardWanted, slice_: Slice
) -> Page[RewardRow]:
    """A page of rewards by key."""
    given = {name: value for name in RewardWanted.__slots__ if (value := getattr(wanted, name)) is not None}
    statement = _page(frozenset(given), slice_.size, slice_.backward, slice_.beyond is not None)
    records = await statement.fetch(connection, business_id=view.business_id, **given, **seek_values(slice_))
    return page_of(rows_of(RewardRow, records), slice_)


async def redemptions_by_id(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, RedemptionRow]:
    """Redemptions by id."""
    records = await _REDEMPTIONS_BY_ID.fetch(connection, view, ids=list(ids))
    return {row.redemption_id: row for row in rows_of(RedemptionRow, records)}


async def redemption_pages(
    connection: Connection, view: View, ids: Sequence[UUID], slice_: Slice
) -> dict[UUID, Page[RedemptionRow]]:
    """A page of redemptions of each member, the latest first."""
    statement = _redemption_page(slice_.size, slice_.backward, slice_.beyond is not None)
    grouped: dict[UUID, list[RedemptionRow]] = {}
    for parent, *record in await statement.fetch(connection, view, ids=list(ids), **seek_values(slice_)):
        grouped.setdefault(parent, []).append(RedemptionRow(*record))
    return pages_of(grouped, ids, slice_)


_AT: Any = bindparam("at", type_=DateTime(timezone=True))
_CONDITIONS: dict[str, Any] = {
    "kind": _reward.kind == bindparam("kind", type_=Text),
    "state": _terms.state == bindparam("state", type_=Text),
    "currency": _reward.currency == bindparam("currency", type_=Text),
    "at": and_(
        _terms.state == "active",
        _terms.valid_from <= _AT,
        or_(_terms.valid_until.is_(None), _terms.valid_until > _AT),
    ),
}


@lru_cache(maxsize=256)
def _page(given: frozenset[str], size: int, backward: bool, seeking: bool) -> Statement:
    conditions = [condition for name, condition in _CONDITIONS.items() if name in given]
    return Statement(sliced(_OFFERED.where(*conditions), Sort((_reward.key,)), size, backward, seeking))


@lru_cache(maxsize=256)
def _redemption_page(size: int, backward: bool, seeking: bool) -> ViewStatement:
    sort = Sort((_redemption.redeemed_at, _redemption.redemption_id), descending=True)
    return ViewStatement(
        lambda held: for_each(
            sliced(
                _redemptions(held).where(_redemption.member_id == PARENTS.c.parent_id),
                sort,
                size,
                backward,
                seeking,
            )
        )
    )
