"""Events of one member, numbered without gaps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.services.posting import Row, Rows


class Events:
    """Adds events to the outbox; ``count`` is the number of the last one."""

    def __init__(self, own: Row, rows: Rows, now: datetime, count: int) -> None:
        self._own = own
        self._rows = rows
        self._now = now
        self.count = count

    def add(self, kind: str, effect_id: UUID | None, body: Row) -> None:
        """The next event of the member; its body holds ids and keys only."""
        self.count += 1
        self._rows.events.append(
            {
                **self._own,
                "event_id": new_id(),
                "member_sequence": self.count,
                "type": kind,
                "effect_id": effect_id,
                "body": body,
                "recorded_at": self._now,
            }
        )
