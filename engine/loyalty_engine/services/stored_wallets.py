"""Wallets from stored rows, and the rows of what changed in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from loyalty_engine.ids import new_id
from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Lot
from loyalty_engine.ledger.wallet import Hold, NaturalKey, Spending, Wallet
from loyalty_engine.rating import State
from loyalty_engine.rating.facts import key_text
from loyalty_engine.rating.wallets import line_slot
from loyalty_engine.rules import FundingShare
from loyalty_engine.services.row_keys import key_columns, key_of
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.wallets import all_lots, all_uses, changing_uses, hold_rows, lots_left

Row = dict[str, Any]
UseKey = tuple[EffectKey, EffectKey | None]


@dataclass(slots=True)
class StoredWallets:
    """What is stored of one member's wallets, by key, to write only what changes."""

    lot_ids: dict[EffectKey, UUID] = field(default_factory=dict)
    lots: dict[EffectKey, Lot] = field(default_factory=dict)
    currencies: dict[EffectKey, str] = field(default_factory=dict)
    uses: dict[UseKey, asyncpg.Record] = field(default_factory=dict)
    holds: dict[NaturalKey, Hold] = field(default_factory=dict)
    hold_ids: dict[NaturalKey, UUID] = field(default_factory=dict)


class HasWallets(Protocol):
    """What wallets are read into."""

    state: State
    wallets: StoredWallets


async def read_wallets(
    connection: Connection, business_id: UUID, members: Mapping[UUID, HasWallets], *, everything: bool
) -> None:
    """Read the wallets of some members into their states."""
    ids = list(members)
    holds = await hold_rows(connection, business_id, ids, closed=everything)
    if everything:
        uses = await all_uses(connection, business_id, ids)
        lots = await all_lots(connection, business_id, ids)
    else:
        held_by = [key_text(row["source"], row["external_id"]) for row in holds]
        uses = await changing_uses(connection, business_id, ids, held_by)
        used = [row["lot_id"] for row in uses if row["lot_id"] is not None]
        lots = await lots_left(connection, business_id, ids, used)
    for row in lots:
        _read_lot(members[row["member_id"]], row)
    lot_keys = {row["lot_id"]: key_of(row) for row in lots}
    for row in uses:
        _read_use(members[row["member_id"]], row, lot_keys)
    for row in holds:
        _read_hold(members[row["member_id"]], row)


def _read_lot(member: HasWallets, row: asyncpg.Record) -> None:
    key, stored = key_of(row), member.wallets
    place = (row["earned_at"], row["earned_source"], row["earned_external_id"])
    lot = Lot(
        key,
        place,
        row["amount"],
        row["remaining"],
        row["expired"],
        row["expires_at"],
        tuple(FundingShare(partner, Decimal(percent)) for partner, percent in row["funding"]),
        row["pending"],
        row["releases_at"],
    )
    stored.lot_ids[key], stored.lots[key], stored.currencies[key] = row["lot_id"], lot, row["currency"]
    if lot.amount:
        member.state.wallet(row["currency"]).lots[key] = lot


def _read_use(member: HasWallets, row: asyncpg.Record, lot_keys: Mapping[UUID, EffectKey]) -> None:
    key, lot = key_of(row), None if row["lot_id"] is None else lot_keys[row["lot_id"]]
    member.wallets.uses[key, lot] = row
    if row["amount"]:
        place = (row["used_at"], row["used_source"], row["used_external_id"])
        spendings = member.state.wallet(row["currency"]).spendings
        spendings.setdefault(key, Spending(place)).add(lot, row["amount"])


def _read_hold(member: HasWallets, row: asyncpg.Record) -> None:
    name, currency = (row["source"], row["external_id"]), row["currency"]
    hold = Hold(
        EffectKey(Cause("activity", key_text(*name)), "", line_slot(currency, "-")),
        (row["occurred_at"], *name),
        row["amount"],
        row["expires_at"],
        row["state"],
        row["captured"],
        row["closed_at"],
    )
    member.wallets.holds[name], member.wallets.hold_ids[name] = hold, row["hold_id"]
    member.state.wallet(currency).holds[name] = hold


@dataclass(slots=True)
class WalletRows:
    """The rows to write of what changed in wallets."""

    lots: list[Row] = field(default_factory=list)
    uses: list[Row] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)

    def collect(
        self, own: Row, stored: StoredWallets, wallets: Mapping[str, Wallet], fact_ids: Mapping[str, UUID]
    ) -> None:
        """Add what of one member differs from what is stored."""
        lot_ids = dict(stored.lot_ids)
        self._lots(own, stored, wallets, lot_ids)
        self._uses(own, stored, wallets, lot_ids)
        for currency, wallet in wallets.items():
            for name, hold in wallet.holds.items():
                if stored.holds.get(name) != hold:
                    hold_id = stored.hold_ids.get(name) or fact_ids[key_text(*name)]
                    self.holds.append({**own, "hold_id": hold_id, **_hold_columns(currency, hold)})

    def _lots(
        self,
        own: Row,
        stored: StoredWallets,
        wallets: Mapping[str, Wallet],
        lot_ids: dict[EffectKey, UUID],
    ) -> None:
        wanted = {
            key: (currency, lot) for currency, wallet in wallets.items() for key, lot in wallet.lots.items()
        }
        for key, lot in stored.lots.items():
            if key not in wanted and lot.amount:
                wanted[key] = (stored.currencies[key], replace(lot, amount=0, remaining=0, expired=0))
        for key, (currency, lot) in wanted.items():
            if stored.lots.get(key) != lot:
                lot_id = lot_ids.setdefault(key, new_id())
                self.lots.append({**own, "lot_id": lot_id, "currency": currency, **_lot_columns(lot)})

    def _uses(
        self,
        own: Row,
        stored: StoredWallets,
        wallets: Mapping[str, Wallet],
        lot_ids: Mapping[EffectKey, UUID],
    ) -> None:
        wanted: dict[UseKey, tuple[str, Spending, int]] = {
            (key, lot): (currency, spending, units)
            for currency, wallet in wallets.items()
            for key, spending in wallet.spendings.items()
            for lot, units in spending.parts.items()
        }
        for name, (currency, spending, units) in wanted.items():
            known = stored.uses.get(name)
            if known is not None and known["amount"] == units:
                continue
            key, lot = name
            self.uses.append(
                {
                    **own,
                    "point_use_id": known["point_use_id"] if known is not None else new_id(),
                    "currency": currency,
                    **key_columns(key),
                    "used_at": spending.place[0],
                    "used_source": spending.place[1],
                    "used_external_id": spending.place[2],
                    "lot_id": None if lot is None else lot_ids[lot],
                    "amount": units,
                }
            )
        for name, known in stored.uses.items():
            if name not in wanted and known["amount"]:
                self.uses.append({**own, **dict(known), "amount": 0})


def _lot_columns(lot: Lot) -> Row:
    return {
        **key_columns(lot.key),
        "earned_at": lot.place[0],
        "earned_source": lot.place[1],
        "earned_external_id": lot.place[2],
        "amount": lot.amount,
        "remaining": lot.remaining,
        "expired": lot.expired,
        "expires_at": lot.expires_at,
        "pending": lot.pending,
        "releases_at": lot.releases_at,
        "funding": [[share.partner, str(share.percent)] for share in lot.funding],
    }


def _hold_columns(currency: str, hold: Hold) -> Row:
    return {
        "currency": currency,
        "amount": hold.amount,
        "captured": hold.captured,
        "state": hold.state,
        "opened_at": hold.place[0],
        "expires_at": hold.expires_at,
        "closed_at": hold.closed_at,
    }
