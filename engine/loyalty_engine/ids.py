"""Makes the ids of rows: UUIDs of version 7 (RFC 9562), which know the order of arrival, deciding nothing."""

import secrets
import threading
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_COUNTER_BITS = 74


class IdSource:
    """Makes ids of which each is greater than the one before, also when the clock steps back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._counter = 0

    def __call__(self) -> UUID:
        """The next id."""
        with self._lock:
            self._advance(time.time_ns() // 1_000_000)
            milliseconds, counter = self._milliseconds, self._counter
        high = counter >> 62
        low = counter & ((1 << 62) - 1)
        return UUID(int=milliseconds << 80 | _VERSION_7 | high << 64 | _VARIANT | low)

    def _advance(self, milliseconds: int) -> None:
        self._counter += 1 + secrets.randbits(32)
        if milliseconds > self._milliseconds:
            self._milliseconds = milliseconds
            self._counter = secrets.randbits(_COUNTER_BITS - 1)
        elif self._counter >> _COUNTER_BITS:
            self._milliseconds += 1
            self._counter = secrets.randbits(_COUNTER_BITS - 1)


new_id = IdSource()
"""The ids of this process."""
