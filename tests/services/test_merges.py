"""Merging members: nothing is lost, nothing counts twice, one answers for both (BEHAVIOUR L25)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty_engine.services import Refusal, RefusalCode, erase_member
from loyalty_engine.services.commands import (
    Enrolled,
    Erased,
    EraseMember,
    MembersMerged,
    ProfileInput,
    Recorded,
    Transferred,
)
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.by_hand import set_by_hand
from tests.services.merging import LADDER, MergingShop, check, merging_shop, program, with_two
from tests.services.points_shop import named
from tests.services.shop import HEAD, NOW, START, done, purchase, refused, value_of

DAY = timedelta(days=1)

RICH = (
    HEAD
    + LADDER.replace("RETURNS", "at_review").replace("WINDOW", '"lifetime"')
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 12, then = "that_day" }
pending = { days = 30, confirmed = true }

[[points]]
key = "miles"
decimals = 2
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[rules]]
id = "fly"
rule = "earn_purchase"
config = { currency = "miles", rate = "0.5", negative = "take_back" }

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 5
funding = [{ partner = "bolt", percent = "100", unlimited = true }]
"""
)
"""Pending points, two currencies, and a partner who pays for some."""


@pytest.fixture
async def shop(app_database: Database) -> MergingShop:
    return await with_two(await merging_shop(app_database))


async def test_points_of_both_are_there_with_their_ends(shop: MergingShop) -> None:
    await shop.buy(100, START + DAY, external_id="a1")
    await shop.buy(40, START + 40 * DAY, external_id="a2")
    await shop.buy(7, START + 2 * DAY, external_id="b1", member="bob")
    before = await shop.lots("ann") + await shop.lots("bob")
    assert len(before) == 3
    merged = done(await shop.merge(), MembersMerged)
    assert merged.effect_ids
    assert await shop.lots("ann") == []
    assert sorted(await shop.lots("bob")) == sorted(before)
    assert await shop.accounts("ann") == {}
    assert await shop.balance("bob") == 147
    await check(shop)


async def test_pending_points_other_currencies_and_who_paid_are_kept(app_database: Database) -> None:
    shop = await with_two(await merging_shop(app_database, RICH))
    await shop.buy(100, START + DAY)
    await shop.buy(60, NOW - DAY)
    before = await shop.lots("ann")
    assert {(lot[0], lot[1], lot[4], lot[5]) for lot in before} == {
        ("points", 100, "[]", False),
        ("points", 5, '[["bolt", "100"]]', False),
        ("points", 60, "[]", True),
        ("points", 5, '[["bolt", "100"]]', True),
        ("miles", 5000, "[]", False),
        ("miles", 3000, "[]", False),
    }
    done(await shop.merge(), MembersMerged)
    assert sorted(await shop.lots("bob"), key=str) == sorted(before, key=str)
    assert (await shop.accounts("ann"), await shop.free("bob")) == ({}, (105, 65))
    await check(shop)
    await shop.set_clock(NOW + 30 * DAY)
    await shop.advance()
    assert await shop.free("bob") == (170, 0)
    await check(shop)


async def test_a_confirmation_of_what_the_other_one_bought_releases_it_also_twice_removed(
    app_database: Database,
) -> None:
    shop = await with_two(await merging_shop(app_database, RICH))
    await shop.enrol("cid")
    await shop.buy(60, NOW - DAY, external_id="a1")
    done(await shop.merge("ann", "bob"), MembersMerged)
    done(await shop.merge("bob", "cid"), MembersMerged)
    assert await shop.free("cid") == (0, 65)
    confirmed = done(await shop.confirm("a1", NOW), Recorded)
    assert confirmed.member_id == (await shop.member_ids())["cid"]
    assert await shop.free("cid") == (65, 0)
    await check(shop)


@pytest.mark.parametrize(
    ("absorbed", "survivor"), [("ann", "bob"), ("bob", "ann")], ids=["of one who owes", "into one who owes"]
)
async def test_debt_goes_along_and_is_paid_by_what_the_other_has(
    shop: MergingShop, absorbed: str, survivor: str
) -> None:
    await shop.buy(50, START + DAY, external_id="a1")
    done(await shop.redeem(50, START + 2 * DAY), Recorded)
    await shop.give_back("a1", at=START + 3 * DAY)
    await shop.buy(80, START + DAY, external_id="b1", member="bob")
    assert (await shop.balance("ann"), await shop.balance("bob")) == (-50, 80)
    done(await shop.merge(absorbed, survivor), MembersMerged)
    assert (await shop.accounts(absorbed), await shop.accounts(survivor)) == ({}, {"wallet": 30})
    await check(shop)


async def test_debt_beside_pending_points_stays_both(app_database: Database) -> None:
    shop = await with_two(await merging_shop(app_database, RICH))
    await shop.buy(50, START + DAY, external_id="a1")
    done(await shop.redeem(75, START + 60 * DAY), Recorded)
    await shop.buy(60, NOW - DAY, external_id="a2")
    before = await shop.accounts("ann")
    assert (before["debt"], before["pending"]) == (-20, 65)
    done(await shop.merge(), MembersMerged)
    after = await shop.accounts("bob")
    assert (after["debt"], after["pending"], await shop.accounts("ann")) == (-20, 65, {})
    await check(shop)


async def test_nothing_is_written_for_a_merged_member_any_more_and_who_asks_is_told_by_whom(
    shop: MergingShop,
) -> None:
    await shop.buy(50, START + DAY)
    done(await shop.merge(), MembersMerged)
    bob = (await shop.member_ids())["bob"]
    answers = [
        await shop.send(purchase(10)),
        (await shop.send_batch([purchase(10)]))[0],
        await shop.note(value_of("city", "Ulm")),
        await shop.transfer(10, sender="bob", receiver="ann"),
        await shop.hold(10),
        await shop.adjust(10),
        await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(named("ann"))),
        await shop.merge("ann", "bob"),
        await shop.merge("bob", "ann"),
    ]
    for answer in answers:
        refusal = refused(answer, RefusalCode.MEMBER_MERGED)
        assert refusal.existing_id == bob, refusal
    paths = [answer.path for answer in answers if isinstance(answer, Refusal)]
    assert paths[-2:] == [("absorbed",), ("survivor",)]
    done(await shop.enrol_again("cid"), Enrolled)
    done(await shop.transfer(10, sender="bob", receiver="cid"), Transferred)
    await check(shop)


async def test_a_merge_that_is_sent_again_is_the_same_merge(shop: MergingShop) -> None:
    await shop.buy(50, START + DAY)
    first = done(await shop.merge(key="one"), MembersMerged)
    again = done(await shop.merge(key="one"), MembersMerged)
    assert again.replayed
    assert (again.absorbed_id, again.survivor_id, again.effect_ids) == (
        first.absorbed_id,
        first.survivor_id,
        first.effect_ids,
    )
    refused(await shop.merge("bob", "ann", key="one"), RefusalCode.IDEMPOTENCY_CONFLICT)
    assert await shop.value("SELECT count(*) FROM merge") == 1
    await check(shop)


async def test_nobody_is_merged_with_itself_or_with_nobody(shop: MergingShop) -> None:
    refused(await shop.merge("ann", "ann"), RefusalCode.INVALID_INPUT, "survivor")
    refused(await shop.merge("ann", "zoe"), RefusalCode.NOT_FOUND, "survivor")
    done(await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(named("bob"))), Erased)
    refused(await shop.merge("ann", "bob"), RefusalCode.NOT_FOUND, "survivor")
    refused(await shop.merge("bob", "ann"), RefusalCode.NOT_FOUND, "absorbed")
    assert await shop.value("SELECT count(*) FROM merge") == 0


async def test_holds_are_closed_first(shop: MergingShop) -> None:
    await shop.buy(50, START + DAY)
    held = done(await shop.hold(20), Recorded)
    refused(await shop.merge(), RefusalCode.INVALID_INPUT, "absorbed")
    done(await shop.capture(held.fact_id, 5), Recorded)
    done(await shop.merge(), MembersMerged)
    assert await shop.balance("bob") == 45
    await check(shop)


async def test_open_holds_of_the_one_who_goes_on_stay_open(shop: MergingShop) -> None:
    await shop.buy(50, START + DAY, member="bob")
    held = done(await shop.hold(20, member="bob"), Recorded)
    await shop.buy(7, START + DAY)
    done(await shop.merge(), MembersMerged)
    done(await shop.void(held.fact_id), Recorded)
    assert await shop.balance("bob") == 57
    await check(shop)


async def test_the_better_tier_of_both_is_held_until_its_own_end(shop: MergingShop) -> None:
    await shop.buy(250, START + DAY)
    ends = "SELECT until_at FROM claim WHERE tier = 'gold' AND member_id = $1 ORDER BY until_at"
    ids = await shop.member_ids()
    before = await shop.rows(ends, ids["ann"])
    assert (await shop.tier("ann"), await shop.tier("bob")) == ("gold", "basic")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "gold"
    assert set(before) == set(await shop.rows(ends, ids["bob"]))
    await check(shop)


async def test_a_claim_that_the_figures_of_both_do_not_support_counts_on(app_database: Database) -> None:
    window = "{ calendar = 'month' }"
    shop = await with_two(await merging_shop(app_database, program(window=window)))
    await shop.buy(250, START + DAY)
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "gold"
    await check(shop)
    await shop.set_clock(NOW.replace(year=2027))
    await shop.advance()
    assert (await shop.tier("bob"), await shop.tier("ann")) == ("basic", "gold")
    await check(shop)


async def test_measures_read_what_both_bought_and_nothing_is_earned_again(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY)
    await shop.buy(60, START + 2 * DAY, member="bob")
    assert {await shop.tier("ann"), await shop.tier("bob")} == {"basic"}
    done(await shop.merge(), MembersMerged)
    assert (await shop.tier("bob"), await shop.balance("bob")) == ("silver", 120)
    await check(shop)
    await shop.set_clock(NOW + DAY)
    await shop.buy(79, NOW + DAY, member="bob")
    assert (await shop.tier("bob"), await shop.balance("bob")) == ("silver", 199)
    await shop.buy(1, NOW + DAY, member="bob")
    assert await shop.tier("bob") == "gold"
    await check(shop)


async def test_a_late_purchase_of_the_one_who_goes_on_is_rated_before_the_merge(shop: MergingShop) -> None:
    await shop.buy(60, START + DAY)
    done(await shop.merge(), MembersMerged)
    await shop.buy(45, START + 3 * DAY, member="bob")
    assert (await shop.tier("bob"), await shop.balance("bob")) == ("silver", 105)
    await check(shop)


async def test_caps_are_used_up_together_and_what_is_given_once_is_given_once(app_database: Database) -> None:
    shop = await with_two(await merging_shop(app_database, CAPPED))
    await shop.buy(60, NOW - 3 * DAY)
    await shop.buy(30, NOW - 3 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + DAY)
    await shop.buy(50, NOW + DAY, member="bob")
    assert await shop.balance("bob") == 100
    await check(shop)


CAPPED = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "promo"
rule = "earn_purchase"
[rules.config]
currency = "points"
rate = "1"
negative = "take_back"
caps = [{ points = 100, period = "month" }]
"""
)


async def test_idle_points_are_kept_by_what_either_did(app_database: Database) -> None:
    idle = program().replace(
        '{ months = 12, then = "that_day" }', '{ idle_months = 3, kept_by = ["purchase"] }'
    )
    shop = await with_two(await merging_shop(app_database, idle))
    await shop.buy(60, NOW - 60 * DAY)
    await shop.buy(1, NOW - DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + 45 * DAY)
    await shop.advance()
    assert await shop.balance("bob") == 61
    await shop.set_clock(NOW + 120 * DAY)
    await shop.advance()
    assert await shop.balance("bob") == 0
    await check(shop)


async def test_time_does_not_go_on_for_a_merged_member(shop: MergingShop) -> None:
    await shop.buy(250, START + DAY)
    done(await shop.merge(), MembersMerged)
    events = (
        "SELECT count(*) FROM outbox o JOIN member m USING (business_id, member_id) WHERE external_id = $1"
    )
    before = await shop.value(events, "ann")
    await shop.set_clock(NOW.replace(year=2029))
    await shop.advance()
    assert await shop.value(events, "ann") == before
    assert (await shop.balance("bob"), await shop.value(events, "bob") > 1) == (0, True)
    await check(shop)


async def test_erasing_who_goes_on_erases_what_names_the_other(app_database: Database) -> None:
    shop = await merging_shop(app_database)
    card = {"identities": (("card", "4711"),), "profile": ProfileInput(given_name="Annabella")}
    await shop.enrol("ann", **card)
    await shop.enrol("bob")
    done(await shop.merge(), MembersMerged)
    done(await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(named("bob"))), Erased)
    assert await shop.value("SELECT count(*) FROM identity") == 0
    assert await shop.value("SELECT count(*) FROM profile") == 0
    assert await broken(shop) == {}


async def test_a_merge_tells_of_itself(shop: MergingShop) -> None:
    done(await shop.merge(), MembersMerged)
    ids = await shop.member_ids()
    told = await shop.rows("SELECT member_id, body FROM outbox WHERE type = 'member.merged'")
    assert told == [(ids["ann"], {"into": str(ids["bob"])})]


async def test_a_cycle_holds_what_both_bought_in_it(app_database: Database) -> None:
    source = program(window='"cycle"').replace(
        'upgrade = { at = "activity"', 'cycle = { months = 12, restart = [] }\nupgrade = { at = "activity"'
    )
    shop = await with_two(await merging_shop(app_database, source))
    await shop.buy(60, START + DAY)
    await shop.buy(60, START + DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.set_clock(NOW + DAY)
    await shop.buy(80, NOW + DAY, member="bob")
    assert await shop.tier("bob") == "gold"
    await check(shop)


async def test_what_was_set_by_hand_comes_with_its_lock(shop: MergingShop) -> None:
    await shop.buy(250, START + DAY, member="bob")
    await set_by_hand(shop, "silver", NOW - DAY, locked=True)
    assert (await shop.tier("ann"), await shop.tier("bob")) == ("silver", "gold")
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.set_clock(NOW + DAY)
    await set_by_hand(shop, None, NOW + DAY, member=named("bob"))
    assert await shop.tier("bob") == "gold"
    await check(shop)
