"""The host's clock jumps: what is recorded of a member stays in the order of its coming (BEHAVIOUR L50)."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import asyncpg
import pytest

from loyalty_engine.clock import FixedClock
from loyalty_engine.services import refold
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import NOW, PROGRAM, START, Shop, new_shop, purchase, value_of

HOUR = timedelta(hours=1)

EVERYTHING = {
    table: f"SELECT member_id, recorded_at FROM {table} ORDER BY {order}"  # noqa: S608 - tables of ours
    for table, order in {
        "fact": "fact_id",
        "effect": "effect_id",
        "transfer": "transfer_id",
        "outbox": "member_id, member_sequence",
    }.items()
}
"""What is recorded, in the order of its coming: one process makes ids that never go back."""

FUNDED = PROGRAM + (
    """
[[rules]]
id = "double"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
multiple = "2"
exhausted = "reduce"
funding = [{ partner = "acme", percent = "100", budget_points = 100000 }]
"""
)


async def out_of_order(shop: Shop) -> list[object]:
    """What was recorded of a member with an instant before that of something earlier."""
    found: list[object] = []
    for table, query in EVERYTHING.items():
        latest: dict[object, object] = {}
        for member, at in await shop.rows(query):
            if member is not None and at < latest.setdefault(member, at):
                found.append((table, at, latest[member]))
            latest[member] = at
    return found


async def shop_with(database: Database, clock: FixedClock, program: str = PROGRAM) -> Shop:
    """A business that lives by the host's clock."""
    return await new_shop(database, program, clock=clock, clock_at=None)


async def test_what_comes_after_a_jump_back_is_not_recorded_before_what_came_earlier(
    app_database: Database,
) -> None:
    clock = FixedClock(NOW)
    shop = await shop_with(app_database, clock, FUNDED)
    await shop.enrol()
    await shop.buy(60, external_id="first")
    clock.set(NOW - HOUR)
    await shop.buy(60)
    await shop.give_back("first")
    await shop.note(value_of("colour", "red"))
    await shop.send_batch([purchase(), purchase(100, START)])
    assert await out_of_order(shop) == []
    assert await shop.value("SELECT max(recorded_at) FROM effect") == NOW
    clock.set(NOW + HOUR)
    await shop.buy(1)
    assert await shop.value("SELECT max(recorded_at) FROM effect") == NOW + HOUR
    assert await broken(shop) == {}


async def test_members_of_whom_nothing_came_from_the_future_have_the_time_of_the_clock(
    app_database: Database,
) -> None:
    clock = FixedClock(NOW)
    shop = await shop_with(app_database, clock)
    await shop.enrol()
    clock.set(NOW - HOUR)
    await shop.enrol("bob")
    await shop.send_batch([purchase(), purchase(member="bob")])
    at = dict(
        await shop.rows("SELECT member.external_id, recorded_at FROM fact JOIN member USING (member_id)")
    )
    assert set(at.values()) == {NOW, NOW - HOUR}
    query = "SELECT DISTINCT recorded_at FROM effect JOIN member USING (member_id) WHERE external_id = $1"
    assert await shop.rows(query, "bob") == [(NOW - HOUR,)]
    assert await shop.rows(query, "ann") == [(NOW,)]


async def test_a_late_fact_after_a_jump_back_corrects_what_was_decided_at_later_instants(
    app_database: Database,
) -> None:
    clock = FixedClock(NOW)
    shop = await shop_with(app_database, clock)
    await shop.enrol()
    await shop.buy(60, NOW)
    clock.set(NOW - HOUR)
    await shop.buy(100, NOW - 2 * HOUR)
    assert (await shop.tier(), await shop.balance()) == ("silver", 100 + 2 * 60)
    assert await out_of_order(shop) == []


async def test_time_that_passed_stays_passed_when_the_clock_jumps_back(app_database: Database) -> None:
    clock = FixedClock(NOW)
    shop = await shop_with(app_database, clock)
    await shop.enrol()
    await shop.buy(100)
    clock.set(NOW.replace(year=2027))
    assert await shop.advance() == 1
    assert await shop.balance() == 0
    clock.set(NOW)
    assert await shop.advance() == 0
    await shop.buy(10, NOW)
    await refold(shop.engine, shop.business_id, list((await shop.member_ids()).values()))
    assert await out_of_order(shop) == []
    assert await shop.balance() == 20
    assert await broken(shop) == {}


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_clock_does_everybodys_records_keep_their_order(
    app_database: Database, seed: int
) -> None:
    chance, clock = Random(seed), FixedClock(NOW)
    shop = await shop_with(app_database, clock, FUNDED)
    names = [f"m{number}" for number in range(3)]
    for name in names:
        await shop.enrol(name)
    for step in range(12):
        clock.set(NOW + timedelta(minutes=chance.randrange(-140_000, 140_000)))
        items = [
            purchase(chance.randrange(1, 90), START + step * HOUR, member=chance.choice(names))
            for _ in range(3)
        ]
        await shop.send_batch(items)
        if chance.random() < 0.5:
            await shop.give_back(items[0].external_id, at=START + 30 * 24 * HOUR)
        await shop.advance()
    assert await out_of_order(shop) == []
    assert await broken(shop) == {}


async def test_the_database_itself_lets_no_members_time_go_back(app_database: Database) -> None:
    shop = await shop_with(app_database, FixedClock(NOW))
    await shop.enrol()
    with pytest.raises(asyncpg.RestrictViolationError, match="goes forward"):
        async with app_database.writing(shop.business_id) as connection:
            await connection.execute(
                "UPDATE member SET last_recorded_at = $2 WHERE business_id = $1",
                shop.business_id,
                NOW - HOUR,
            )
