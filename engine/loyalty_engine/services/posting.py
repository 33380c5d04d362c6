"""Posting: everything that changes for any number of members, each table written once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.entities import (
    Claim,
    Counter,
    CurrentStanding,
    Effect,
    Hold,
    Lot,
    Member,
    Outbox,
    Parked,
    PointUse,
    Standing,
    Transfer,
)
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.services.stored_wallets import WalletRows
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import RATIONED, AccountKey, accounts, lock_rationed
from loyalty_engine.store.rows import insert_rows, update_rows, upsert_rows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer whose accounts are still known by their keys."""

    row: Row
    debit: AccountKey
    credit: AccountKey


@dataclass(frozen=True, slots=True)
class Caused:
    """How much is to be given now under a gift's key, in smallest units, and since when.

    ``fact_id`` is the activity that gives it.
    """

    key: EffectKey
    units: int
    at: datetime
    fact_id: UUID


@dataclass(slots=True)
class Rows:
    """The rows to write, by what becomes of them."""

    effects: list[Row] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    reversals: list[Row] = field(default_factory=list)
    standings: list[Row] = field(default_factory=list)
    withdrawn_standings: list[Row] = field(default_factory=list)
    claims: dict[UUID, Row] = field(default_factory=dict)
    withdrawn_claims: dict[UUID, Row] = field(default_factory=dict)
    claim_figures: dict[UUID, Row] = field(default_factory=dict)
    wallets: WalletRows = field(default_factory=WalletRows)
    current_standings: list[Row] = field(default_factory=list)
    counters: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    members: list[Row] = field(default_factory=list)
    joinings: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    caused: list[Caused] = field(default_factory=list)


async def write_rows(
    connection: Connection, business_id: UUID, rows: Rows, now: datetime, *, rationed_locked: bool
) -> None:
    """Write everything; a broken floor or key ends the transaction."""
    await insert_rows(connection, Effect, rows.effects)
    await _write_transfers(connection, business_id, rows, now, rationed_locked=rationed_locked)
    await update_rows(connection, Standing, rows.withdrawn_standings)
    await insert_rows(connection, Standing, rows.standings)
    await insert_rows(connection, Claim, list(rows.claims.values()))
    await update_rows(connection, Claim, list(rows.withdrawn_claims.values()))
    await update_rows(connection, Claim, list(rows.claim_figures.values()))
    await _write_wallets(connection, rows.wallets)
    await upsert_rows(
        connection,
        CurrentStanding,
        rows.current_standings,
        update=(
            "tier",
            "since",
            "until_at",
            "next_review_at",
            "standing_id",
            "cycle_anchor",
            "cycle_began_at",
            "cycle_source",
            "cycle_external_id",
            "cycle_ends_on",
            "notice_tier",
            "notice_at",
            "noticed_at",
        ),
    )
    await upsert_rows(connection, Counter, rows.counters, update=("used",))
    await upsert_rows(connection, Parked, rows.parked, update=("error", "parked_at", "resolved_at"))
    await insert_rows(connection, Outbox, rows.events)
    await update_rows(connection, Member, rows.members)
    await update_rows(connection, Member, rows.joinings)


async def _write_wallets(connection: Connection, rows: WalletRows) -> None:
    await upsert_rows(
        connection,
        Lot,
        rows.lots,
        update=("amount", "remaining", "expired", "expires_at", "pending", "releases_at", "funding"),
    )
    await upsert_rows(connection, PointUse, rows.uses, update=("amount",))
    await upsert_rows(connection, Hold, rows.holds, update=("captured", "state", "closed_at"))


async def _write_transfers(
    connection: Connection, business_id: UUID, rows: Rows, now: datetime, *, rationed_locked: bool
) -> None:
    needed = [account for move in rows.moves for account in (move.debit, move.credit)]
    if not rationed_locked and (any(key[0] in RATIONED for key in needed) or _is_rationed(rows.reversals)):
        await lock_rationed(connection, business_id)
    found = await accounts(connection, business_id, needed, now) if needed else {}
    transfers = [
        {**move.row, "debit_account_id": found[move.debit], "credit_account_id": found[move.credit]}
        for move in rows.moves
    ] + rows.reversals
    await insert_rows(connection, Transfer, transfers)


def _is_rationed(reversals: Sequence[Row]) -> bool:
    return any(row["code"] in ("partner_award", "use_quota") for row in reversals)
