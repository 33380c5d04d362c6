"""Versions for paused members, as a lock ends, and for claims that others outlast: stored and verified."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from loyalty_engine.program.plan import Plan, plan_of
from loyalty_engine.services import pause_member, resume_member
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.services.simulation import Simulated, simulate_program
from loyalty_engine.store.database import Database
from tests.services.by_hand import set_by_hand
from tests.services.shop import NOW, PROGRAM, START, Shop, done, new_shop, purchase
from tests.services.test_migrations import BRONZE, RENAMED, STRICT, proven, publish
from tests.services.test_simulation import checksum, moves_of

DAY = timedelta(days=1)
SHORT = "until = { months = 4 } }\nreview"
LONG = 'until = { end_of = "year" } }\nreview'


async def pause(shop: Shop, name: str = "ann", until: date | None = None) -> None:
    """A member's pause."""
    command = PauseMember(MemberBy(external_id=name), "abroad", until)
    done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)


async def resume(shop: Shop, name: str = "ann") -> None:
    """Its end."""
    command = ResumeMember(MemberBy(external_id=name), "back")
    done(await resume_member(shop.engine, shop.caller, shop.key(), command), Recorded)


def plan(**written: object) -> Plan:
    """The plan of the shop's only ladder."""
    return plan_of({"ladders": {"status": written}})


async def passed(shop: Shop, days: int) -> None:
    """Time passes up to some days after now, for everybody."""
    await shop.set_clock(NOW + days * DAY)
    await shop.advance()


async def opened(database: Database, program: str = PROGRAM) -> Shop:
    """A shop in which Ann is silver, since a minute ago, and paused tomorrow."""
    shop = await new_shop(database, program)
    await shop.enrol()
    await shop.buy(150, NOW - timedelta(minutes=1))
    await passed(shop, 1)
    await pause(shop)
    return shop


async def test_a_plan_waits_for_the_end_of_a_pause(app_database: Database) -> None:
    shop = await opened(app_database)
    await passed(shop, 2)
    await publish(shop, STRICT, plan(claims="regrade_now"))
    assert await shop.advance() == 1
    assert await shop.tier() == "silver"
    await proven(shop)
    await passed(shop, 3)
    await resume(shop)
    assert await shop.tier() == "basic"
    assert await shop.rows("SELECT from_tier, to_tier, effective_at FROM standing WHERE from_tier = 'silver'")
    await proven(shop)


async def test_a_claim_that_would_have_ended_is_renamed_in_the_pause_and_moved_after_it(
    app_database: Database,
) -> None:
    shop, plain = [await opened(app_database, PROGRAM.replace(LONG, SHORT)) for _ in range(2)]
    for each in (shop, plain):
        await passed(each, 200)
        if each is shop:
            await publish(shop, BRONZE.replace(LONG, SHORT), RENAMED)
            await shop.advance()
            assert await shop.tier() == "bronze"
            await proven(shop)
        await passed(each, 210)
        await each.send(purchase(-1, NOW + 209 * DAY, kind="return"))
        await passed(each, 220)
        await resume(each)
        await proven(each)
    ends = "SELECT until_at FROM current_standing"
    assert await shop.value(ends) == await plain.value(ends)


async def test_a_lock_that_ends_as_its_tier_gets_another_name_is_over(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol()
    await shop.buy(600, NOW - DAY)
    end = date(2026, 7, 1)
    await set_by_hand(shop, "silver", locked=True, until=end)
    assert await shop.tier() == "silver"
    begins = await shop.value("SELECT until_at FROM claim WHERE locked")
    await publish(shop, BRONZE, RENAMED, begins)
    await passed(shop, 30)
    assert await shop.tier() == "gold"
    assert await shop.rows("SELECT tier, withdrawn_effect_id IS NULL FROM claim WHERE locked") == [
        ("silver", False)
    ]
    await proven(shop)


async def test_a_claim_that_another_outlasts_is_stored_under_its_new_name(app_database: Database) -> None:
    at_review = PROGRAM.replace('"undo"', '"at_review"')
    shop = await new_shop(app_database, at_review)
    await shop.enrol()
    await shop.buy(150, NOW - 20 * DAY)
    await shop.buy(400, NOW - 10 * DAY)
    assert await shop.tier() == "gold"
    bronze = at_review.replace("silver", "bronze")
    await publish(shop, bronze, RENAMED)
    await shop.advance()
    await proven(shop)
    await passed(shop, 5)
    await publish(shop, bronze.replace("gold", "jade"), plan(tiers={"gold": "basic"}))
    await shop.advance()
    assert await shop.tier() == "bronze"
    await proven(shop)


@pytest.mark.parametrize("seed", range(8))
async def test_whoever_is_paused_locked_or_granted_is_moved_just_as_predicted(
    app_database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    shop = await new_shop(app_database, PROGRAM.replace('"undo"', f'"{chance.choice(RETURNS)}"'))
    names = [f"member-{number}" for number in range(10)]
    for name in names:
        await shop.enrol(name)
    bought = [
        purchase(chance.choice((60, 150, 480)), START + chance.randint(1, 150) * DAY, member=name)
        for name in names
        for _ in range(2)
    ]
    await shop.send_batch(bought)
    for name in names:
        await something(shop, chance, name)
    await passed(shop, 40)
    program, own = chance.choice(PUBLISHED)
    source = program.replace('"undo"', f'"{chance.choice(RETURNS)}"').replace("SLUG", shop.slug)
    before = await checksum(shop)
    predicted = done(await simulate_program(shop.engine, shop.caller, source, None, own), Simulated)
    assert await checksum(shop) == before
    done(await publish_program(shop.engine, shop.caller, source, None, own), Published)
    await shop.advance()
    moved = sorted((name, move.from_tier, move.to_tier) for name, move in predicted.moved)
    assert moved == await moves_of(shop, NOW + 40 * DAY)
    await proven(shop)
    for days in (60, 200, 400):
        await passed(shop, days)
        for name in chance.sample(names, 3):
            await shop.send(purchase(20, NOW + (days - 1) * DAY, member=name))
        await proven(shop)


RETURNS = ("undo", "from_now", "at_review", "never")
PUBLISHED = (
    (STRICT, plan(claims="regrade_now")),
    (BRONZE, plan(tiers={"silver": "bronze"})),
    (STRICT.replace("silver", "bronze"), plan(claims="regrade_now", tiers={"silver": "bronze"})),
    (STRICT, plan(claims="protect_until", until=date(2027, 1, 1))),
)


async def something(shop: Shop, chance: random.Random, name: str) -> None:
    """What may make a member one whom a version finds in another condition."""
    ends = date(2026, 6, 15) + timedelta(days=chance.randint(1, 120))
    by, what = MemberBy(external_id=name), chance.choice(("lock", "grant", "pause", "both", "nothing"))
    tier = chance.choice(("basic", "silver", "gold"))
    if what in ("lock", "both"):
        await set_by_hand(shop, tier, locked=True, until=ends, member=by)
    if what == "grant":
        await set_by_hand(shop, "gold", origin="grant", until=ends, member=by)
    if what in ("pause", "both"):
        await pause(shop, name, chance.choice((None, ends)))
