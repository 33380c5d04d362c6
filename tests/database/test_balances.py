"""What an account has is what its transfers moved, because the database moves it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg

from loyalty_engine.entities import Account, Transfer
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import Row, insert_rows
from tests.database.world import World, new_world, one_of_each

KINDS = ("pending", "held", "debt", "breakage")


async def opened(connection: Connection, world: World) -> dict[str, Row]:
    """A member's accounts, with ten in the wallet; `earned` is the transfer that brought them."""
    earned = (await one_of_each(connection, world))["transfer"]
    rows = {
        kind: world.account(
            kind, **({} if kind == "breakage" else {"member_id": earned["member_id"], "balance": 0})
        )
        for kind in KINDS
    }
    await insert_rows(connection, Account, list(rows.values()))
    return {
        "earned": earned,
        "wallet": {"account_id": earned["credit_account_id"]},
        "issuance": {"account_id": earned["debit_account_id"]},
        **rows,
    }


async def kept(connection: Connection, world: World, rows: dict[str, Row]) -> dict[str, int | None]:
    """What each account has, by its name."""
    found = await connection.fetch(
        "SELECT account_id, balance FROM account WHERE business_id = $1", world.business_id
    )
    balances: dict[UUID, int | None] = {row["account_id"]: row["balance"] for row in found}
    return {name: balances[row["account_id"]] for name, row in rows.items() if name != "earned"}


def moved(rows: dict[str, Row], debit: str, credit: str, amount: int) -> Row:
    """A transfer between two of the accounts."""
    return {
        **rows["earned"],
        "transfer_id": new_id(),
        "debit_account_id": rows[debit]["account_id"],
        "credit_account_id": rows[credit]["account_id"],
        "amount": amount,
    }


async def test_a_transfer_moves_what_both_of_its_accounts_have(app_database: Database) -> None:
    world, other = await new_world(app_database), await new_world(app_database)
    async with app_database.writing(other.business_id) as connection:
        untouched = await opened(connection, other)
    async with app_database.writing(world.business_id) as connection:
        rows = await opened(connection, world)
        await insert_rows(connection, Transfer, [moved(rows, "wallet", "held", 4)])
        assert await kept(connection, world, rows) == {
            "wallet": 6, "held": 4, "pending": 0, "debt": 0, "issuance": None, "breakage": None,
        }  # fmt: skip
    async with app_database.writing(other.business_id) as connection:
        assert (await kept(connection, other, untouched))["wallet"] == 10


async def test_transfers_of_one_statement_and_of_one_transaction_add_up(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        rows = await opened(connection, world)
        first = [
            ("wallet", "held", 9),
            ("held", "wallet", 5),
            ("debt", "breakage", 3),
            ("wallet", "breakage", 2),
        ]
        await insert_rows(connection, Transfer, [moved(rows, *each) for each in first])
        await insert_rows(connection, Transfer, [moved(rows, "issuance", "pending", 8)])
        await insert_rows(connection, Transfer, [moved(rows, "pending", "wallet", 7)])
        assert await kept(connection, world, rows) == {
            "wallet": 11, "held": 4, "pending": 1, "debt": -3, "issuance": None, "breakage": None,
        }  # fmt: skip


async def test_what_comes_and_goes_in_one_statement_breaks_no_floor(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        rows = await opened(connection, world)
        both = [moved(rows, "wallet", "breakage", 15), moved(rows, "issuance", "wallet", 5)]
        await insert_rows(connection, Transfer, both)
        assert (await kept(connection, world, rows))["wallet"] == 0


async def test_simultaneous_transfers_lose_nothing_and_overdraw_nothing(app_database: Database) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        rows = await opened(connection, world)

    async def spend() -> None:
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Transfer, [moved(rows, "wallet", "breakage", 3)])

    outcomes = await asyncio.gather(*(spend() for _ in range(5)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 2
    for error in refused:
        assert isinstance(error, asyncpg.CheckViolationError)
        assert error.constraint_name == "account_floor_check"
    async with app_database.writing(world.business_id) as connection:
        assert (await kept(connection, world, rows))["wallet"] == 1


async def test_whatever_order_transfers_are_written_in_their_accounts_are_taken_in_one(
    app_database: Database,
) -> None:
    world = await new_world(app_database)
    async with app_database.writing(world.business_id) as connection:
        rows = await opened(connection, world)

    async def give(turn: int) -> None:
        given = [moved(rows, "issuance", account, 1) for account in ("wallet", "held", "pending")]
        async with app_database.writing(world.business_id) as connection:
            await insert_rows(connection, Transfer, given[:: 1 if turn % 2 else -1])

    await asyncio.gather(*(give(turn) for turn in range(20)))
    async with app_database.writing(world.business_id) as connection:
        found = await kept(connection, world, rows)
    assert (found["wallet"], found["held"], found["pending"]) == (30, 20, 20)
