"""Idempotency: the operation row, taken first and filled with the outcome in the same transaction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection
from loyalty_engine.store.json_text import json_text

WAIT_SECONDS = 2.0
"""How long a request waits for another one under the same key."""

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.005, 0.1
"""Between two looks at a key that is held; each pause is twice the one before."""

AT_ONCE = "1ms"
"""How long a key is waited for with a connection in hand, which others may need."""

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class KnownOperation:
    """What was done under the key before."""

    mutation: str
    input_hash: bytes
    outcome: Any


class StillRunning(Exception):
    """Another request holds the key; nothing was done, and the transaction can only be taken back."""


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

    Raises StillRunning when another transaction holds the key.
    """
    await connection.fetchval(_LOCK_TIMEOUT, AT_ONCE)
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


async def once_it_is_free(attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """What comes of an attempt, made again as long as another request holds its key.

    Whoever waits has no connection meanwhile, so that many who do leave the others theirs. Raises
    StillRunning after WAIT_SECONDS.
    """
    time = asyncio.get_running_loop().time
    until, pause = time() + WAIT_SECONDS, SHORTEST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except StillRunning:
            left = until - time()
            if left <= 0:
                raise
            await asyncio.sleep(min(pause * random.uniform(0.5, 1.5), left))  # noqa: S311 - nobody guesses a pause
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
