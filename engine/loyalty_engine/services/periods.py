"""What comes too late for its own instant: refused or booked now, as the program says (BEHAVIOUR L21)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program.file import ProgramSection
from loyalty_engine.rating import Rulebook
from loyalty_engine.services.engine import Business
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Periods:
    """What is open at ``now``, which was read when the members were locked."""

    business: Business
    program: ProgramSection
    now: datetime

    @property
    def joining_moves(self) -> bool:
        """Whether an activity before joining moves joining to it."""
        return self.program.earlier == "moves_joining"

    def booked_at(self, occurred_at: datetime, *path: str) -> datetime:
        """Its own instant where that is open, else now; raises Refused where what is late is refused."""
        late = self.program.late
        if late is None:
            return occurred_at
        since = self._open_since(late.days)
        if occurred_at >= since:
            return occurred_at
        if late.then == "book_now":
            return self.now
        raise Refused(
            Refusal(RefusalCode.PERIOD_CLOSED, "period-closed", {"since": since.isoformat()}, path or None)
        )

    def booked_behind(self, occurred_at: datetime, counted_at: datetime, *path: str) -> datetime:
        """The same for what is about something else, and never counts before that does."""
        booked_at = self.booked_at(occurred_at, *path)
        return max(self.now, counted_at) if booked_at < counted_at else booked_at

    def _open_since(self, days: int) -> datetime:
        """The first instant of the first local day that is not too long ago."""
        zone = self.business.zone
        return first_instant(local_day(self.now, zone) - timedelta(days=days), zone)


def open_periods(business: Business, rulebook: Rulebook, now: datetime) -> Periods:
    """What is open now; the members of whom something is recorded are locked."""
    return Periods(business, rulebook.in_force(now).program.file.program, now)
