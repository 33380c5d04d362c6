"""The keys of effects, lots and spendings in rows."""

from __future__ import annotations

import asyncpg

from loyalty_engine.ledger.effects import Cause, EffectKey


def cause_of(row: asyncpg.Record) -> Cause:
    """The cause in a row."""
    return Cause(row["cause_kind"], row["cause_key"])


def key_of(row: asyncpg.Record) -> EffectKey:
    """The effect key in a row."""
    return EffectKey(cause_of(row), row["rule"], row["slot"])


def key_columns(key: EffectKey) -> dict[str, str]:
    """The columns of a key."""
    return {
        "cause_kind": key.cause.kind,
        "cause_key": key.cause.key,
        "rule": key.rule,
        "slot": key.slot,
    }
