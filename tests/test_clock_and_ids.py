"""Clocks are given, and ids know the order of arrival."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from loyalty_engine.clock import FixedClock, SystemClock
from loyalty_engine.ids import IdSource, new_id


def test_the_system_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)  # noqa: TID251 - the host is asked


def test_a_fixed_clock_stands_where_it_was_set() -> None:
    clock = FixedClock(datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))))
    assert clock.now() == clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    clock.set(datetime(2025, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2025


def test_a_clock_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001 - meant


def test_ids_are_of_version_7_and_carry_the_time() -> None:
    made = new_id()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert abs((made.int >> 80) / 1000 - SystemClock().now().timestamp()) < 5


def test_ids_grow_also_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    source = IdSource()
    instants = iter([5, 9, 9, 3, 3, 10] * 100)
    monkeypatch.setattr("loyalty_engine.ids.time.time_ns", lambda: next(instants) * 1_000_000)
    ids = [source() for _ in range(600)]
    assert ids == sorted(set(ids))


def test_ids_of_several_threads_differ() -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: new_id(), range(10_000)))
    assert len(set(ids)) == 10_000
