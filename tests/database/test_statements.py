"""Statements are compiled once, and rows are written by arrays."""

from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import ARRAY, BindParameter, Uuid, any_, bindparam, insert, select, text, update
from sqlmodel import col

from loyalty_engine import entities
from loyalty_engine.entities import Account, Counter, Entity, Fact, Member, Partner, metadata
from loyalty_engine.ids import new_id
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import insert_rows, update_rows, upsert_rows
from loyalty_engine.store.statement import Statement
from tests.database.world import NOON, new_credential, new_member, new_world

BUSINESS: BindParameter[UUID] = bindparam("business_id")
ENTITIES = [
    entity for entity in vars(entities).values() if isinstance(entity, type) and "__table__" in vars(entity)
]


def test_a_parameter_has_one_number_and_its_type_and_a_constant_none() -> None:
    statement = Statement(
        select(col(Fact.fact_id))
        .where(col(Fact.business_id) == BUSINESS, col(Fact.type) == "activity")
        .where(col(Fact.source) == bindparam("source"), col(Fact.business_id) == BUSINESS)
        .limit(51)
    )
    assert statement.names == ("business_id", "source")
    assert "fact.business_id = $1::UUID" in statement.text
    assert "fact.type = 'activity'" in statement.text
    assert "LIMIT 51" in statement.text
    assert statement.text.count("$1") == 2


def test_a_page_size_is_never_a_parameter() -> None:
    with pytest.raises(ValueError, match="page size"):
        Statement(select(col(Fact.fact_id)).limit(bindparam("first")))


def test_a_list_is_never_spread_over_parameters() -> None:
    with pytest.raises(ValueError, match="one array"):
        Statement(select(col(Fact.fact_id)).where(col(Fact.fact_id).in_(bindparam("ids", expanding=True))))


async def test_statements_read_and_write(app_database: Database) -> None:
    world = await new_world(app_database)
    columns = ("business_id", "partner_id", "key", "name", "created_at")
    add = Statement(insert(Partner).values({name: bindparam(name) for name in columns}))
    rename = Statement(
        update(Partner)
        .where(col(Partner.business_id) == BUSINESS, col(Partner.key) == bindparam("wanted"))
        .values(name=bindparam("new_name"))
    )
    wanted = any_(bindparam("ids", type_=ARRAY(Uuid)))
    read = Statement(
        select(col(Partner.key), col(Partner.name))
        .where(col(Partner.business_id) == BUSINESS, col(Partner.partner_id) == wanted)
        .order_by(col(Partner.key))
    )
    count = Statement(text("SELECT count(*) FROM partner WHERE business_id = CAST(:business_id AS uuid)"))
    business_id, ids = world.business_id, [new_id(), new_id()]
    async with app_database.writing(business_id) as connection:
        for key, partner_id in zip(("a'b", "b"), ids, strict=True):
            values = {"partner_id": partner_id, "key": key, "name": key, "created_at": NOON}
            assert await add.execute(connection, business_id=business_id, **values) == 1
        assert await rename.execute(connection, business_id=business_id, wanted="b", new_name="B") == 1
        rows = await read.fetch(connection, business_id=business_id, ids=ids)
        assert [tuple(row) for row in rows] == [("a'b", "a'b"), ("b", "B")]
        assert await read.fetchrow(connection, business_id=business_id, ids=[]) is None
        assert await count.fetchval(connection, business_id=business_id) == 2


async def test_a_missing_or_strange_name_is_refused(app_database: Database) -> None:
    world = await new_world(app_database)
    statement = Statement(select(col(Member.member_id)).where(col(Member.business_id) == BUSINESS))
    async with app_database.reading(world.business_id) as connection:
        with pytest.raises(TypeError):
            await statement.fetch(connection)
        with pytest.raises(TypeError):
            await statement.fetch(connection, business_id=world.business_id, other=1)
        with pytest.raises(KeyError):
            await statement.fetch(connection, other=1)


@pytest.mark.parametrize("size", [0, 1, 1000])
async def test_any_number_of_rows_is_written_by_one_statement(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    world = await new_world(app_database)
    statements: list[str] = []
    monkeypatch.setattr(app_database, "on_statement", [statements.append])
    async with app_database.writing(world.business_id) as connection:
        member_id = await new_member(connection, world)
        rows = [world.activity(member_id, amount=Decimal(n), attributes={"n": n}) for n in range(size)]
        await insert_rows(connection, Fact, rows)
        kept = await connection.fetch("SELECT fact_id, amount, attributes, units FROM fact ORDER BY amount")
    expected = [(row["fact_id"], row["amount"], row["attributes"], None) for row in rows]
    assert [tuple(row) for row in kept] == expected
    assert sum(statement.startswith("INSERT INTO fact") for statement in statements) == (1 if size else 0)


@pytest.mark.parametrize("entity", ENTITIES)
async def test_every_column_of_every_table_can_travel_in_an_array(
    app_database: Database, entity: type[Entity]
) -> None:
    world = await new_world(app_database)
    nothing = dict.fromkeys(column.name for column in metadata.tables[str(entity.__tablename__)].columns)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.NotNullViolationError)):
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, entity, [nothing])


async def test_lists_and_documents_arrive_whole(app_database: Database) -> None:
    world = await new_world(app_database)
    key_id = await new_credential(app_database, world)
    async with app_database.reading(world.business_id) as connection:
        kept = await connection.fetchrow("SELECT scopes, sources FROM credential WHERE key_id = $1", key_id)
    assert kept is not None
    assert tuple(kept) == (["members:read", 'a "quoted", {odd} scope'], None)


async def test_rows_that_exist_are_passed_over_when_asked(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        first, second = world.member(), world.member()
        await insert_rows(connection, Member, [first])
        added = await insert_rows(
            connection, Member, [first, second], skip_existing=True, returning=["member_id"]
        )
    assert [row["member_id"] for row in added] == [second["member_id"]]


async def test_rows_are_set_by_key(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        member_id = await new_member(connection, world)
        counters = [world.row(member_id=member_id, rule="r", name=name, used=1) for name in "ab"]
        await upsert_rows(connection, Counter, counters, update=["used"])
        await upsert_rows(connection, Counter, [{**counters[0], "used": 5}], update=["used"])
        assert await update_rows(connection, Counter, [{**counters[1], "used": 7}]) == 1
        kept = await connection.fetch("SELECT name, used FROM counter ORDER BY name")
    assert [tuple(row) for row in kept] == [("a", 5), ("b", 7)]


async def test_an_account_is_made_once(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        for _ in range(2):
            await insert_rows(connection, Account, [world.account("issuance")], skip_existing=True)
        assert await connection.fetchval("SELECT count(*) FROM account") == 1


async def test_rows_with_different_columns_are_refused(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        with pytest.raises(ValueError, match="same columns"):
            await insert_rows(connection, Member, [world.member(), world.row()])
        with pytest.raises(KeyError):
            await insert_rows(connection, Member, [world.row(**{"x) --": 1})])
