"""Idempotency: the operation row, taken first and filled with the outcome in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.json_text import json_text

WAIT = "2s"
"""How long a request waits for another one under the same key."""


@dataclass(frozen=True, slots=True)
class KnownOperation:
    """What was done under the key before."""

    mutation: str
    input_hash: bytes
    outcome: Any


class StillRunning(Exception):
    """Another request under the same key has not ended within the time that one waits for it."""


_TAKE = """
INSERT INTO operation (business_id, actor, key, mutation, input_hash, started_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true
"""
_KNOWN = """
SELECT mutation, input_hash, outcome FROM operation WHERE business_id = $1 AND actor = $2 AND key = $3
"""
_FINISH = """
UPDATE operation SET outcome = $4::text::jsonb WHERE business_id = $1 AND actor = $2 AND key = $3
"""
_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', $1, true)"


async def take_operation(
    connection: Connection,
    business_id: UUID,
    actor: str,
    key: str,
    mutation: str,
    input_hash: bytes,
    now: datetime,
) -> KnownOperation | None:
    """Take the key for this transaction; or what was done under it before.

    Raises StillRunning when another transaction holds the key for longer than WAIT.
    """
    await connection.fetchval(_LOCK_TIMEOUT, WAIT)
    try:
        taken = await connection.fetchval(_TAKE, business_id, actor, key, mutation, input_hash, now)
    except asyncpg.LockNotAvailableError as error:
        raise StillRunning(key) from error
    await connection.fetchval(_LOCK_TIMEOUT, "0")
    if taken:
        return None
    row = await connection.fetchrow(_KNOWN, business_id, actor, key)
    if row is None:
        raise LookupError("the operation under this key is neither new nor known")
    return KnownOperation(row["mutation"], row["input_hash"], row["outcome"])


async def finish_operation(
    connection: Connection, business_id: UUID, actor: str, key: str, outcome: object
) -> None:
    """Keep the outcome, for ever."""
    await connection.execute(_FINISH, business_id, actor, key, json_text(outcome))
