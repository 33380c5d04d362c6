"""What time it is: everything that needs to know is given a clock, and nothing reads the host's by itself."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

LARGEST_CORRECTION = timedelta(minutes=5)
"""By how much the host's clock may be put right at once; more is a jump."""

TELL_AGAIN_SECONDS = 600.0

_logger = logging.getLogger(__name__)


class ClockJumped(RuntimeError):
    """The host's clock shows another instant than the time that has passed gives."""

    def __init__(self, jump: timedelta) -> None:
        where = "ahead of" if jump > timedelta(0) else "behind"
        super().__init__(
            f"The clock of this machine is {abs(jump)} {where} what has passed since it was right"
        )


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


def counted_seconds() -> float:
    """Seconds on a counter that nobody sets, and that counts in sleep too.

    On Linux that is the one since the start; elsewhere a monotonic clock counts in sleep, though Python's own
    may not.
    """
    counters = (getattr(time, name, None) for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"))
    counter = next((each for each in counters if each is not None), None)
    return time.monotonic() if counter is None else time.clock_gettime(counter)


def counted_nanoseconds() -> int:
    """Nanoseconds on a counter that nobody sets, for how long something took."""
    return time.monotonic_ns()


class SteadyClock:
    """A clock that is believed while it goes as a counter does; small corrections are followed.

    It is taken to be right when this is made. From a jump on it does not tell the time until it is put right.
    """

    def __init__(self, clock: Clock | None = None, counted: Callable[[], float] = counted_seconds) -> None:
        self._clock = clock or SystemClock()
        self.counted = counted
        self._right, self._count = self._clock.now(), counted()

    def now(self) -> datetime:
        """The present instant, in UTC; raises ClockJumped after a jump."""
        now, count = self._clock.now(), self.counted()
        jump = now - self._right - timedelta(seconds=count - self._count)
        if abs(jump) > LARGEST_CORRECTION:
            raise ClockJumped(jump)
        self._right, self._count = now, count
        return now


class WatchedClock:
    """A steady clock that tells the operator of a jump, now and again, and when it is right once more.

    ``waiting`` says in words what does not happen meanwhile.
    """

    def __init__(self, clock: SteadyClock, waiting: str) -> None:
        self._clock = clock
        self._waiting = waiting
        self._told_at: float | None = None

    def now(self) -> datetime:
        """The present instant, in UTC; raises ClockJumped after a jump."""
        try:
            now = self._clock.now()
        except ClockJumped as jumped:
            self._tell(jumped, self._clock.counted())
            raise
        if self._told_at is not None:
            self._told_at = None
            _logger.warning("The clock of this machine is believed again.")
        return now

    def _tell(self, jumped: ClockJumped, count: float) -> None:
        if self._told_at is None or count - self._told_at >= TELL_AGAIN_SECONDS:
            self._told_at = count
            _logger.error(
                "%s. %s until it is put right; if it is right now, start this process again.",
                jumped,
                self._waiting,
            )


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return at.astimezone(UTC)
