"""Quotas of promotions that all members share: one use for an award, and none without (L27, L28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import record_activities
from loyalty_engine.services.commands import Batch, Recorded
from loyalty_engine.services.programs import NotPublished, Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, START, Shop, done, new_shop, purchase

PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }]
combine = "spend"
upgrade = { at = "activity", until = { end_of = "year" } }
review = { every = "year", until = { end_of = "year" } }
downgrade = { to = "qualified" }
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { rolling_months = 12 }, thresholds = { silver = "10000" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[rules]]
id = "first"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
multiple = "2"
quota = 2
exhausted = "none"
funding = []

[[rules]]
id = "second"
rule = "partner_rewards"
[rules.config]
partner = "bolt"
currency = "points"
points = 1
funding = [{ partner = "bolt", percent = "100", unlimited = true }]
"""
)
"""The first two purchases are worth twice their points, and each of the others one more at most."""

NEXT = PROGRAM.replace('exhausted = "none"', 'exhausted = "next"')
FROM_NOW = PROGRAM.replace('returns = "undo"', 'returns = "from_now"')
FUNDED = PROGRAM.replace(
    "funding = []", 'funding = [{ partner = "acme", percent = "100", budget_points = 15 }]'
).replace('"none"', '"reduce"')


async def left(shop: Shop) -> int:
    """How many awards there are left."""
    return int(await shop.value("SELECT balance FROM account WHERE kind = 'quota'"))


async def asks(shop: Shop) -> Sequence[tuple[int, int]]:
    """What was asked for and granted, in the order of recording."""
    return await shop.rows("SELECT asked, granted FROM fact WHERE type = 'answer' ORDER BY fact_id")


async def bought(shop: Shop, *names: str, amount: object = 10) -> None:
    """Each of new members buys once."""
    for name in names:
        await shop.enrol(name)
        await shop.buy(amount, member=name, external_id=f"of-{name}")


async def balances(shop: Shop, *names: str) -> list[int]:
    return [await shop.balance(name) for name in names]


async def test_what_the_quota_has_no_award_for_is_granted_nothing(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await bought(shop, "ann", "bob", "cat")
    assert await balances(shop, "ann", "bob", "cat") == [20, 20, 10]
    assert await left(shop) == 0
    assert await asks(shop) == [(10, 10), (10, 10), (10, 0)]
    assert not await broken(shop)


async def test_where_the_quota_is_used_up_the_next_best_offer_steps_in(app_database: Database) -> None:
    shop = await new_shop(app_database, NEXT)
    await bought(shop, "ann", "bob", "cat")
    assert await balances(shop, "ann", "bob", "cat") == [20, 20, 11]
    assert not await broken(shop)


async def test_folding_again_asks_no_more_and_uses_no_more(app_database: Database) -> None:
    shop = await new_shop(app_database, NEXT)
    await bought(shop, "ann", "bob", "cat")
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
    assert await left(shop) == 0


async def test_members_of_one_batch_share_what_is_left(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    names = ["ann", "bob", "cat", "dan"]
    for name in names:
        await shop.enrol(name)
    answer = await record_activities(
        shop.engine, shop.caller, "batch", [purchase(10, member=name) for name in names]
    )
    assert all(isinstance(each, Recorded) for each in done(answer, Batch).results)
    assert sorted(await balances(shop, *names)) == [10, 10, 20, 20]
    assert await left(shop) == 0
    assert not await broken(shop)


async def test_a_purchase_that_is_undone_gives_its_use_back(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await bought(shop, "ann", "bob", "cat")
    await shop.give_back("of-ann", 4)
    assert (await shop.balance("ann"), await left(shop)) == (12, 0)
    recorded = await shop.give_back("of-ann", 6, START + timedelta(days=3))
    assert recorded.taken == {"points": Decimal(12)}
    assert (await shop.balance("ann"), await left(shop)) == (0, 1)
    await shop.refold_all()
    assert await balances(shop, "ann", "bob", "cat") == [0, 20, 10]
    await bought(shop, "dan", "eve")
    assert await balances(shop, "dan", "eve") == [20, 10]
    assert not await broken(shop)


async def test_points_that_are_taken_back_from_now_on_free_no_use(app_database: Database) -> None:
    shop = await new_shop(app_database, FROM_NOW)
    await bought(shop, "ann", "bob")
    await shop.give_back("of-ann")
    assert (await shop.balance("ann"), await left(shop)) == (0, 0)
    await bought(shop, "cat")
    assert await shop.balance("cat") == 10
    assert not await broken(shop)


async def test_a_late_purchase_asks_for_itself_alone(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await bought(shop, "ann")
    await shop.buy(30, START + timedelta(hours=2), external_id="late")
    await shop.buy(50, START + timedelta(hours=1), external_id="later")
    assert await left(shop) == 0
    assert await asks(shop) == [(10, 10), (30, 30), (50, 0)]
    assert await shop.balance("ann") == 20 + 60 + 50
    assert not await broken(shop)


async def test_what_is_wanted_more_of_an_award_uses_no_other(app_database: Database) -> None:
    """A late purchase makes the member silver, so that the award of the one before is worth more."""
    source = PROGRAM.replace('rate = "1"', 'rates = { basic = "1", silver = "3" }, ladder = "status"')
    shop = await new_shop(app_database, source.replace('"10000"', '"100"'))
    await bought(shop, "ann")
    await shop.buy(100, START + timedelta(hours=2), kind="visit", external_id="rise")
    await shop.buy(100, START + timedelta(hours=1), external_id="late")
    assert await left(shop) == 0
    assert (await asks(shop))[0] == (10, 10)
    assert (20, 20) in await asks(shop)
    assert await shop.balance("ann") == 200 + 60
    assert not await broken(shop)


async def test_an_award_that_a_budget_cannot_pay_uses_nothing(app_database: Database) -> None:
    """The budget has 15 points, the quota three awards."""
    shop = await new_shop(app_database, FUNDED.replace("quota = 2", "quota = 3"))
    await bought(shop, "ann", "bob", "cat")
    assert await balances(shop, "ann", "bob", "cat") == [20, 15, 10]
    assert await left(shop) == 1
    assert await asks(shop) == [(10, 10), (10, 5), (10, 0)]
    await shop.give_back("of-ann")
    assert await left(shop) == 2
    assert not await broken(shop)


async def test_an_award_without_a_use_left_pays_nothing_from_a_budget(app_database: Database) -> None:
    shop = await new_shop(app_database, FUNDED.replace("points = 15", "points = 500"))
    await bought(shop, "ann", "bob", "cat")
    assert await shop.budgets() == {("first", "acme"): 480, ("second", "bolt"): None}
    assert not await broken(shop)


async def test_a_use_is_no_movement_of_points(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await bought(shop, "ann")
    assert await shop.rows(
        "SELECT t.code, t.currency, t.amount, d.kind, c.kind FROM transfer t"
        " JOIN account d ON d.account_id = t.debit_account_id"
        " JOIN account c ON c.account_id = t.credit_account_id"
        " JOIN effect e ON e.effect_id = t.effect_id AND e.kind = 'quota'"
    ) == [("use_quota", "#awards", 1, "quota", "used")]
    assert await shop.value("SELECT count(*) FROM outbox WHERE type = 'points.changed'") == 2


@pytest.mark.parametrize(
    ("written", "severity"),
    [("quota = 3", "warning"), ("", "error")],
)
async def test_a_quota_stays_as_it_was_opened(app_database: Database, written: str, severity: str) -> None:
    shop = await new_shop(app_database, PROGRAM)
    changed = PROGRAM.replace("quota = 2", written).replace("SLUG", shop.slug)
    answer = await publish_program(shop.engine, shop.caller, changed)
    assert isinstance(answer, Published if severity == "warning" else NotPublished)
    findings = answer.warnings if isinstance(answer, Published) else answer.findings
    assert [(each.path, each.severity) for each in findings] == [("rules.2.config", severity)]
    assert await left(shop) == 2


async def test_a_promotion_that_runs_without_a_quota_gets_none(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM.replace("quota = 2", ""))
    answer = await publish_program(shop.engine, shop.caller, PROGRAM.replace("SLUG", shop.slug))
    (finding,) = done(answer, NotPublished).findings
    assert finding.message.startswith("this promotion has had no quota")


async def test_within_one_batch_each_item_finds_what_those_before_it_left(app_database: Database) -> None:
    shop = await new_shop(app_database, FUNDED.replace('"reduce"', '"none"'))
    names = ("ann", "bob", "cat", "dan", "eve")
    for name in names:
        await shop.enrol(name)
    amounts = (20, 10, 10, 5, 1)
    await shop.send_batch([purchase(each, member=name) for each, name in zip(amounts, names, strict=True)])
    assert [granted for _, granted in await asks(shop)] == [0, 10, 0, 5, 0]
    assert await left(shop) == 0
    assert not await broken(shop)
