"""One business never sees or touches another's rows, whatever the statement says."""

from datetime import timedelta

import asyncpg
import pytest

from loyalty_engine.entities import Member, metadata
from loyalty_engine.store.database import Database, UnsafeRoleError, refuse_unsafe_role
from loyalty_engine.store.rows import insert_rows
from tests.database.world import NOON, new_credential, new_member, new_world, one_of_each
from tests.server import as_app

FILLED = (
    "business",
    "program_version",
    "member",
    "fact",
    "effect",
    "account",
    "transfer",
    "standing",
    "claim",
)


@pytest.mark.parametrize("table", FILLED)
async def test_without_or_with_another_business_no_row_is_seen(
    app_database: Database, database: str, table: str
) -> None:
    world, other = await new_world(app_database), await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        await one_of_each(connection, world)
    count = f"SELECT count(*) FROM {table} WHERE business_id = $1"  # noqa: S608 - a table of ours
    raw = await asyncpg.connect(as_app(database))
    try:
        assert await raw.fetchval(count, world.business_id) == 0
        for seen_by, expected in ((other, False), (world, True)):
            await raw.execute("SELECT set_config('loyalty.business_id', $1, false)", str(seen_by.business_id))
            assert (await raw.fetchval(count, world.business_id) > 0) is expected
    finally:
        await raw.close()


@pytest.mark.parametrize("table", sorted(metadata.tables))
async def test_every_table_is_empty_to_a_session_without_business(database: str, table: str) -> None:
    raw = await asyncpg.connect(as_app(database))
    try:
        assert await raw.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    finally:
        await raw.close()


async def test_a_row_of_another_business_is_neither_added_nor_changed(app_database: Database) -> None:
    world, other = await new_world(app_database), await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        member_id = await new_member(connection, world)
    async with app_database.writing(other.business_id) as connection:
        changed = await connection.execute(
            "UPDATE member SET status = 'closed' WHERE member_id = $1", member_id
        )
        assert changed == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with app_database.writing(other.business_id) as connection:
            await insert_rows(connection, Member, [world.member()])


async def test_a_reference_never_leads_to_another_business(app_database: Database) -> None:
    world, other = await new_world(app_database), await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        member_id = await new_member(connection, world)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with app_database.writing(other.business_id) as connection:
            await connection.execute(
                "INSERT INTO profile (business_id, member_id, updated_at) VALUES ($1, $2, $3)",
                other.business_id, member_id, NOON,
            )  # fmt: skip


async def test_a_malformed_business_is_an_error_and_not_everything(database: str) -> None:
    raw = await asyncpg.connect(as_app(database))
    try:
        await raw.execute("SELECT set_config('loyalty.business_id', 'x', false)")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await raw.fetch("SELECT * FROM member")
    finally:
        await raw.close()


async def test_a_key_is_found_whosever_it_is(app_database: Database) -> None:
    worlds = [await new_world(app_database), await new_world(app_database)]
    for world in worlds:
        found = await app_database.authenticate(await new_credential(app_database, world))
        assert found is not None
        assert (found["business_id"], found["kind"]) == (world.business_id, "owner")
        assert found["scopes"] == ["members:read", 'a "quoted", {odd} scope']
    assert await app_database.authenticate("unknown") is None


async def test_due_members_of_all_businesses_are_found_by_their_own_clock(app_database: Database) -> None:
    live = await new_world(app_database)
    ahead = await new_world(app_database, clock_at=NOON + timedelta(days=30))
    expected = []
    for world, days in ((live, 1), (live, 3), (ahead, 30), (ahead, 31)):
        async with app_database.writing(world.business_id) as connection:
            boundary = NOON + timedelta(days=days)
            member_id = await new_member(connection, world, next_boundary_at=boundary)
            expected.append((world.business_id, "boundary", member_id, boundary))
    found = await app_database.due(NOON + timedelta(days=2), 1000)
    ours = [tuple(row) for row in found if row["business_id"] in {live.business_id, ahead.business_id}]
    assert ours == [expected[0], expected[2]]
    assert len(await app_database.due(NOON + timedelta(days=2), 1)) == 1


async def test_crossing_sees_no_rows(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.reading(world.business_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM business") == 1
    async with app_database.crossing() as connection:
        assert await connection.fetchval("SELECT count(*) FROM business") == 0
        assert await connection.fetchval("SELECT version_num FROM alembic_version") is not None


async def test_the_server_refuses_a_role_that_security_does_not_hold(
    app_database: Database, database: str, worker_id: str
) -> None:
    async with app_database.crossing() as connection:
        await refuse_unsafe_role(connection)
    superuser = await Database.connect(database)
    try:
        async with superuser.crossing() as connection:
            with pytest.raises(UnsafeRoleError, match="is a superuser"):
                await refuse_unsafe_role(connection)
    finally:
        await superuser.close()


@pytest.mark.parametrize(
    ("options", "group", "reason"),
    [
        ("BYPASSRLS", "loyalty_app", "bypasses row-level security"),
        ("", "loyalty_owner", "owns tables"),
        ("", None, "is not a member of loyalty_app"),
    ],
)
async def test_an_operator_s_role_is_checked_too(
    database: str, worker_id: str, options: str, group: str | None, reason: str
) -> None:
    role = f"login_{worker_id}"
    superuser = await asyncpg.connect(database)
    await superuser.execute(f"CREATE ROLE {role} LOGIN {options}")
    if group is not None:
        await superuser.execute(f"GRANT {group} TO {role}")
    unsafe = await Database.connect(as_app(database).replace("loyalty_app@", f"{role}@"))
    try:
        async with unsafe.crossing() as connection:
            with pytest.raises(UnsafeRoleError, match=reason):
                await refuse_unsafe_role(connection)
    finally:
        await unsafe.close()
        await superuser.execute(f"DROP ROLE {role}")
        await superuser.close()
