"""A worker whose host's clock jumps does not let time pass for anybody (BEHAVIOUR L50)."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from loyalty_engine.clock import TELL_AGAIN_SECONDS, ClockJumped, FixedClock, SteadyClock
from loyalty_engine.jobs.worker import work
from loyalty_engine.services import advance_due
from loyalty_engine.store.database import Database
from tests.services.shop import NOW, Shop, new_shop

LATER = NOW.replace(year=2028)
MINUTE = timedelta(minutes=1)
NO_TIME = timedelta()


class Host:
    """A machine: its clock, which can be set, and its counter, which only counts."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.seconds = 100.0

    def pass_by(self, time: timedelta) -> None:
        """Time passes as it should."""
        self.clock.set(self.clock.now() + time)
        self.seconds += time.total_seconds()

    def jump(self, time: timedelta) -> None:
        """Somebody sets the clock."""
        self.clock.set(self.clock.now() + time)

    def steady_clock(self) -> SteadyClock:
        return SteadyClock(self.clock, lambda: self.seconds)


def test_a_clock_is_believed_however_long_it_goes_as_it_should() -> None:
    host = Host()
    clock = host.steady_clock()
    for time in (MINUTE, timedelta(days=400), timedelta()):
        host.pass_by(time)
        assert clock.now() == host.clock.now()


@pytest.mark.parametrize("step", [5 * MINUTE, -5 * MINUTE])
def test_small_corrections_are_followed_also_where_they_add_up(step: timedelta) -> None:
    host = Host()
    clock = host.steady_clock()
    for _ in range(10):
        host.jump(step)
        assert clock.now() == host.clock.now()
        host.pass_by(MINUTE)


@pytest.mark.parametrize("step", [5 * MINUTE + timedelta(seconds=1), -timedelta(days=1), LATER - NOW])
def test_a_jump_is_refused_until_the_clock_is_put_right(step: timedelta) -> None:
    host = Host()
    clock = host.steady_clock()
    host.jump(step)
    for _ in range(3):
        with pytest.raises(ClockJumped, match=f"{abs(step)} {'ahead' if step > NO_TIME else 'behind'}"):
            clock.now()
        host.pass_by(timedelta(hours=1))
    host.jump(-step)
    assert clock.now() == host.clock.now()


def test_the_counter_of_this_machine_goes_as_its_clock_does() -> None:
    assert SteadyClock().now() <= SteadyClock().now()


async def due_shop(database: Database, host: Host) -> Shop:
    """A business by the host's clock whose member has points that lapse, and a review, before LATER."""
    shop = await new_shop(database, clock=host.clock, clock_at=None)
    await shop.enrol()
    await shop.buy(100)
    return shop


async def until_told(caplog: pytest.LogCaptureFixture, words: str, times: int = 1) -> None:
    async with asyncio.timeout(60):
        while sum(words in record.getMessage() for record in caplog.records) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def all_published(shop: Shop) -> None:
    async with asyncio.timeout(60):
        while await shop.value("SELECT count(*) FROM outbox WHERE position IS NULL"):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_worker_tells_of_a_jump_sweeps_nobody_and_publishes_events_all_the_same(
    app_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    host = Host()
    shop, stop = await due_shop(app_database, host), asyncio.Event()
    with caplog.at_level(logging.INFO):
        working = asyncio.create_task(
            work(shop.engine, stop, pause_seconds=0.005, sweeping=host.steady_clock())
        )
        await all_published(shop)
        host.jump(LATER - NOW)
        await until_told(caplog, "ahead of what has passed")
        host.pass_by(timedelta(seconds=TELL_AGAIN_SECONDS))
        await until_told(caplog, "ahead of what has passed", 2)
        await shop.buy(1)
        await all_published(shop)
        assert await shop.value("SELECT count(*) FROM fact WHERE recorded_at > $1", LATER) == 1
        assert await shop.balance() > 100
        assert await shop.value("SELECT folded_until <= $1 FROM member", NOW)
        host.jump(NOW - LATER)
        await until_told(caplog, "believed again")
        stop.set()
        await working
    told = [record for record in caplog.records if "ahead of what has passed" in record.getMessage()]
    assert {record.levelno for record in told} == {logging.ERROR}
    assert len(told) < 10


async def test_a_sandbox_with_a_clock_of_its_own_is_swept_whatever_the_host_says(
    app_database: Database,
) -> None:
    host = Host()
    sweeping = host.steady_clock()
    host.jump(-timedelta(days=1))
    shop = await new_shop(app_database, clock=host.clock, clock_at=NOW)
    await shop.enrol()
    await shop.buy(100)
    await shop.set_clock(LATER)
    assert await advance_due(shop.engine, sweeping=sweeping) == 1
    assert await shop.balance() == 0


async def test_businesses_by_the_hosts_clock_wait_and_do_not_hold_up_others(app_database: Database) -> None:
    host = Host()
    shop, sweeping = await due_shop(app_database, host), host.steady_clock()
    host.jump(LATER - NOW)
    assert await advance_due(shop.engine, sweeping=sweeping) == 0
    assert await shop.balance() == 100
    assert await advance_due(shop.engine, sweeping=SteadyClock(host.clock, lambda: host.seconds)) == 1
    assert await shop.balance() == 0
