"""Events that wait to be published, and the positions that they are given."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from loyalty_engine.store.connection import Connection

# An event's place is the greatest id among the member's events up to it, because a member's own numbering
# decides where ids of several processes disagree with it.
_PUBLISH = """
WITH waiting AS (
    SELECT o.event_id, o.member_sequence, o.member_id,
           max(o.event_id::text COLLATE "C") OVER (
               PARTITION BY o.member_id ORDER BY o.member_sequence) AS place
    FROM outbox o WHERE o.business_id = $1 AND o.position IS NULL
), chosen AS (
    SELECT w.event_id, row_number() OVER (ORDER BY w.place, w.member_id, w.member_sequence) AS number
    FROM waiting w ORDER BY w.place, w.member_id, w.member_sequence LIMIT 5000
)
UPDATE outbox o SET position = $2 + c.number, published_at = $3
FROM chosen c WHERE o.business_id = $1 AND o.event_id = c.event_id
"""

_LOCK_POSITION = """
SELECT b.event_position FROM business b WHERE b.business_id = $1 FOR NO KEY UPDATE SKIP LOCKED
"""

_MOVE_POSITION = "UPDATE business SET event_position = event_position + $2 WHERE business_id = $1"


async def publish_waiting(connection: Connection, business_id: UUID, at: datetime) -> int:
    """Gives up to 5,000 waiting events the business's next positions, and returns how many.

    The events of a member keep their order. While another transaction publishes, or changes the business,
    nothing is done.
    """
    last = await connection.fetchval(_LOCK_POSITION, business_id)
    if last is None:
        return 0
    status = await connection.execute(_PUBLISH, business_id, last, at)
    published = int(status.rpartition(" ")[2])
    if published:
        await connection.execute(_MOVE_POSITION, business_id, published)
    return published
