"""What a row of a simulation may say, and what of it may change: constraints and triggers, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from loyalty_engine.entities import Simulation
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import insert_rows
from tests.database.world import NOON, new_world

PERIOD = {"kind": "backtest", "effective_at": None, "from_at": NOON - timedelta(days=1), "until_at": NOON}
ENDED = {"state": "done", "started_at": NOON, "ended_at": NOON, "counted": {}}


@pytest.mark.parametrize("values", [{}, PERIOD, {**PERIOD, "sample": 5000}, ENDED])
async def test_what_is_asked_for_and_done_is_kept(app_database: Database, values: dict[str, Any]) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        await insert_rows(connection, Simulation, [world.simulation(**values)])


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"effective_at": None}, "preview_of_an_instant"),
        ({"from_at": NOON}, "backtest_of_a_period"),
        ({**PERIOD, "until_at": None}, "backtest_of_a_period"),
        ({**PERIOD, "from_at": NOON}, "begins_before_it_ends"),
        ({"sample": 5}, "backtest_of_a_sample"),
        ({**PERIOD, "sample": 0}, "sample_bounds"),
        ({**PERIOD, "sample": 5001}, "sample_bounds"),
        ({"state": "stuck", "ended_at": NOON}, "state"),
        ({"state": "cancelled"}, "ended"),
        ({"ended_at": NOON}, "ended"),
        ({"state": "running"}, "started"),
        ({"state": "failed", "ended_at": NOON}, "failed_for_a_reason"),
        ({**ENDED, "failure": "defect"}, "failed_for_a_reason"),
        ({"state": "failed", "ended_at": NOON, "failure": "bad luck"}, "failure"),
        ({"source": None}, "forgotten_when_ended"),
        ({**ENDED, "source": None}, "forgotten_whole"),
    ],
)
async def test_what_cannot_be_is_refused(
    app_database: Database, values: dict[str, Any], constraint: str
) -> None:
    world = await new_world(app_database)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Simulation, [world.simulation(**values)])
    assert refused.value.constraint_name == f"simulation_{constraint}_check"


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ({}, "kind = 'backtest'"),
        ({}, "effective_at = effective_at + interval '1 day'"),
        ({}, "source = 'another'"),
        (ENDED, "state = 'cancelled'"),
        (ENDED, "counted = '{\"members\": 7}'"),
        (ENDED, "source = NULL, counted = NULL, state = 'cancelled'"),
    ],
)
async def test_what_is_tried_and_what_came_of_it_stays_as_it_is(
    app_database: Database, database: str, values: dict[str, Any], change: str
) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        await insert_rows(connection, Simulation, [world.simulation(**values)])
    superuser = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await superuser.execute(
                f"UPDATE simulation SET {change} WHERE business_id = $1",  # noqa: S608
                world.business_id,
            )
    finally:
        await superuser.close()


async def test_what_has_ended_can_be_forgotten(app_database: Database) -> None:
    world = await new_world(app_database)
    forget = "UPDATE simulation SET source = NULL, counted = NULL WHERE business_id = $1"
    async with app_database.writing(world.business_id) as connection:
        await insert_rows(connection, Simulation, [world.simulation(**ENDED)])
        assert await connection.execute(forget, world.business_id) == "UPDATE 1"
