"""Simulations of a shop: asked for, done in chunks by a worker that may be gone, and read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from loyalty_engine.program.plan import Plan
from loyalty_engine.services import continue_simulation, queue_simulation
from loyalty_engine.services.program_commands import SimulateProgram, SimulationQueued
from tests.services.shop import Shop, done
from tests.services.test_simulation import STRICT, checksum, plan

REGRADE = {"ladders": {"status": {"claims": "regrade_now"}}}
OWN: Plan = plan(claims="regrade_now")


async def queue(shop: Shop, program: str = STRICT, **values: Any) -> Any:
    """The id of a simulation that waits."""
    command = SimulateProgram(source=program.replace("SLUG", shop.slug), **values)
    queued = await queue_simulation(shop.engine, shop.caller, shop.key(), command)
    return done(queued, SimulationQueued).simulation_id


async def preview(shop: Shop, **values: Any) -> Any:
    """The id of a preview that waits."""
    return await queue(shop, plan=REGRADE, **values)


async def row(shop: Shop, simulation_id: Any) -> Any:
    """A simulation as it is stored."""
    query = "SELECT * FROM simulation WHERE business_id = $1 AND simulation_id = $2"
    async with shop.engine.database.reading(shop.business_id) as connection:
        return await connection.fetchrow(query, shop.business_id, simulation_id)


async def through(shop: Shop) -> int:
    """All chunks that wait; how many there were."""
    count = 0
    while await continue_simulation(shop.engine, shop.business_id):
        count += 1
    return count


async def killed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is gone when it has done a chunk and not yet written what came of it."""
    from loyalty_engine.services import simulating

    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> bool:
        reached.set()
        await never.wait()
        return True

    with monkeypatch.context() as patched:
        patched.setattr(simulating, "advance_simulation", hang)
        working = asyncio.create_task(continue_simulation(shop.engine, shop.business_id))
        reaching = asyncio.create_task(reached.wait())
        await asyncio.wait((working, reaching), return_when=asyncio.FIRST_COMPLETED)
        reaching.cancel()
        assert reached.is_set()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working


async def others(shop: Shop) -> list[tuple[str, object]]:
    """Everything in other tables."""
    return [each for each in await checksum(shop) if each[0] not in ("simulation", "operation")]


def in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of four members."""
    from loyalty_engine.services import backtest_chunks
    from loyalty_engine.store import simulations
    from loyalty_engine.store.verification import business

    monkeypatch.setattr(backtest_chunks, "AT_ONCE", 2)
    for module, name in ((business, "_MEMBERS"), (simulations, "_JOINED_AFTER")):
        smaller = getattr(module, name).replace("LIMIT 200", "LIMIT 4")
        assert smaller != getattr(module, name)
        monkeypatch.setattr(module, name, smaller)
