"""Deleting personal data, the only deleting that there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty_engine.store.connection import Connection

_IDENTITIES = "DELETE FROM identity WHERE business_id = $1 AND member_id = ANY ($2::uuid[])"
_PROFILE = "DELETE FROM profile WHERE business_id = $1 AND member_id = ANY ($2::uuid[])"
_MEMBER = """
UPDATE member SET status = 'erased', event_count = $3, last_recorded_at = $4
WHERE business_id = $1 AND member_id = $2
"""


async def erase_personal_data(
    connection: Connection,
    business_id: UUID,
    member_id: UUID,
    absorbed: Sequence[UUID],
    event_count: int,
    now: datetime,
) -> None:
    """Delete what names a locked member, or those that went into it.

    The events so far, that of the erasure included, are counted.
    """
    ids = [member_id, *absorbed]
    await connection.execute(_IDENTITIES, business_id, ids)
    await connection.execute(_PROFILE, business_id, ids)
    await connection.execute(_MEMBER, business_id, member_id, event_count, now)
