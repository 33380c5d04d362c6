"""How much is read for an answer, of a long history and among many members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from loyalty_engine.entities import ActivityLine, Claim, Effect, Fact, Member, ProgramVersion
from loyalty_engine.ids import new_id
from loyalty_engine.measures.buckets import Wanted, by_day, given
from loyalty_engine.rules import Figure
from loyalty_engine.store import ledger, states
from loyalty_engine.store.database import Database
from loyalty_engine.store.json_text import json_value
from loyalty_engine.store.reads import standings, standings_then
from loyalty_engine.store.reads.moments import ALWAYS, Moment, moment_values
from loyalty_engine.store.reads.view import ViewStatement
from loyalty_engine.store.rows import Row, insert_rows
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.verification import rows as verification_rows
from tests.database.world import NOON, World, new_member, new_world, one_of_each

LONG = 5000
MANY, SOME, AT_ONCE = 2000, 5, 10
OF_TIERS = {"standings": standings_then._STOOD, "claims": standings_then._CLAIMS}


async def long_history(database: Database, world: World, superuser: str) -> Moment:
    """A member with many effects on points and a few others, among many members."""
    async with database.writing(world.business_id) as connection:
        member_id = (await one_of_each(connection, world))["fact"]["member_id"]
        others = [await new_member(connection, world) for _ in range(50)]
        effects = [world.effect(member_id) for _ in range(LONG)]
        effects += [world.effect(other) for other in others for _ in range(20)]
        await insert_rows(connection, Effect, effects)
    await analyse(superuser, "effect")
    return Moment(member_id, NOON, ALWAYS)


async def analyse(superuser: str, *tables: str) -> None:
    """Tells the planner what is in some tables."""
    analyst = await asyncpg.connect(superuser)
    try:
        await analyst.execute(f"ANALYZE {', '.join(tables)}")
    finally:
        await analyst.close()


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
    read = await rows_read(app_database, world, whole.text, values, "effect")
    assert read
    assert max(read.values()) < 10, read


async def rows_read(
    database: Database, world: World, text: str, values: Sequence[Any], *tables: str
) -> dict[str, float]:
    """Of each place at which a statement looks at one of the tables: the rows that it looked at."""
    async with database.reading(world.business_id) as connection:
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *values)
    return looked_at(explained, *tables)


def looked_at(explained: str, *tables: str) -> dict[str, float]:
    """Of each place of a plan at which one of the tables is looked at: the rows that were."""
    ((plan,),) = (json_value(explained),)
    return {
        node["Alias"]: node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes_of(plan["Plan"])
        if node.get("Relation Name") in tables
    }


async def many_members(database: Database, world: World, superuser: str) -> list[UUID]:
    """Some of very many members, each with a purchase of two lines and two claims."""
    members = [world.member() for _ in range(MANY)]
    effects = [world.effect(row["member_id"], kind="claim", value=1) for row in members for _ in range(2)]
    facts = [world.activity(row["member_id"]) for row in members]
    async with database.writing(world.business_id) as connection:
        await insert_rows(connection, Member, members)
        await insert_rows(connection, Effect, effects)
        await insert_rows(connection, Claim, [world.claim(effect) for effect in effects])
        await insert_rows(connection, Fact, facts)
        await insert_rows(connection, ActivityLine, [line for fact in facts for line in _lines(world, fact)])
    await analyse(superuser, "member", "effect", "claim", "fact", "activity_line")
    return [row["member_id"] for row in members[:SOME]]


def _lines(world: World, fact: Row) -> list[Row]:
    standard = {"fact_id": fact["fact_id"], "member_id": fact["member_id"], "amount": 5, "units": 1}
    return [world.row(**standard, line_key=key, category="tea") for key in "ab"]


CLAIMS = {
    "the stored state": states._CLAIMS,
    "a fold from the beginning": ledger._CLAIM_ROWS,
    "a verification": verification_rows._CLAIMS,
    "an answer": standings._CLAIMS._whole,
}


@pytest.mark.parametrize("statement", CLAIMS.values(), ids=CLAIMS)
async def test_claims_of_some_members_are_read_without_those_of_others(
    app_database: Database, database: str, statement: str | Statement
) -> None:
    world = await new_world(app_database)
    ids = await many_members(app_database, world, database)
    if isinstance(statement, str):
        text, values = statement, [world.business_id, ids]
    else:
        text, values = statement.text, statement._ordered({"business_id": world.business_id, "ids": ids})
    read = await rows_read(app_database, world, text, values, "claim", "effect")
    assert read
    assert max(read.values()) <= 4 * SOME, read


FIGURES = {
    "by category": Figure("count", categories=("tea",)),
    "by attribute": Figure("count", where=(("colour", ("green",)),)),
    "the largest": Figure("amount", taking="largest"),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
async def test_figures_of_some_members_are_read_without_the_facts_of_others(
    app_database: Database, database: str, figure: Figure
) -> None:
    world = await new_world(app_database)
    ids, wanted = await many_members(app_database, world, database), Wanted(figure, gross=False)
    statement = Statement(by_day(0, wanted))
    values = statement._ordered(given(world.business_id, ids, [wanted]))
    read = await rows_read(app_database, world, statement.text, values, "fact", "activity_line")
    assert read
    assert max(read.values()) <= 4 * SOME, read


async def test_whoever_is_due_is_found_without_those_who_are_not(
    app_database: Database, database: str
) -> None:
    world = await new_world(app_database)
    begun = world.row(program_version_id=new_id(), version=2, source="x", hash="0" * 64, rule_versions={})
    members = [world.member(rulebook_version=2) for _ in range(MANY)]
    behind = [world.member(rulebook_version=1) for _ in range(SOME)]
    async with app_database.writing(world.business_id) as connection:
        await insert_rows(connection, ProgramVersion, [{**begun, "effective_at": NOON, "published_at": NOON}])
        await insert_rows(connection, Member, [*members, *behind])
    await analyse(database, "member", "program_version")
    owner = await asyncpg.connect(database)
    try:
        body = await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'due'")
        body = body.replace("public.business b", "(SELECT * FROM public.business WHERE business_id = $3) b")
        await owner.execute("SET ROLE loyalty_owner")
        found = await owner.fetch(body, NOON, AT_ONCE, world.business_id)
        explained = await owner.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {body}", NOON, AT_ONCE, world.business_id
        )
    finally:
        await owner.close()
    assert {row["member_id"] for row in found} == {row["member_id"] for row in behind}
    read = looked_at(explained, "member")
    assert read
    assert max(read.values()) <= SOME, read
