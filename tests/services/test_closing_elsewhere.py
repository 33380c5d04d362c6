"""Members who leave, and all that hangs on them: gifts, votes, redemptions, coupons, rules that fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loyalty_engine.services import RefusalCode, refold_parked
from loyalty_engine.services.coupon_commands import CouponReleased
from loyalty_engine.services.reward_commands import RedemptionCancelled, RedemptionFulfilled
from loyalty_engine.store.database import Database
from tests.services.admission import applied, ask, chamber, decided, stands, vote, withdraw
from tests.services.coupons import open_couponing
from tests.services.friends import gifts, shop_of_friends
from tests.services.leaving import accounts, assert_sound, claimed, leave
from tests.services.shop import NOW, done, new_shop, refused
from tests.services.test_failing_rules import FICKLE, installed, trouble

BEFORE = NOW - timedelta(days=1)
OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)


async def test_a_gift_for_who_left_is_gone_at_once_and_goes_with_its_cause(app_database: Database) -> None:
    shop = await shop_of_friends(app_database, clock_at=NOW)
    await shop.buy(30, BEFORE, member="bob", external_id="first")
    assert await accounts(shop) == {"wallet": 15}
    await leave(shop)
    await shop.buy(40, NOW, member="cid", external_id="second")
    assert [(to, units) for to, units, *_ in await gifts(shop)] == [("ann", 15), ("ann", 20)]
    assert await accounts(shop) == {}
    assert await shop.tier() == "basic"
    await assert_sound(shop)
    for of in ("first", "second"):
        await shop.give_back(of, at=NOW)
    assert await accounts(shop) == {}
    assert await shop.value("SELECT sum(value)::int FROM effect WHERE slot LIKE '%/expired'") == 0
    await assert_sound(shop)


async def test_open_applications_are_withdrawn_and_none_is_made(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await leave(shop)
    assert await stands(shop, application) == ("withdrawn", None)
    refused(await vote(shop, application, "m0"), RefusalCode.INVALID_INPUT, "application")
    refused(await withdraw(shop, application), RefusalCode.INVALID_INPUT, "application")
    refused(await ask(shop, "admission"), RefusalCode.MEMBER_BLOCKED, "member")
    await assert_sound(shop)


async def test_who_left_votes_no_more_and_is_asked_no_more(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await leave(shop, "m0")
    refused(await vote(shop, application, "m0"), RefusalCode.MEMBER_BLOCKED, "voter")
    await shop.enrol("zoe")
    later = await applied(shop, "admission", "zoe")
    await decided(shop, later, "review", "inspect")
    query = "SELECT count(*) FROM application_elector WHERE application_id = $1"
    assert await shop.value(query, application) == 4
    assert await shop.value(query, later) == 3
    await assert_sound(shop)


async def test_redemptions_are_fulfilled_or_cancelled_as_before(app_database: Database) -> None:
    shop = await open_couponing(app_database)
    await shop.enrol()
    await shop.buy(120, BEFORE)
    await shop.offer("mug", 50)
    kept, returned = [(await shop.redeem()).redemption_id for _ in range(2)]
    await leave(shop)
    done(await shop.fulfil(kept), RedemptionFulfilled)
    done(await shop.cancel(returned), RedemptionCancelled)
    assert await accounts(shop) == {}
    assert await shop.value("SELECT sum(value)::int FROM effect WHERE slot LIKE '%/expired'") == 20 + 50
    refused(await shop.ask(), RefusalCode.MEMBER_BLOCKED, "member")
    await assert_sound(shop)


async def test_a_coupon_that_was_used_is_given_back_and_not_used_again(app_database: Database) -> None:
    shop = await open_couponing(app_database)
    await shop.enrol()
    code = await shop.issue()
    use = (await shop.use(code)).use_id
    await leave(shop)
    refused(await shop.try_code(code), RefusalCode.MEMBER_BLOCKED, "member")
    done(await shop.release(use), CouponReleased)
    refused(await shop.reopen(use), RefusalCode.MEMBER_BLOCKED, "use")
    assert await shop.used() == 0
    await assert_sound(shop)


@pytest.mark.parametrize("rule", ["earn", "tier"])
async def test_she_leaves_though_a_rule_fails_and_its_repair_corrects_what_was_before(
    app_database: Database, rule: str
) -> None:
    shop = await new_shop(app_database, FICKLE, installed=installed())
    await shop.enrol()
    await shop.buy(60, BEFORE)
    with trouble(**{rule: ZeroDivisionError}):
        await shop.buy(60, BEFORE + timedelta(hours=1))
        await leave(shop)
        assert (await accounts(shop), await claimed(shop)) == ({}, [])
        assert (await shop.tier(), await shop.tier(ladder="club")) == ("basic", "guest")
    assert await refold_parked(shop.engine, shop.business_id) == 1
    assert (await accounts(shop), await claimed(shop)) == ({}, [])
    assert (await shop.tier(), await shop.tier(ladder="club")) == ("basic", "guest")
    await assert_sound(shop)
