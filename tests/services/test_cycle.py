"""A ladder's cycle: its own period, begun by joining, by its end or by a change, at a place in the order."""

from datetime import UTC, datetime

import pytest

from loyalty_engine.plugins import discover
from loyalty_engine.program import check
from loyalty_engine.store.database import Database
from tests.services.shop import HEAD, Shop, new_shop

CYCLE = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
cycle = { months = 12, restart = ["upgrade"] }
upgrade = { at = "activity", until = { months = 12 } }
review = { every = "cycle", until = { months = 12 } }
downgrade = { to = "qualified" }
returns = "RETURNS"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "cycle", thresholds = { silver = "100", gold = "500" } }
"""
)
POLICIES = ("undo", "from_now", "at_review", "never")


def at(month: int, day: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


async def cycle_shop(database: Database, returns: str = "at_review") -> Shop:
    shop = await new_shop(database, CYCLE.replace("RETURNS", returns), clock_at=at(1, 1, year=2030))
    await shop.enrol(enrolled_at=at(1, 5))
    return shop


async def assert_nothing_is_posted_by_folding_again(shop: Shop) -> None:
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before


async def test_what_caused_a_restart_belongs_to_the_old_cycle_also_on_the_same_day(
    app_database: Database,
) -> None:
    shop = await cycle_shop(app_database)
    await shop.buy(120, at(2, 1, 9))
    assert await shop.tier() == "silver"
    await shop.buy(450, at(2, 1, 10))
    assert await shop.tier() == "silver"
    await shop.buy(50, at(2, 1, 11))
    assert await shop.tier() == "gold"
    await assert_nothing_is_posted_by_folding_again(shop)


async def test_a_cycle_ends_at_its_months_from_joining_and_is_reviewed_there(app_database: Database) -> None:
    shop = await cycle_shop(app_database)
    await shop.buy(99, at(1, 6))
    await shop.set_clock(at(1, 4, 22, year=2027))
    await shop.advance()
    await shop.buy(1, at(1, 4, 22, year=2027))
    assert await shop.tier() == "silver"
    other = await cycle_shop(app_database)
    await other.buy(99, at(1, 6))
    await other.buy(1, at(1, 5, 0, year=2027))
    assert await other.tier() == "basic"
    await assert_nothing_is_posted_by_folding_again(other)


async def test_a_review_at_the_end_of_a_cycle_judges_the_cycle_that_ends(app_database: Database) -> None:
    shop = await cycle_shop(app_database)
    await shop.buy(120, at(2, 1))
    await shop.buy(130, at(3, 1))
    await shop.set_clock(at(2, 1, 12, year=2027))
    await shop.advance()
    assert await shop.tier() == "silver"
    await shop.set_clock(at(2, 2, 12, year=2028))
    await shop.advance()
    assert await shop.tier() == "basic"
    await assert_nothing_is_posted_by_folding_again(shop)


@pytest.mark.parametrize("returns", POLICIES)
async def test_live_equals_fold_with_returns_of_purchases_of_this_cycle_and_of_an_old_one(
    app_database: Database, returns: str
) -> None:
    shop = await cycle_shop(app_database, returns)
    await shop.buy(150, at(2, 1, 9), external_id="old")
    await shop.buy(300, at(2, 1, 10), external_id="new")
    await shop.give_back("old", 20, at(2, 2))
    await shop.give_back("new", 100, at(2, 3))
    await shop.buy(250, at(2, 4))
    assert await shop.tier() == ("gold" if returns == "never" else "silver")
    await shop.buy(50, at(2, 5))
    assert await shop.tier() == "gold"
    await assert_nothing_is_posted_by_folding_again(shop)


async def test_a_late_purchase_may_begin_the_cycle_earlier(app_database: Database) -> None:
    shop = await cycle_shop(app_database)
    await shop.buy(100, at(3, 1))
    await shop.buy(400, at(4, 1))
    assert await shop.tier() == "silver"
    await shop.buy(100, at(2, 1))
    assert await shop.tier() == "gold"
    await assert_nothing_is_posted_by_folding_again(shop)


def test_a_cycle_that_is_read_must_be_said() -> None:
    without = CYCLE.replace("cycle = { months", "# cycle = { months")
    without = without.replace("RETURNS", "undo").replace("SLUG", "shop")
    found = [finding for finding in check(without, discover()) if finding.severity == "error"]
    assert [finding.path for finding in found] == ["ladders.0.cycle"]
    assert "how long" in found[0].message


async def test_a_return_of_what_began_the_cycle_withdraws_no_claim_made_in_it(app_database: Database) -> None:
    shop = await cycle_shop(app_database, "from_now")
    await shop.buy(120, at(2, 1, 10), external_id="first")
    await shop.buy(500, at(2, 1, 11), external_id="second")
    assert await shop.tier() == "gold"
    await shop.give_back("first", at=at(2, 2))
    assert await shop.tier() == "gold"
    await shop.give_back("second", 450, at(2, 3))
    assert await shop.tier() == "basic"
    await assert_nothing_is_posted_by_folding_again(shop)
