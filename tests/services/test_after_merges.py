"""What comes after a merge for something that the merged member did: carried on to who goes on."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty_engine.localtime import first_instant
from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import (
    MembersMerged,
    Recorded,
)
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.by_hand import set_by_hand
from tests.services.friends import shop_of_friends
from tests.services.merging import POINTS, MergingShop, check, merging_shop, program, with_two
from tests.services.shop import NOW, START, done, purchase, refused

DAY = timedelta(days=1)


@pytest.fixture
async def shop(app_database: Database) -> MergingShop:
    return await with_two(await merging_shop(app_database))


@pytest.mark.parametrize("returns", ["at_review", "from_now", "undo", "never"])
async def test_what_the_other_one_bought_is_returned_after_the_merge(
    app_database: Database, returns: str
) -> None:
    shop = await with_two(await merging_shop(app_database, program(returns)))
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(60, START + 2 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "silver"
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", 20, at=NOW + DAY / 2)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (100, {})
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.give_back("a1", at=NOW + DAY)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (60, {})
    assert await shop.tier("bob") == ("basic" if returns in ("from_now", "undo") else "silver")
    refused(await shop.reverse_again("a1"), RefusalCode.ALREADY_REVERSED)
    await check(shop)


async def test_what_was_spent_and_is_returned_after_the_merge_is_owed(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    done(await shop.redeem(60, NOW - DAY, member="bob"), Recorded)
    await shop.give_back("a1", at=NOW)
    assert (await shop.balance("bob"), await shop.accounts("ann")) == (-60, {})
    await check(shop)


@pytest.mark.parametrize("chain", [False, True], ids=["once", "twice"])
async def test_what_is_pending_and_is_returned_after_the_merge_is_taken_from_itself(
    app_database: Database, chain: bool
) -> None:
    pending = POINTS.replace('"that_day" }', '"that_day" }\npending = { days = 5, confirmed = true }')
    shop = await with_two(await merging_shop(app_database, program(points=pending)))
    await shop.enrol("cid")
    await shop.buy(60, NOW, external_id="a1")
    await shop.buy(40, NOW, external_id="a2")
    await shop.buy(30, START + DAY, member="cid")
    await shop.merge("ann", "bob")
    last = "cid" if chain else "bob"
    had = {"wallet": 30} if chain else {}
    if chain:
        done(await shop.merge("bob", "cid"), MembersMerged)
    await shop.give_back("a1", 20, at=NOW)
    assert await shop.accounts(last) == {"pending": 80, **had}
    await check(shop)
    confirmed = NOW + timedelta(minutes=1)
    done(await shop.confirm("a2", confirmed), Recorded)
    await shop.give_back("a1", at=confirmed)
    await shop.give_back("a2", 10, at=confirmed)
    free = 30 + had.get("wallet", 0)
    assert (await shop.accounts(last), await shop.accounts("ann")) == ({"wallet": free}, {})
    await check(shop)


async def test_a_redemption_of_before_is_given_back_to_who_goes_on_with_its_end(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY, external_id="a1")
    (lot,) = await shop.lots("ann")
    done(await shop.redeem(60, START + 2 * DAY, external_id="r1"), Recorded)
    done(await shop.merge(), MembersMerged)
    assert await shop.balance("bob") == 0
    await shop.give_back("r1", at=NOW)
    assert await shop.lots("bob") == [lot]
    await check(shop)


async def test_no_time_passes_in_the_history_that_ended_whatever_still_comes(
    shop: MergingShop,
) -> None:
    await shop.buy(60, START + DAY, external_id="a1")
    done(await shop.redeem(10, START + 2 * DAY, external_id="r1"), Recorded)
    ends = NOW.date() + 2 * DAY
    await set_by_hand(shop, "gold", NOW, until=ends, locked=True)
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + 9 * DAY)
    await shop.give_back("r1", at=NOW + 8 * DAY)
    await shop.give_back("a1", 20, at=NOW + 9 * DAY)
    query = "SELECT folded_until, status FROM member WHERE external_id = 'ann'"
    ((until, status),) = await shop.rows(query)
    assert (until < NOW + DAY, status) == (True, "merged")
    assert await shop.balance("bob") == 40
    await check(shop)


async def test_a_claim_that_is_over_is_not_judged_again_in_the_history_that_ended(
    app_database: Database,
) -> None:
    source = program("from_now", '{ calendar = "month" }').replace('end_of = "year"', 'end_of = "month"')
    shop = await with_two(await merging_shop(app_database, source))
    await shop.buy(150, NOW - DAY, external_id="a1")
    await shop.buy(150, NOW - DAY, external_id="a2")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "gold"
    over = first_instant(date(NOW.year, NOW.month + 1, 1), ZoneInfo("Europe/Berlin"))
    await shop.set_clock(over + DAY)
    for of, later, tier in (("a1", timedelta(0), "gold"), ("a2", DAY, "silver")):
        await shop.give_back(of, 100, at=over + later)
        assert await shop.tier("bob") == tier
        await check(shop)


async def test_merges_follow_one_another_and_a_late_return_goes_all_the_way(shop: MergingShop) -> None:
    await shop.enrol("cid")
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(30, START + 2 * DAY, member="bob")
    await shop.buy(20, START + 2 * DAY, member="cid")
    done(await shop.merge("ann", "bob"), MembersMerged)
    done(await shop.merge("bob", "cid"), MembersMerged)
    assert (await shop.balance("cid"), await shop.tier("cid")) == (110, "silver")
    refusal = refused(await shop.send(purchase(10)), RefusalCode.MEMBER_MERGED)
    assert refusal.existing_id == (await shop.member_ids())["cid"]
    await check(shop)
    await shop.give_back("a1", at=NOW)
    accounts = [await shop.accounts(name) for name in ("ann", "bob", "cid")]
    assert accounts == [{}, {}, {"wallet": 50}]
    await check(shop)


async def test_a_gift_for_a_merged_member_goes_to_who_goes_on(app_database: Database) -> None:
    friends = await shop_of_friends(app_database)
    shop = MergingShop(friends.engine, friends.caller, friends.slug, friends._numbers)
    done(await shop.merge("ann", "cid"), MembersMerged)
    await shop.buy(30, NOW - DAY, member="bob", external_id="first")
    assert (await shop.balance("ann"), await shop.balance("cid")) == (0, 15)
    assert await broken(shop) == {}
    await shop.give_back("first", at=NOW)
    assert (await shop.balance("ann"), await shop.balance("cid")) == (0, 0)
    assert await broken(shop) == {}


@pytest.mark.parametrize("returns", ["from_now", "undo"])
@pytest.mark.parametrize("chain", [False, True], ids=["once", "twice"])
async def test_a_claim_that_came_is_withdrawn_by_the_return_of_what_it_was_made_on(
    app_database: Database, returns: str, chain: bool
) -> None:
    shop = await with_two(await merging_shop(app_database, program(returns)))
    await shop.enrol("cid")
    await shop.buy(150, START + DAY, external_id="a1")
    await shop.buy(60, START + 2 * DAY, external_id="a2")
    await shop.buy(10, START + 2 * DAY, member="bob")
    done(await shop.merge("ann", "bob"), MembersMerged)
    last = "cid" if chain else "bob"
    if chain:
        done(await shop.merge("bob", "cid"), MembersMerged)
    assert await shop.tier(last) == "gold"
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a2", at=NOW + DAY / 2)
    assert await shop.tier(last) == "silver"
    await check(shop)
    await shop.give_back("a1", at=NOW + DAY)
    assert (await shop.tier(last), await shop.balance(last)) == ("basic", 10)
    await check(shop)
    await shop.set_clock(NOW + 2 * DAY)
    await shop.buy(95, NOW + 2 * DAY, member=last)
    assert await shop.tier(last) == "silver"
    await check(shop)


async def test_a_claim_that_came_is_lowered_by_the_return_of_a_part(app_database: Database) -> None:
    window = "{ calendar = 'month' }"
    shop = await with_two(await merging_shop(app_database, program("from_now", window)))
    await shop.buy(250, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "gold"
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", 100, at=NOW + DAY)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.give_back("a1", 100, at=NOW + DAY)
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_what_holds_without_it_stays_when_such_a_claim_is_withdrawn(app_database: Database) -> None:
    shop = await with_two(await merging_shop(app_database, program("from_now")))
    await shop.buy(210, START + DAY, external_id="a1")
    await shop.buy(120, START + 2 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", at=NOW + DAY)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.buy(90, NOW + DAY, member="bob")
    assert await shop.tier("bob") == "gold"
    await check(shop)


@pytest.mark.parametrize("returns", ["at_review", "never"])
async def test_a_claim_that_came_runs_to_its_end_where_returns_withdraw_none(
    app_database: Database, returns: str
) -> None:
    shop = await with_two(await merging_shop(app_database, program(returns)))
    await shop.buy(250, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", at=NOW + DAY)
    assert await shop.tier("bob") == "gold"
    await check(shop)


async def test_what_a_merged_member_caused_is_taken_back_with_its_cause(app_database: Database) -> None:
    friends = await shop_of_friends(app_database)
    shop = MergingShop(friends.engine, friends.caller, friends.slug, friends._numbers)
    await shop.buy(30, NOW - DAY, member="bob", external_id="first")
    assert await shop.balance("ann") == 15
    done(await shop.merge("bob", "cid"), MembersMerged)
    assert await broken(shop) == {}
    done(await shop.merge("ann", "cid"), MembersMerged)
    given = await shop.balance("cid")
    await shop.give_back("first", at=NOW)
    assert given - await shop.balance("cid") == 15 + 7
    assert await broken(shop) == {}


@pytest.mark.parametrize("amount", [100, 250])
async def test_a_claim_that_came_is_withdrawn_also_under_another_name_of_its_tier(
    app_database: Database, amount: int
) -> None:
    window = "{ calendar = 'month' }"
    source = program("from_now", window)
    shop = await with_two(await merging_shop(app_database, source))
    await shop.buy(250, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + DAY)
    plan = plan_of({"ladders": {"status": {"tiers": {"silver": "steel", "gold": "onyx"}}}})
    later = source.replace("SLUG", shop.slug).replace('"silver"', '"steel"').replace('"gold"', '"onyx"')
    later = later.replace("silver =", "steel =").replace("gold =", "onyx =")
    done(await publish_program(shop.engine, shop.caller, later, None, plan), Published)
    await shop.advance()
    assert await shop.tier("bob") == "onyx"
    await shop.set_clock(NOW + 2 * DAY)
    await shop.give_back("a1", amount, at=NOW + 2 * DAY)
    assert await shop.tier("bob") == ("steel" if amount == 100 else "basic")
    await check(shop)
