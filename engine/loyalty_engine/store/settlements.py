"""Closed periods, and the lock by which closing waits for everything that is being recorded."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from loyalty_engine.store.connection import Connection

_LOCK = "SELECT pg_advisory_xact_lock($1)"
_CLOSED = """
SELECT partner_id, max(until_at) AS until_at FROM settlement WHERE business_id = $1 GROUP BY partner_id
"""


def settlement_lock(business_id: UUID) -> int:
    """The lock that whoever locks members shares, and that closing a period has alone."""
    return int.from_bytes(sha256(b"settlement" + business_id.bytes).digest()[:8], "big", signed=True)


async def lock_settlements(connection: Connection, business_id: UUID) -> None:
    """Wait until nothing is being recorded in the business, and hold back what comes until this is done."""
    await connection.execute(_LOCK, settlement_lock(business_id))


async def closed_until(connection: Connection, business_id: UUID) -> dict[UUID | None, datetime]:
    """Until when everything is closed, and under a partner's id until when its activities are, exclusive."""
    rows = await connection.fetch(_CLOSED, business_id)
    return {row["partner_id"]: row["until_at"] for row in rows}
