"""A back-test folds what happened in a past period by another program, and compares the two."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from loyalty_engine.program.plan import NO_PLAN, Plan
from loyalty_engine.rating.periods import Cost
from loyalty_engine.services.backtest import Backtested, Compared, Period, backtest_program
from loyalty_engine.services.programs import NotPublished
from loyalty_engine.services.strata import Held
from loyalty_engine.store.database import Database
from tests.services.friends import PROGRAM as FRIENDS
from tests.services.friends import shop_of_friends
from tests.services.shop import NOW, PROGRAM, START, Shop, done, linked_return, new_shop, purchase
from tests.services.test_quotas import FUNDED
from tests.services.test_simulation import checksum, plan

SPRING = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
TWICE = PROGRAM.replace('basic = "1", silver = "2"', 'basic = "2", silver = "2"')
EASY = PROGRAM.replace('silver = "100"', 'silver = "50"')
UNFUNDED = FUNDED[: FUNDED.index('[[rules]]\nid = "first"')]
EARNED = Cost("earned", "points", "earn", "")


async def crowd(shop: Shop, seed: int, members: int = 12) -> None:
    """Members who bought for random amounts and returned some of it."""
    chance = random.Random(seed)
    for number in range(members):
        name = f"member-{number}"
        await shop.enrol(name)
        for count in range(chance.randint(2, 4)):
            at = START + timedelta(days=chance.randint(1, 150), seconds=number)
            of = f"{name}-{count}"
            await shop.send(purchase(chance.choice((30, 90, 150)), at, member=name, external_id=of))
            if chance.random() < 0.4:
                await shop.reverse(linked_return(of, chance.choice((10, None)), at + timedelta(days=9)))


async def attempt(
    shop: Shop, program: str, period: Period = SPRING, own: Plan = NO_PLAN, sample: int | None = None
) -> Backtested | NotPublished:
    """The back-test of a program, or why there is none."""
    source = program.replace("SLUG", shop.slug)
    return await backtest_program(shop.engine, shop.caller, source, period, own, sample)


async def run(shop: Shop, program: str, own: Plan = NO_PLAN, sample: int | None = None) -> Backtested:
    """The back-test of a program in spring; there must be one."""
    return done(await attempt(shop, program, SPRING, own, sample), Backtested)


async def earned_by_the_ledger(shop: Shop, period: Period) -> int:
    """What the business itself gave in a period, minus what it took back."""
    query = """
        SELECT coalesce(sum(CASE WHEN d.kind = 'issuance' THEN t.amount ELSE -t.amount END), 0)::bigint
        FROM transfer t
        JOIN account d ON d.account_id = t.debit_account_id
        JOIN account c ON c.account_id = t.credit_account_id
        WHERE 'issuance' IN (d.kind, c.kind) AND t.effective_at >= $1 AND t.effective_at < $2
        """
    return int(await shop.value(query, period.start, period.end))


@pytest.mark.parametrize("seed", range(4))
async def test_the_program_in_force_would_have_come_to_what_the_ledger_says(
    app_database: Database, seed: int
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, seed)
    before = await checksum(shop)
    found = await run(shop, PROGRAM)
    assert await checksum(shop) == before
    really = await earned_by_the_ledger(shop, SPRING)
    assert really > 0
    assert found.costs[EARNED] == Compared(really, really)
    assert all(held.was == held.would for held in found.tiers)
    assert (found.members, found.folded, found.estimates) == (12, 12, frozenset())


async def test_the_draft_decides_from_the_start_of_the_period_on_and_not_before(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await shop.enrol("ann")
    await shop.buy(40, SPRING.start - timedelta(days=1))
    await shop.buy(20, SPRING.start)
    await shop.buy(9, SPRING.end - timedelta(seconds=1))
    await shop.buy(5, SPRING.end)
    twice = await run(shop, TWICE)
    assert twice.costs == {EARNED: Compared(29, 58)}
    easy = await run(shop, EASY)
    assert easy.tiers == {Held("status", "basic", "silver"): 1}
    assert easy.costs == {EARNED: Compared(29, 20 + 2 * 9)}


async def test_who_pays_is_told_and_an_offer_that_its_budget_cut_makes_an_estimate(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    for name in ("ann", "bob"):
        await shop.enrol(name)
        await shop.buy(10, SPRING.start + timedelta(days=1), member=name)
    found = await run(shop, FUNDED)
    offered = Cost("earned", "points", "first", "acme")
    assert found.costs == {EARNED: Compared(20, 20), offered: Compared(0, 15)}
    assert found.estimates == {"budgets"}


async def test_who_paid_is_told_by_name_whatever_is_in_it(app_database: Database) -> None:
    named = FUNDED.replace('"acme"', '"acme/north"')
    shop = await new_shop(app_database, named)
    await shop.enrol("ann")
    await shop.buy(10, SPRING.start + timedelta(days=1))
    found = await run(shop, named)
    assert found.costs[Cost("earned", "points", "first", "acme/north")] == Compared(10, 10)


async def test_what_is_rationed_is_granted_in_the_order_of_the_facts(app_database: Database) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    for name, day in (("ann", 3), ("bob", 2), ("cat", 1)):
        await shop.enrol(name)
        await shop.buy(day * 10, SPRING.start + timedelta(days=day), member=name)
    found = await run(shop, FUNDED.replace("budget_points = 15", "budget_points = 1000"))
    assert found.costs[Cost("earned", "points", "first", "acme")] == Compared(0, 10 + 20)


async def test_a_budget_is_what_it_was_when_the_period_began(app_database: Database) -> None:
    shop = await new_shop(app_database, FUNDED)
    for name in ("ann", "bob"):
        await shop.enrol(name)
        await shop.buy(10, SPRING.start + timedelta(days=1), member=name)
    assert await shop.budgets() == {("first", "acme"): 0, ("second", "bolt"): None}
    found = await run(shop, FUNDED)
    assert found.costs[Cost("earned", "points", "first", "acme")] == Compared(15, 15)


async def test_what_is_returned_in_the_period_can_be_granted_again(app_database: Database) -> None:
    shop = await new_shop(app_database, UNFUNDED)
    for name in ("ann", "bob"):
        await shop.enrol(name)
    await shop.buy(10, SPRING.start, external_id="first")
    await shop.give_back("first", at=SPRING.start + timedelta(days=1))
    await shop.buy(10, SPRING.start + timedelta(days=2), member="bob")
    found = await run(shop, FUNDED.replace('returns = "undo"', 'returns = "from_now"'))
    assert found.costs[Cost("earned", "points", "first", "acme")] == Compared(0, 10)
    assert found.estimates == frozenset()


async def test_what_others_would_have_been_given_is_counted_where_it_was_caused(
    app_database: Database,
) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(40, SPRING.start + timedelta(days=1), member="bob")
    program = FRIENDS.replace("RETURNS", "undo").replace("PENDING", "")
    same = await run(shop, program)
    given = Cost("given", "points", "friend", "")
    assert (same.costs[given], same.estimates) == (Compared(20, 20), frozenset())
    without = await run(shop, program[: program.rindex("[[rules]]")])
    assert (without.costs[given], without.estimates) == (Compared(20, 0), frozenset({"gifts"}))


async def test_a_sample_has_the_same_share_of_every_tier_and_says_that_it_is_one(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    for number in range(20):
        await shop.enrol(f"member-{number}")
        amount = 10 if number < 15 else 120
        await shop.buy(amount, SPRING.start + timedelta(days=1), member=f"member-{number}")
    found = await run(shop, TWICE, sample=4)
    assert (found.members, found.folded, found.estimates) == (20, 5, frozenset({"sample"}))
    assert found.costs[EARNED] == Compared(15 * 10 + 5 * 120, 15 * 20 + 5 * 240, margin=0)
    assert found.tiers == {Held("status", "basic", "basic"): 15, Held("status", "silver", "silver"): 5}


async def test_what_really_came_is_known_also_of_a_sample(app_database: Database) -> None:
    shop = await new_shop(app_database)
    for number in range(9):
        await shop.enrol(f"member-{number}")
        await shop.buy(number, SPRING.start + timedelta(days=1), member=f"member-{number}")
    found = await run(shop, TWICE, sample=2)
    assert found.folded == 2
    assert found.costs[EARNED].was == sum(range(9))
    assert found.costs[EARNED].margin > 0


@pytest.mark.parametrize(
    ("program", "period", "path"),
    [
        (PROGRAM.replace('"100"', '"many"'), SPRING, "rules.0.config.thresholds.silver"),
        (PROGRAM.replace("silver", "bronze"), SPRING, "ladders.0.tiers"),
        (PROGRAM, Period(NOW - timedelta(days=1), NOW + timedelta(days=1)), "until"),
        (PROGRAM, Period(SPRING.end, SPRING.start), "until"),
    ],
)
async def test_what_could_not_have_been_published_is_not_folded(
    app_database: Database, program: str, period: Period, path: str
) -> None:
    shop = await new_shop(app_database)
    answer = done(await attempt(shop, program, period), NotPublished)
    assert [finding.path for finding in answer.findings] == [path]


async def test_the_plan_takes_effect_at_the_start_of_the_period(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol("ann")
    await shop.buy(150, SPRING.start - timedelta(days=1))
    strict = PROGRAM.replace('silver = "100"', 'silver = "200"')
    kept = await run(shop, strict)
    assert kept.tiers == {Held("status", "silver", "silver"): 1}
    graded = await run(shop, strict, plan(claims="regrade_now"))
    assert graded.tiers == {Held("status", "silver", "basic"): 1}
