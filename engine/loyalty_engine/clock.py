"""What time it is: everything that needs to know is given a clock, and nothing reads the host's by itself."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

LARGEST_CORRECTION = timedelta(minutes=5)
"""By how much the host's clock may be put right at once; more is a jump."""


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
    """Seconds on a counter that nobody sets; where the system has one, on one that counts in sleep too."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


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


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return at.astimezone(UTC)
