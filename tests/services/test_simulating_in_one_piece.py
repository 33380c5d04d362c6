"""A back-test of what is rationed is one piece: it tells how far it is, can be cancelled, or begun again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from loyalty_engine.services import cancel_simulation, continue_simulation, simulating, trials
from loyalty_engine.services.backtest import Backtested, backtest_program
from loyalty_engine.services.program_commands import CancelSimulation, SimulationCancelled
from loyalty_engine.services.simulation_counts import backtested
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.simulations import tell_simulation
from tests.server import as_app
from tests.services.shop import Shop, done, new_shop
from tests.services.simulated import others, queue, row, through
from tests.services.test_backtest import SPRING, UNFUNDED, crowd
from tests.services.test_quotas import FUNDED

Between = Callable[[int, int], Awaitable[object]]
"""What happens before a worker writes how many members are done: the how-manieth time that is."""


async def asked(shop: Shop) -> UUID:
    """A back-test whose members are counted and not folded yet."""
    await crowd(shop, 5)
    simulation_id: UUID = await queue(shop, FUNDED, start=SPRING.start, end=SPRING.end)
    assert await continue_simulation(shop.engine, shop.business_id) == 1
    return simulation_id


def between(monkeypatch: pytest.MonkeyPatch, happens: Between) -> list[int]:
    """Tell after every five facts, and let something happen before; how many members were told of so far."""
    told: list[int] = []

    async def tell(
        connection: Connection, business_id: UUID, simulation_id: UUID, at: datetime, members_done: int
    ) -> bool:
        await happens(len(told), members_done)
        told.append(members_done)
        return await tell_simulation(connection, business_id, simulation_id, at, members_done)

    monkeypatch.setattr(trials, "TOLD_AFTER", 5)
    monkeypatch.setattr(simulating, "tell_simulation", tell)
    return told


async def at_once(shop: Shop, simulation_id: UUID) -> dict[str, Any]:
    """What the same back-test comes to where nobody interrupts it."""
    source = FUNDED.replace("SLUG", shop.slug)
    found = done(await backtest_program(shop.engine, shop.caller, source, SPRING), Backtested)
    compiled = shop.engine.draft(simulation_id, source)
    assert compiled is not None
    return backtested(compiled, found)


async def test_it_tells_how_many_members_are_done(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    simulation_id = await asked(shop)
    before, seen = await others(shop), []

    async def look(_: int, __: int) -> None:
        seen.append((await row(shop, simulation_id))["members_done"])

    told = between(monkeypatch, look)
    await through(shop)
    assert told == sorted(told)
    assert len(set(told)) > 5
    assert seen == [0, *told[:-1]]
    found = await row(shop, simulation_id)
    assert (found["state"], found["members_done"], found["members"]) == ("done", 12, 12)
    assert found["counted"] == await at_once(shop, simulation_id)
    assert await others(shop) == before


async def test_it_is_cancelled_in_its_midst(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    simulation_id = await asked(shop)

    async def cancel(times: int, _: int) -> None:
        if times == 2:
            command = CancelSimulation(simulation_id)
            ended = await cancel_simulation(shop.engine, shop.caller, shop.key(), command)
            assert done(ended, SimulationCancelled).cancelled

    told = between(monkeypatch, cancel)
    assert await continue_simulation(shop.engine, shop.business_id) == 1
    found = await row(shop, simulation_id)
    assert (found["state"], found["members_done"], len(told)) == ("cancelled", told[1], 3)
    assert await through(shop) == 0


async def test_who_comes_after_a_worker_that_is_gone_begins_it_again(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    simulation_id = await asked(shop)
    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(_: int, members_done: int) -> None:
        if members_done > 6:
            reached.set()
            await never.wait()

    with monkeypatch.context() as patched:
        between(patched, hang)
        working = asyncio.create_task(continue_simulation(shop.engine, shop.business_id))
        reaching = asyncio.create_task(reached.wait())
        await asyncio.wait((working, reaching), return_when=asyncio.FIRST_COMPLETED)
        reaching.cancel()
        assert reached.is_set()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
    half_way = await row(shop, simulation_id)
    assert (half_way["state"], half_way["attempts"], half_way["members_done"] > 0) == ("running", 1, True)
    assert await through(shop) == 1
    found = await row(shop, simulation_id)
    assert (found["state"], found["members_done"]) == ("done", 12)
    assert found["counted"] == await at_once(shop, simulation_id)


async def test_its_worker_needs_one_connection(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = await Database.connect(as_app(database), max_size=1)
    try:
        shop = await new_shop(opened, UNFUNDED)
        simulation_id = await asked(shop)
        monkeypatch.setattr(trials, "TOLD_AFTER", 5)
        async with asyncio.timeout(60):
            await through(shop)
        assert (await row(shop, simulation_id))["state"] == "done"
    finally:
        await opened.close()
