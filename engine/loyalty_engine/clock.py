"""What time it is: everything that needs to know is given a clock, and nothing reads the host's by itself."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is set, for tests and sandboxes."""

    def __init__(self, at: datetime) -> None:
        self._at = _in_utc(at)

    def now(self) -> datetime:
        """The instant to which the clock was set last."""
        return self._at

    def set(self, at: datetime) -> None:
        """Moves the clock, back as well as forth."""
        self._at = _in_utc(at)


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return at.astimezone(UTC)
