"""Whatever kept number or entry is changed behind the engine's back, a verification names exactly it."""

from __future__ import annotations

import asyncio

import pytest

from loyalty_engine.services.verification import Difference, verify_business
from loyalty_engine.store.database import Database
from loyalty_engine.store.verification import accounts
from loyalty_engine.store.verification.promises import Broken, Promise
from tests.services.shop import Shop
from tests.verification.case import Case
from tests.verification.cases import CASES
from tests.verification.world import busy_shop, tamper, without


async def difference(shop: Shop) -> Difference:
    verified = await verify_business(shop.restarted().engine, shop.business_id)
    assert verified.difference is not None, "nothing was found"
    return verified.difference


async def test_what_nobody_touched_has_no_difference(app_database: Database) -> None:
    shop = await busy_shop(app_database)
    seen: list[int] = []
    verified = await verify_business(shop.engine, shop.business_id, seen.append, seen.append)
    assert (verified.difference, verified.members, seen) == (None, 2, [2, 2])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
async def test_what_was_changed_is_named(app_database: Database, database: str, case: Case) -> None:
    shop = await busy_shop(app_database)
    await asyncio.to_thread(tamper, database, shop, case.statement)
    found = await difference(shop)
    assert (found.check, found.member) == (case.check, case.member), found
    assert case.what in found.what, found
    assert case.stored in found.stored, found
    assert case.rebuilt in found.rebuilt, found
    assert found.stored != found.rebuilt


WITHOUT_THE_CHECK = (
    (
        "account",
        "account_floor_check",
        "UPDATE account SET balance = -1 WHERE MINE AND kind = 'wallet'",
        "UPDATE account SET balance = 18 WHERE MINE AND kind = 'wallet'",
        ("floors", "balance of the wallet account, points", "-1", "at least 0"),
    ),
)


@pytest.mark.parametrize(
    ("table", "constraint", "change", "repair", "named"), WITHOUT_THE_CHECK, ids=["a floor"]
)
async def test_what_the_database_should_have_refused_is_named_too(
    app_database: Database,
    database: str,
    table: str,
    constraint: str,
    change: str,
    repair: str,
    named: tuple[str, str, str, str],
) -> None:
    shop = await busy_shop(app_database)
    with without(database, table, constraint):
        await asyncio.to_thread(tamper, database, shop, change)
        found = await difference(shop)
        await asyncio.to_thread(tamper, database, shop, repair)
    assert (found.check, found.what, found.stored, found.rebuilt) == named


SUMS = (
    (accounts.POTS, "what the wallet account has, points", "18", "17 in lots"),
    (
        accounts.PARTS_OF_LOTS,
        'lot points/points/base of activity ["till","fourth"]',
        "17 left, 0 expired, 0 used",
        "18 in all",
    ),
)


@pytest.mark.parametrize(("promise", "what", "stored", "rebuilt"), SUMS, ids=["pots", "parts of lots"])
async def test_sums_that_disagree_are_named_whatever_a_fold_says(
    app_database: Database, database: str, promise: Promise, what: str, stored: str, rebuilt: str
) -> None:
    shop = await busy_shop(app_database)
    members = await shop.member_ids()
    statement = "UPDATE lot SET remaining = 17 WHERE MINE AND remaining = 18"
    await asyncio.to_thread(tamper, database, shop, statement)
    async with shop.engine.database.snapshot(shop.business_id) as connection:
        found = await promise.broken(connection, shop.business_id, list(members.values()))
    assert found == Broken(members["ann"], what, stored, rebuilt)


async def test_a_history_that_cannot_be_folded_is_named_and_is_no_crash(
    app_database: Database, database: str
) -> None:
    shop = await busy_shop(app_database)
    statement = "UPDATE claim SET figures = '[]' WHERE BOBS AND tier = 'silver' AND from_at < '2026-01-08'"
    await asyncio.to_thread(tamper, database, shop, statement + " AND withdrawn_effect_id IS NOT NULL")
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
    statement = "UPDATE claim SET figures = '[]' WHERE MINE AND from_at > '2026-02-01'"
    await asyncio.to_thread(tamper, database, shop, statement)
    found = await difference(shop)
    assert (found.check, found.member, found.what) == ("replay", "ann", "history"), found
    assert found.rebuilt.startswith("cannot be folded: ")


async def test_of_several_differences_the_first_in_the_order_of_the_checks_is_named(
    app_database: Database, database: str
) -> None:
    shop = await busy_shop(app_database)
    for statement in (
        "UPDATE business SET event_position = 7 WHERE business_id = %(business)s",
        "UPDATE counter SET used = 1 WHERE MINE AND used = 200",
        "UPDATE account SET balance = 1 WHERE BOBS AND kind = 'wallet'",
    ):
        await asyncio.to_thread(tamper, database, shop, statement)
    found = await difference(shop)
    assert (found.check, found.member) == ("balances", "bob")
