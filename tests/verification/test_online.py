"""A verification runs while others write: it writes nothing, waits for nobody, and nobody waits for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import asyncpg
import pytest

from loyalty_engine.jobs.relay import publish_events
from loyalty_engine.services import Refusal, enrol_members
from loyalty_engine.services.commands import EnrolledBatch, EnrolMember
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.services.shop import START, Shop, done, linked_return, new_shop, purchase
from tests.verification.world import PROGRAM, busy_shop

WRITERS = 4
PURCHASES = 25


async def write(shop: Shop, number: int, chance: Random) -> None:
    """Purchases in any order, some of them late or returned, time passing and events published in between."""
    for index in range(PURCHASES):
        at = START + timedelta(days=chance.randint(0, 50), hours=chance.randint(0, 3))
        member, external_id = chance.choice(("ann", "bob")), f"{number}-{index}"
        given = {"member": member, "channel": "web", "external_id": external_id}
        done(await shop.send(purchase(chance.randint(1, 90), at, **given)), object)
        if index % 5 == 0:
            returned = await shop.reverse(linked_return(external_id, None, at + timedelta(days=1)))
            assert not isinstance(returned, Refusal), returned
        if index % 7 == 0:
            await shop.advance()
            await publish_events(shop.engine, shop.business_id)


async def test_what_is_being_written_has_no_difference_at_any_instant(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=START + timedelta(days=60))
    await shop.enrol("ann")
    await shop.enrol("bob")
    writing = asyncio.gather(*(write(shop, number, Random(number)) for number in range(WRITERS)))
    rounds = 0
    while not writing.done():
        assert (await verify_business(shop.engine, shop.business_id)).difference is None
        rounds += 1
    await writing
    assert rounds > 3
    assert (await verify_business(shop.engine, shop.business_id)).difference is None


async def test_it_ends_while_another_transaction_holds_every_member_and_has_changed_them(
    app_database: Database,
) -> None:
    shop = await busy_shop(app_database)
    ids = list((await shop.member_ids()).values())
    async with app_database.writing(shop.business_id) as connection:
        await lock_members(connection, shop.business_id, ids)
        await connection.execute("UPDATE counter SET used = 1 WHERE business_id = $1", shop.business_id)
        verified = await asyncio.wait_for(verify_business(shop.engine, shop.business_id), 60)
        await connection.execute("UPDATE counter SET used = 200 WHERE business_id = $1", shop.business_id)
        await connection.rollback()
        await connection.begin(shop.business_id)
    assert (verified.members, verified.difference) == (2, None)


async def test_a_snapshot_stays_as_it_was_and_cannot_be_written_to(app_database: Database) -> None:
    shop = await busy_shop(app_database)
    count = "SELECT count(*) FROM fact WHERE business_id = $1"
    async with app_database.snapshot(shop.business_id) as connection:
        before = await connection.fetchval(count, shop.business_id)
        await shop.buy(5, START + timedelta(days=57), external_id="meanwhile")
        assert await connection.fetchval(count, shop.business_id) == before
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("UPDATE counter SET used = 1 WHERE business_id = $1", shop.business_id)
    assert await shop.value(count, shop.business_id) == before + 1


async def test_members_are_taken_in_chunks_and_who_is_enrolled_meanwhile_is_left_out(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    members = [EnrolMember(f"m{number}", enrolled_at=START) for number in range(401)]
    done(await enrol_members(shop.engine, shop.caller, shop.key(), members), EnrolledBatch)
    seen: list[int] = []
    verified = await verify_business(shop.engine, shop.business_id, seen.append, seen.append)
    assert (verified.members, verified.difference, seen) == (401, None, [401, 200, 200, 1])


async def test_a_business_without_members_has_no_difference(app_database: Database) -> None:
    shop = await new_shop(app_database)
    verified = await verify_business(shop.engine, shop.business_id)
    assert (verified.members, verified.difference) == (0, None)


async def test_a_return_at_the_instant_of_its_purchase_comes_after_it_whatever_its_key(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=START + timedelta(days=60))
    await shop.enrol("ann")
    at = START + timedelta(days=1)
    await shop.buy(120, at, external_id="purchase")
    await shop.give_back("purchase", None, at, external_id="return")
    assert await shop.tier() == "basic"
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
    await shop.buy(130, at, external_id="second purchase")
    await shop.buy(1, at, source="desk", external_id="between")
    assert await shop.tier() == "silver"
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
