"""Adjustments as rows."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from loyalty_engine.store.connection import Connection

_BY_ID = """
SELECT adjustment_id, member_id, currency, amount, reason, needs_approval, asked_by, decision
FROM adjustment WHERE business_id = $1 AND adjustment_id = $2
"""


async def adjustment_by_id(
    connection: Connection, business_id: UUID, adjustment_id: UUID
) -> asyncpg.Record | None:
    """An adjustment; read it again under its member's lock before anything is decided."""
    return await connection.fetchrow(_BY_ID, business_id, adjustment_id)
