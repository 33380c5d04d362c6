"""Who works on a simulation may be gone, be another one, or find it cancelled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from loyalty_engine.entities.simulation import ATTEMPTS_MOST
from loyalty_engine.services import cancel_simulation, continue_simulation, simulation
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.program_commands import (
    CancelSimulation,
    SimulationCancelled,
)
from loyalty_engine.services.simulation import Simulated, simulate_program
from loyalty_engine.services.simulation_counts import previewed
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.simulations import advance_simulation, simulation_lock
from tests.server import as_app
from tests.services.shop import NOW, done, new_shop
from tests.services.simulated import (
    OWN,
    in_small_chunks,
    killed,
    preview,
    row,
    through,
)
from tests.services.test_simulation import STRICT, crowd


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of four members."""
    in_small_chunks(monkeypatch)


async def test_a_worker_that_dies_in_a_chunk_leaves_it_to_another(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    at_once = done(
        await simulate_program(shop.engine, shop.caller, STRICT.replace("SLUG", shop.slug), None, OWN),
        Simulated,
    )
    simulation_id = await preview(shop)
    for _ in range(3):
        await continue_simulation(shop.engine, shop.business_id)
    half_way = await row(shop, simulation_id)
    assert (half_way["state"], half_way["members_done"], half_way["heartbeat_at"]) == ("running", 8, NOW)
    for attempts in range(1, ATTEMPTS_MOST):
        await killed(shop, monkeypatch)
        assert dict(await row(shop, simulation_id)) == {**half_way, "attempts": attempts}
    await continue_simulation(shop.engine, shop.business_id)
    assert (await row(shop, simulation_id))["attempts"] == 0
    await killed(shop, monkeypatch)
    await through(shop)
    assert (await row(shop, simulation_id))["counted"] == previewed(None, at_once)


async def test_a_chunk_from_which_nobody_comes_back_is_not_begun_for_ever(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    simulation_id, further = await preview(shop), await preview(shop)
    await continue_simulation(shop.engine, shop.business_id)
    for _ in range(ATTEMPTS_MOST):
        await killed(shop.restarted(), monkeypatch)
    assert (await row(shop, simulation_id))["state"] == "running"
    await through(shop)
    found = await row(shop, simulation_id)
    assert (found["state"], found["failure"], found["chunks"]) == ("failed", "lost", 1)
    assert (await row(shop, further))["state"] == "done"


async def test_a_worker_that_loses_its_connection_leaves_its_chunk_to_another(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    from loyalty_engine.services import simulating

    shop = await new_shop(app_database)
    await crowd(shop, 1)
    simulation_id = await preview(shop)

    async def cut_off(engine: Engine, connection: Connection, *others: Any) -> Any:
        superuser = await asyncpg.connect(database)
        try:
            await superuser.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        finally:
            await superuser.close()
        return await simulation.preview(engine, connection, *others)

    await continue_simulation(shop.engine, shop.business_id)
    with monkeypatch.context() as patched:
        patched.setattr(simulating, "preview", cut_off)
        with suppress(OSError, asyncpg.PostgresConnectionError):
            assert await continue_simulation(shop.engine, shop.business_id) == 0
    found = await row(shop, simulation_id)
    assert (found["state"], found["chunks"], found["attempts"]) == ("running", 1, 1)
    await through(shop)
    assert (await row(shop, simulation_id))["state"] == "done"


async def test_a_worker_needs_one_connection_for_a_simulation(database: str) -> None:
    opened = await Database.connect(as_app(database), max_size=1)
    try:
        shop = await new_shop(opened)
        await crowd(shop, 1, 3)
        simulation_id = await preview(shop)
        async with asyncio.timeout(60):
            await asyncio.gather(*(continue_simulation(shop.engine, shop.business_id) for _ in range(3)))
            await through(shop)
        assert (await row(shop, simulation_id))["state"] == "done"
    finally:
        await opened.close()


async def test_two_workers_never_do_the_same_one(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    first = await preview(shop)
    async with app_database.writing(shop.business_id) as other:
        await other.execute("SELECT pg_advisory_xact_lock($1)", simulation_lock(first))
        assert await continue_simulation(shop.engine, shop.business_id) == 0
        second = await preview(shop)
        await through(shop)
        assert (await row(shop, second))["state"] == "done"
        assert (await row(shop, first))["chunks"] == 0
    workers = (continue_simulation(shop.engine, shop.business_id) for _ in range(6))
    done_by = sum(await asyncio.gather(*workers))
    assert (await row(shop, first))["chunks"] == done_by
    await through(shop)
    assert (await row(shop, first))["members_done"] == 15


async def test_a_cancelled_simulation_goes_no_further_and_does_not_wait_for_its_worker(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    simulation_id = await preview(shop)
    await continue_simulation(shop.engine, shop.business_id)
    await continue_simulation(shop.engine, shop.business_id)
    async with app_database.writing(shop.business_id) as worker:
        await worker.execute("SELECT pg_advisory_xact_lock($1)", simulation_lock(simulation_id))
        command = CancelSimulation(simulation_id)
        ended = done(
            await cancel_simulation(shop.engine, shop.caller, shop.key(), command), SimulationCancelled
        )
        assert ended.cancelled
    assert await through(shop) == 0
    found = await row(shop, simulation_id)
    assert (found["state"], found["members_done"], found["ended_at"]) == ("cancelled", 4, NOW)
    again = await cancel_simulation(shop.engine, shop.caller, shop.key(), command)
    assert not done(again, SimulationCancelled).cancelled


async def test_what_a_chunk_came_to_counts_no_more_when_it_was_cancelled_meanwhile(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loyalty_engine.services import simulating

    shop = await new_shop(app_database)
    await crowd(shop, 1)
    simulation_id = await preview(shop)
    await continue_simulation(shop.engine, shop.business_id)

    written = []

    async def cancelled_before(*given: Any) -> bool:
        await cancel_simulation(shop.engine, shop.caller, shop.key(), CancelSimulation(simulation_id))
        written.append(await advance_simulation(*given))
        return written[0]

    with monkeypatch.context() as patched:
        patched.setattr(simulating, "advance_simulation", cancelled_before)
        await continue_simulation(shop.engine, shop.business_id)
    assert written == [False]
    found = await row(shop, simulation_id)
    assert (found["state"], found["members_done"], found["moved"]) == ("cancelled", 0, None)


async def test_a_defect_that_stays_ends_a_simulation_and_not_its_worker(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loyalty_engine.services import simulating

    shop = await new_shop(app_database)
    simulation_id = await preview(shop)

    async def wrong(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(simulating, "last_member", wrong)
    for attempts in range(1, ATTEMPTS_MOST):
        assert await continue_simulation(shop.engine, shop.business_id) == 0
        found = await row(shop, simulation_id)
        assert (found["state"], found["attempts"]) == ("queued", attempts)
    assert await continue_simulation(shop.engine, shop.business_id) == 0
    found = await row(shop, simulation_id)
    assert (found["state"], found["failure"]) == ("failed", "defect")
