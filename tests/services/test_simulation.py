"""A preview says who will move, writes nothing, and publishing right afterwards moves just them."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest

from loyalty_engine.program.plan import NO_PLAN, Plan, plan_of
from loyalty_engine.services.programs import NotPublished, Published, publish_program
from loyalty_engine.services.simulation import Simulated, simulate_program
from loyalty_engine.store.database import Database
from tests.services.shop import NOW, PROGRAM, START, Shop, done, new_shop, purchase

STRICT = PROGRAM.replace('silver = "100"', 'silver = "200"').replace('gold = "500"', 'gold = "450"')
BRONZE = STRICT.replace("silver", "bronze")
TO_BRONZE = {"tiers": {"silver": "bronze"}}


MEMBERS = 15


def plan(**written: object) -> Plan:
    """The plan of the shop's only ladder."""
    return plan_of({"ladders": {"status": written}})


async def crowd(shop: Shop, seed: int, members: int = MEMBERS) -> None:
    """Members who bought for random amounts."""
    chance = random.Random(seed)
    bought = []
    for number in range(members):
        name = f"member-{number}"
        await shop.enrol(name)
        for _ in range(chance.randint(1, 3)):
            at = START + timedelta(days=chance.randint(1, 150), seconds=number)
            bought.append(purchase(chance.choice((30, 90, 150, 250, 480)), at, member=name))
    await shop.send_batch(bought)


async def checksum(shop: Shop) -> list[tuple[str, object]]:
    """Everything that the business has in any table."""
    tables = await shop.rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'business_id' AND table_schema = 'public' ORDER BY 1"
    )
    found = []
    for (table,) in tables:
        query = f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"  # noqa: S608
        found.append((table, await shop.value(query)))
    return found


async def moves_of(shop: Shop, at: datetime = NOW) -> list[tuple[str, str, str]]:
    """Who moved, from where to where, at the boundary of the version."""
    rows = await shop.rows(
        "SELECT m.external_id, s.from_tier, s.to_tier"
        " FROM standing s JOIN member m USING (business_id, member_id)"
        " WHERE s.effective_at = $1 AND s.is_boundary AND s.withdrawn_effect_id IS NULL",
        at,
    )
    return sorted(rows)


@pytest.mark.parametrize(
    ("seed", "program", "own"),
    [
        (0, STRICT, plan(claims="regrade_now")),
        (1, STRICT, plan(claims="regrade_now")),
        (2, BRONZE, plan(**TO_BRONZE)),
        (3, BRONZE, plan(claims="regrade_now", **TO_BRONZE)),
        (4, STRICT, plan(claims="protect_until", until=date(2027, 1, 1))),
        (5, STRICT, NO_PLAN),
    ],
)
async def test_publishing_moves_just_the_members_that_were_predicted(
    app_database: Database, seed: int, program: str, own: Plan
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, seed)
    source = program.replace("SLUG", shop.slug)
    before = await checksum(shop)
    predicted = done(await simulate_program(shop.engine, shop.caller, source, None, own), Simulated)
    assert await checksum(shop) == before
    done(await publish_program(shop.engine, shop.caller, source, None, own), Published)
    await shop.advance()
    moved = sorted((name, move.from_tier, move.to_tier) for name, move in predicted.moved)
    assert moved == await moves_of(shop)
    assert sum(predicted.moves.values()) == len(moved)
    assert predicted.members == MEMBERS


async def test_falls_come_first_and_rules_that_decided_are_counted(app_database: Database) -> None:
    shop = await new_shop(app_database)
    for name, amount in (("ann", 150), ("ben", 460), ("cem", 20)):
        await shop.enrol(name)
        await shop.buy(amount, member=name)
    source = STRICT.replace("SLUG", shop.slug)
    found = done(
        await simulate_program(shop.engine, shop.caller, source, None, plan(claims="regrade_now")), Simulated
    )
    assert [(name, move.from_tier, move.to_tier, move.falls) for name, move in found.moved] == [
        ("ann", "silver", "basic", True),
        ("ben", "silver", "gold", False),
    ]
    assert dict(found.rules) == {"spend": 2}


async def test_falls_that_wait_for_their_notices_are_told_as_announced(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 7)
    announcing = STRICT.replace(
        'downgrade = { to = "qualified"', 'downgrade = { to = "qualified", notice_days = 30'
    )
    source = announcing.replace("SLUG", shop.slug)
    assert "notice_days" in source
    own = plan(claims="regrade_now")
    predicted = done(await simulate_program(shop.engine, shop.caller, source, None, own), Simulated)
    assert not any(move.falls for move in predicted.moves)
    done(await publish_program(shop.engine, shop.caller, source, None, own), Published)
    await shop.advance()
    told = await shop.rows(
        "SELECT tier, notice_tier, count(*) FROM current_standing WHERE noticed_at = $1 GROUP BY 1, 2", NOW
    )
    assert told
    found = {(move.from_tier, move.to_tier): count for move, count in predicted.announced.items()}
    assert found == {(tier, to): count for tier, to, count in told}


async def test_what_could_not_be_published_is_not_tried(app_database: Database) -> None:
    shop = await new_shop(app_database)
    source = BRONZE.replace("SLUG", shop.slug)
    answer = done(await simulate_program(shop.engine, shop.caller, source), NotPublished)
    assert [finding.path for finding in answer.findings] == ["ladders.0.tiers"]
