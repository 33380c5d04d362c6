"""Rewards as rows: their terms, their units, and redemptions, for those who decide about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.entities import Account, Redemption, Reward, RewardTerms, Transfer
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows, update_rows


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A reward with the terms in force; prices are in smallest units."""

    reward_id: UUID
    key: str
    kind: str
    currency: str
    coupon_bearer: bool | None
    coupon_on_return: str | None
    version: int
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


_OFFER = """
SELECT r.reward_id, r.key, r.kind, r.currency, r.coupon_bearer, r.coupon_on_return,
       t.version, t.price, t.prices, t.eligible, t.value_amount, t.value_percent,
       t.valid_from, t.valid_until, t.redemption_days, t.member_limit, t.state
FROM reward r JOIN reward_terms t ON t.business_id = r.business_id AND t.reward_id = r.reward_id
WHERE r.business_id = $1 AND (r.reward_id = $2 OR r.key = $3)
ORDER BY t.version DESC LIMIT 1
"""
_LOCK_STOCK = """
SELECT a.account_id, a.balance FROM account a
WHERE a.business_id = $1 AND a.kind = 'stock' AND a.reward_id = $2 FOR NO KEY UPDATE
"""
_STOCK = """
SELECT a.account_id, a.balance FROM account a
WHERE a.business_id = $1 AND a.kind = 'stock' AND a.reward_id = $2
"""
_COUNTER_ACCOUNT = """
SELECT a.account_id FROM account a WHERE a.business_id = $1 AND a.kind = $2 AND a.reward_id = $3
"""
_PLACES = """
SELECT d.place FROM redemption d
WHERE d.business_id = $1 AND d.reward_id = $2 AND d.member_id = ANY ($3::uuid[])
  AND d.cancelled_at IS NULL
"""
_REDEMPTION = """
SELECT d.redemption_id, d.member_id, d.reward_id, r.kind, r.currency, d.price, d.redeemed_at, d.expires_at,
       d.delivery_transfer_id, d.fulfilled_at, d.cancelled_at
FROM redemption d JOIN reward r ON r.business_id = d.business_id AND r.reward_id = d.reward_id
WHERE d.business_id = $1 AND d.redemption_id = $2
"""


async def offer(
    connection: Connection, business_id: UUID, reward_id: UUID | None, key: str | None
) -> OfferRow | None:
    """A reward, by its id or its key, with the terms in force."""
    row = await connection.fetchrow(_OFFER, business_id, reward_id, key)
    return None if row is None else OfferRow(**dict(row))


async def insert_reward(connection: Connection, row: Row) -> bool:
    """Write a reward; False where its key is taken."""
    return bool(await insert_rows(connection, Reward, [row], skip_existing=True, returning=("reward_id",)))


async def insert_terms(connection: Connection, row: Row) -> None:
    """Write a version of a reward's terms, for ever."""
    await insert_rows(connection, RewardTerms, [row])


@dataclass(frozen=True, slots=True)
class StockRow:
    """The account of a reward's units; without a balance they are unlimited."""

    account_id: UUID
    balance: int | None


async def stock_of(connection: Connection, business_id: UUID, reward_id: UUID) -> StockRow:
    """The units of a reward as they are, without a lock."""
    return await _stock(connection, _STOCK, business_id, reward_id)


async def lock_stock(connection: Connection, business_id: UUID, reward_id: UUID) -> StockRow:
    """Lock the units of a reward; what there is of them once they are locked."""
    return await _stock(connection, _LOCK_STOCK, business_id, reward_id)


async def _stock(connection: Connection, statement: str, business_id: UUID, reward_id: UUID) -> StockRow:
    row = await connection.fetchrow(statement, business_id, reward_id)
    if row is None:
        raise LookupError(f"the reward {reward_id} has no account of its units")
    return StockRow(row["account_id"], row["balance"])


def units_account(
    business_id: UUID, kind: str, reward_id: UUID, balance: int | None, now: datetime
) -> dict[str, Any]:
    """The row of an account of a reward's units, a currency of their own."""
    return {
        "business_id": business_id,
        "account_id": new_id(),
        "kind": kind,
        "currency": f"reward/{reward_id}",
        "reward_id": reward_id,
        "balance": balance,
        "created_at": now,
    }


async def insert_accounts(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write accounts; one that is there already stays as it is."""
    await insert_rows(connection, Account, rows, skip_existing=True)


async def move_units(
    connection: Connection,
    business_id: UUID,
    reward_id: UUID,
    stock: StockRow,
    code: str,
    units: int,
    now: datetime,
    *,
    reverses: UUID | None = None,
) -> UUID:
    """Move units between a locked stock and the account on the code's other side; the transfer's id."""
    kind, incoming = UNITS[code]
    other = await _counter_account(connection, business_id, kind, reward_id, now)
    transfer_id = new_id()
    row = {
        "business_id": business_id,
        "transfer_id": transfer_id,
        "effect_id": None,
        "member_id": None,
        "code": code,
        "currency": f"reward/{reward_id}",
        "debit_account_id": other if incoming else stock.account_id,
        "credit_account_id": stock.account_id if incoming else other,
        "amount": units,
        "effective_at": now,
        "recorded_at": now,
        "reverses_transfer_id": reverses,
    }
    await insert_rows(connection, Transfer, [row])
    return transfer_id


UNITS = {
    "supply": ("supplied", True),
    "write_off": ("supplied", False),
    "deliver": ("delivered", False),
    "restock": ("delivered", True),
}
"""For each code the account on the other side, and whether units come into stock."""


async def _counter_account(
    connection: Connection, business_id: UUID, kind: str, reward_id: UUID, now: datetime
) -> UUID:
    found = await connection.fetchval(_COUNTER_ACCOUNT, business_id, kind, reward_id)
    if found is None:
        row = units_account(business_id, kind, reward_id, None, now)
        await insert_accounts(connection, [row])
        found = await connection.fetchval(_COUNTER_ACCOUNT, business_id, kind, reward_id)
    made: UUID = found
    return made


async def places_taken(
    connection: Connection, business_id: UUID, reward_id: UUID, member_ids: Sequence[UUID]
) -> list[int]:
    """The places of redemptions of a reward that were not cancelled, of a member and those in it."""
    rows = await connection.fetch(_PLACES, business_id, reward_id, list(member_ids))
    return [row["place"] for row in rows]


async def insert_redemption(connection: Connection, row: Row) -> None:
    """Write a redemption."""
    await insert_rows(connection, Redemption, [row])


async def redemption(connection: Connection, business_id: UUID, redemption_id: UUID) -> asyncpg.Record | None:
    """A redemption with its reward's kind and points currency; read it under its member's lock."""
    return await connection.fetchrow(_REDEMPTION, business_id, redemption_id)


async def end_redemption(connection: Connection, row: Row) -> None:
    """Set how a redemption ended, once; the row names it by its key."""
    await update_rows(connection, Redemption, [row])
