"""While the host's clock is not believed nothing is decided of points, because what lapses is gone (L50)."""

from __future__ import annotations

from datetime import timedelta

from loyalty_engine.clock import FixedClock, SteadyClock
from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.points_shop import TWO_MONTHS, PointsShop, points_shop, program
from tests.services.shop import NOW, done, new_shop, refused

YEAR = timedelta(days=365)
DAY = timedelta(days=1)
IN_TIME = NOW - DAY


async def shop_by(database: Database, clock: FixedClock) -> PointsShop:
    """Ann has a hundred points for two months; the host's clock is set, while no time is counted."""
    made = await new_shop(database, program(TWO_MONTHS), clock=clock, clock_at=None)
    engine = Engine(
        made.engine.database,
        made.engine.installed,
        clock,
        made.engine.secret_key,
        deciding=SteadyClock(clock, lambda: 0.0),
    )
    shop = PointsShop(engine, made.caller, made.slug)
    await shop.enrol()
    await shop.buy(100, IN_TIME)
    return shop


async def test_nothing_is_decided_while_the_clock_is_ahead_and_no_points_lapse(
    app_database: Database,
) -> None:
    clock = FixedClock(NOW)
    shop = await shop_by(app_database, clock)
    rows = await shop.row_counts()
    clock.set(NOW + YEAR)
    for _ in range(2):
        answer = refused(await shop.hold(10, NOW + 2 * YEAR, key="held"), RefusalCode.RETRYABLE)
        assert (answer.word, answer.retryable) == ("clock-jumped", True)
    assert await shop.row_counts() == rows
    clock.set(NOW)
    held = done(await shop.hold(10, NOW + DAY, key="held-again"), Recorded)
    done(await shop.capture(held.fact_id), Recorded)
    assert await shop.balance() == 90
    assert await broken(shop) == {}


async def test_what_is_recorded_while_the_clock_is_ahead_moves_no_later_decision_there(
    app_database: Database,
) -> None:
    clock = FixedClock(NOW)
    shop = await shop_by(app_database, clock)
    clock.set(NOW + YEAR)
    await shop.buy(1, IN_TIME)
    assert await shop.value("SELECT max(recorded_at) FROM fact") == NOW + YEAR
    clock.set(NOW)
    held = done(await shop.hold(10, NOW + DAY), Recorded)
    assert await shop.value("SELECT occurred_at FROM fact WHERE kind = 'hold'") == NOW
    done(await shop.capture(held.fact_id), Recorded)
    assert await shop.balance() == 91
    assert await broken(shop) == {}


async def test_what_was_decided_in_the_future_is_captured_behind_it(app_database: Database) -> None:
    clock = FixedClock(NOW)
    shop = await shop_by(app_database, clock)
    shop.engine.deciding = clock
    clock.set(NOW + 2 * DAY)
    held = done(await shop.hold(10, NOW + 3 * DAY), Recorded)
    clock.set(NOW)
    done(await shop.capture(held.fact_id), Recorded)
    places = await shop.rows(
        "SELECT kind FROM fact WHERE points IS NOT NULL OR about_fact_id IS NOT NULL ORDER BY occurred_at"
    )
    assert [kind for (kind,) in places] == ["hold", "capture"]
    assert await shop.balance() == 90
    assert await broken(shop) == {}


async def test_a_sandbox_decides_by_its_own_clock_whatever_the_host_says(app_database: Database) -> None:
    shop = await points_shop(app_database)
    host = FixedClock(NOW)
    shop.engine.deciding = SteadyClock(host, lambda: 0.0)
    host.set(NOW + YEAR)
    await shop.enrol()
    await shop.buy(100, IN_TIME)
    done(await shop.hold(10, NOW + DAY), Recorded)
