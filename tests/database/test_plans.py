"""How much of a long history is read for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from loyalty_engine.entities import Effect
from loyalty_engine.store.database import Database
from loyalty_engine.store.json_text import json_value
from loyalty_engine.store.reads import standings_then
from loyalty_engine.store.reads.moments import ALWAYS, Moment, moment_values
from loyalty_engine.store.reads.view import ViewStatement
from loyalty_engine.store.rows import insert_rows
from tests.database.world import NOON, World, new_member, new_world, one_of_each

LONG = 5000
OF_TIERS = {"standings": standings_then._STOOD, "claims": standings_then._CLAIMS}


async def long_history(database: Database, world: World, superuser: str) -> Moment:
    """A member with many effects on points and a few others, among many members."""
    async with database.writing(world.business_id) as connection:
        member_id = (await one_of_each(connection, world))["fact"]["member_id"]
        others = [await new_member(connection, world) for _ in range(50)]
        effects = [world.effect(member_id) for _ in range(LONG)]
        effects += [world.effect(other) for other in others for _ in range(20)]
        await insert_rows(connection, Effect, effects)
    analyst = await asyncpg.connect(superuser)
    try:
        await analyst.execute("ANALYZE effect")
    finally:
        await analyst.close()
    return Moment(member_id, NOON, ALWAYS)


def nodes_of(plan: Any) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)


@pytest.mark.parametrize("statement", OF_TIERS.values(), ids=OF_TIERS)
async def test_tiers_at_other_times_are_read_without_what_was_posted_on_points(
    app_database: Database, database: str, statement: ViewStatement
) -> None:
    world = await new_world(app_database)
    moment = await long_history(app_database, world, database)
    whole = statement._whole
    values = whole._ordered({"business_id": world.business_id, **moment_values([moment])})
    async with app_database.reading(world.business_id) as connection:
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {whole.text}", *values)
    ((plan,),) = (json_value(explained),)
    read = {
        node["Alias"]: node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes_of(plan["Plan"])
        if node.get("Relation Name") == "effect"
    }
    assert read
    assert max(read.values()) < 10, read
