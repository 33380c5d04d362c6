"""What comes too late for its own instant: refused or booked now, as the program says (BEHAVIOUR L21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program.file import ProgramSection
from loyalty_engine.rating import Rulebook
from loyalty_engine.services.engine import Business
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.settlements import closed_until


@dataclass(frozen=True, slots=True)
class Periods:
    """What is open at ``now``, which was read when the members were locked.

    ``closed`` says until when everything is settled, and under a partner's id until when its activities are.
    """

    business: Business
    program: ProgramSection
    now: datetime
    closed: Mapping[UUID | None, datetime]

    @property
    def joining_moves(self) -> bool:
        """Whether an activity before joining moves joining to it."""
        return self.program.earlier == "moves_joining"

    def booked_at(self, occurred_at: datetime, partner_id: UUID | None, *path: str) -> datetime:
        """Its own instant where that is open, else now; raises Refused where what is late is refused."""
        since = self._open_since(partner_id)
        if since is None or occurred_at >= since:
            return occurred_at
        if self.program.late is not None and self.program.late.then == "book_now":
            return self.now
        raise Refused(
            Refusal(RefusalCode.PERIOD_CLOSED, "period-closed", {"since": since.isoformat()}, path or None)
        )

    def booked_behind(
        self, occurred_at: datetime, counted_at: datetime, partner_id: UUID | None, *path: str
    ) -> datetime:
        """The same for what is about something else, and never counts before that does."""
        booked_at = self.booked_at(occurred_at, partner_id, *path)
        return max(self.now, counted_at) if booked_at < counted_at else booked_at

    def _open_since(self, partner_id: UUID | None) -> datetime | None:
        """The first instant that is neither too long ago nor settled; None where nothing is closed."""
        ends = (self._limit(), self.closed.get(None), self.closed.get(partner_id))
        return max((end for end in ends if end is not None), default=None)

    def _limit(self) -> datetime | None:
        """The first instant of the first local day that is not too long ago."""
        late, zone = self.program.late, self.business.zone
        if late is None or late.days is None:
            return None
        return first_instant(local_day(self.now, zone) - timedelta(days=late.days), zone)


async def open_periods(
    connection: Connection, business: Business, rulebook: Rulebook, now: datetime
) -> Periods:
    """What is open now; the members of whom something is recorded are locked, so that it stays open."""
    closed = await closed_until(connection, business.business_id)
    return Periods(business, rulebook.in_force(now).program.file.program, now, closed)
