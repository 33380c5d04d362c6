"""Transfers move what their effect's slot says, between the accounts that it names."""

from __future__ import annotations

import asyncpg

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.services.movements import movement_of
from loyalty_engine.services.verification.checks import Chunk
from loyalty_engine.store.ledger import AccountKey
from loyalty_engine.store.verification.promises import Broken
from loyalty_engine.store.verification.rows import transfer_rows


class Transfers:
    """Every transfer has its effect, whose slot says between which accounts and under which code."""

    name = "transfers"
    says = "a transfer has its effect, and moves between the accounts and under the code of the effect's slot"

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first transfer that moves something else."""
        for row in await transfer_rows(chunk.connection, chunk.business_id, chunk.ids):
            stored, rebuilt = _stored(row), _rebuilt(row)
            if stored != rebuilt:
                return Broken(row["member_id"], f"transfer {row['transfer_id']}", stored, rebuilt)
        return None


def _stored(row: asyncpg.Record) -> str:
    return _said(
        row["code"],
        row["currency"],
        _account(row, "debit"),
        _account(row, "credit"),
        row["member_id"],
        row["effective_at"],
    )


def _rebuilt(row: asyncpg.Record) -> str:
    if row["slot"] is None:
        return "nothing, as there is no effect"
    key = EffectKey(Cause(row["cause_kind"], row["cause_key"]), row["rule"], row["slot"])
    try:
        movement = movement_of(key, row["effect_member_id"])
    except (KeyError, ValueError):
        return f"nothing, as {row['slot']!r} moves no points"
    debit, credit = movement.debit, movement.credit
    if row["value"] < 0:
        debit, credit = credit, debit
    return _said(movement.code, movement.currency, debit, credit, row["effect_member_id"], row["effect_at"])


def _account(row: asyncpg.Record, side: str) -> AccountKey:
    names = ("kind", "currency", "member_id", "promotion", "partner")
    kind, currency, member_id, promotion, partner = (row[f"{side}_{name}"] for name in names)
    return (kind, currency, member_id, promotion, partner)


def _said(*parts: object) -> str:
    code, currency, debit, credit, member_id, at = parts
    return f"{code} {currency} from {debit} to {credit} of {member_id} at {at}"
