"""What has happened stays, whoever asks: behind the rights of the application are triggers."""

import asyncio

import asyncpg
import pytest

from loyalty_engine.entities import Account, Effect, Standing, Transfer
from loyalty_engine.ids import new_id
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import insert_rows, update_rows
from tests.database.world import new_world, one_of_each

CHANGES = {
    "fact": "UPDATE fact SET reason = 'x' WHERE business_id = $1",
    "effect": "UPDATE effect SET value = 11 WHERE business_id = $1",
    "transfer": "UPDATE transfer SET amount = 11 WHERE business_id = $1",
    "program_version": "UPDATE program_version SET source = 'x' WHERE business_id = $1",
    "program_draft": "UPDATE program_draft SET source = 'x' WHERE business_id = $1",
    "claim": "UPDATE claim SET tier = 'silver' WHERE business_id = $1",
    "standing": "UPDATE standing SET to_tier = 'silver' WHERE business_id = $1",
    "settlement": "UPDATE settlement SET until_at = closed_at WHERE business_id = $1",
}
REMOVALS = {
    "fact": "DELETE FROM fact WHERE business_id = $1",
    "effect": "DELETE FROM effect WHERE business_id = $1",
    "transfer": "DELETE FROM transfer WHERE business_id = $1",
    "claim": "DELETE FROM claim WHERE business_id = $1",
    "standing": "DELETE FROM standing WHERE business_id = $1",
    "settlement": "DELETE FROM settlement WHERE business_id = $1",
}


@pytest.mark.parametrize("statement", [*CHANGES.values(), *REMOVALS.values()])
async def test_not_even_a_superuser_changes_what_has_happened(
    app_database: Database, database: str, statement: str
) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        await one_of_each(connection, world)
    superuser = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="stay as they are"):
            await superuser.execute(statement, world.business_id)
    finally:
        await superuser.close()


@pytest.mark.parametrize("statement", [*CHANGES.values(), *REMOVALS.values()])
async def test_the_application_has_no_right_to_change_what_has_happened(
    app_database: Database, statement: str
) -> None:
    world = await new_world(app_database)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with app_database.writing(world.business_id) as connection:
            await connection.execute(statement, world.business_id)


@pytest.mark.parametrize("table", [*CHANGES, "activity_line"])
async def test_nothing_that_only_grows_is_truncated(database: str, table: str) -> None:
    superuser = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await superuser.execute(f"TRUNCATE {table} CASCADE")
    finally:
        await superuser.close()


async def test_a_standing_is_withdrawn_once_and_its_place_is_free_again(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        first = (await one_of_each(connection, world))["standing"]
    withdrawal, second, third = (world.effect(first["member_id"]) for _ in range(3))
    again = world.standing(second)
    with pytest.raises(asyncpg.UniqueViolationError, match="standing_place"):
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Standing, [again])
    withdraw = {key: first[key] for key in ("business_id", "standing_id")}
    async with app_database.writing(world.business_id) as connection:
        await insert_rows(connection, Effect, [withdrawal, second, third])
        taken_back = [{**withdraw, "withdrawn_effect_id": withdrawal["effect_id"]}]
        assert await update_rows(connection, Standing, taken_back) == 1
        await insert_rows(connection, Standing, [again])
    for other in (third["effect_id"], None):
        with pytest.raises(asyncpg.RestrictViolationError, match="set once"):
            async with app_database.writing(world.business_id) as connection:
                await update_rows(connection, Standing, [{**withdraw, "withdrawn_effect_id": other}])


async def test_reversals_never_exceed_their_transfer(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        earned = (await one_of_each(connection, world))["transfer"]
    back = {
        **earned,
        "debit_account_id": earned["credit_account_id"],
        "credit_account_id": earned["debit_account_id"],
        "reverses_transfer_id": earned["transfer_id"],
    }
    async with app_database.writing(world.business_id) as connection:
        parts = [{**back, "transfer_id": new_id(), "amount": amount} for amount in (4, 5)]
        await insert_rows(connection, Transfer, parts)
    with pytest.raises(asyncpg.CheckViolationError, match="exceed"):
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Transfer, [{**back, "transfer_id": new_id(), "amount": 2}])
    same_way = {**earned, "transfer_id": new_id(), "reverses_transfer_id": earned["transfer_id"], "amount": 1}
    with pytest.raises(asyncpg.CheckViolationError, match="the other way"):
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Transfer, [same_way])


@pytest.mark.parametrize(
    ("kind", "balance"), [("wallet", -1), ("debt", 1), ("wallet", None), ("wallet", 9 * 10**15 + 1)]
)
async def test_not_even_a_superuser_moves_an_account_beyond_its_floor(
    app_database: Database, database: str, kind: str, balance: int | None
) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        member_id = (await one_of_each(connection, world))["fact"]["member_id"]
        account = world.account(kind, member_id=member_id, currency="stars", balance=0)
        await insert_rows(connection, Account, [account])
    superuser = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await superuser.execute(
                "UPDATE account SET balance = $3 WHERE business_id = $1 AND account_id = $2",
                world.business_id,
                account["account_id"],
                balance,
            )
    finally:
        await superuser.close()


async def test_simultaneous_reversals_wait_for_each_other(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        earned = (await one_of_each(connection, world))["transfer"]

    async def reverse() -> None:
        back = {
            **earned,
            "transfer_id": new_id(),
            "debit_account_id": earned["credit_account_id"],
            "credit_account_id": earned["debit_account_id"],
            "reverses_transfer_id": earned["transfer_id"],
        }
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Transfer, [back])
            await asyncio.sleep(0.05)

    outcomes = await asyncio.gather(*(reverse() for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CheckViolationError"] * 3 + [
        "NoneType"
    ]
