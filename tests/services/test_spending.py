"""Spending, holding, sending, adjusting and confirming points."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services import Caller, Forbidden, RefusalCode
from loyalty_engine.services.commands import (
    ActivityBy,
    Adjusted,
    Paid,
    Recorded,
    ReverseActivity,
    Transferred,
)
from loyalty_engine.services.credentials import SCOPES
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.points_shop import TWO_MONTHS, PointsShop, points_shop
from tests.services.shop import NOW, START, done, linked_return, refused

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(app_database: Database) -> AsyncIterator[PointsShop]:
    """Ann has 100 points; whatever a test does, every invariant holds afterwards."""
    made = await points_shop(app_database)
    await made.enrol("ann")
    await made.enrol("bob")
    await made.buy(60, START + DAY, external_id="first")
    await made.buy(40, START + 2 * DAY, external_id="second")
    yield made
    assert await broken(made) == {}
    before = await made.row_counts()
    await made.refold_all()
    assert await made.row_counts() == before
    assert await broken(made) == {}


# Redemptions that happened already


async def test_a_reported_redemption_uses_the_oldest_points_and_is_not_refused(shop: PointsShop) -> None:
    taken = done(await shop.redeem(80, START + 3 * DAY), Recorded)
    assert await shop.used(taken.fact_id) == [("first", 60), ("second", 20)]
    more = done(await shop.redeem(50, START + 4 * DAY), Recorded)
    assert await shop.used(more.fact_id) == [("second", 20), (None, 30)]
    assert await shop.accounts() == {"debt": -30}


async def test_what_a_late_purchase_brings_is_what_an_earlier_redemption_used(shop: PointsShop) -> None:
    taken = done(await shop.redeem(130, START + 3 * DAY), Recorded)
    assert await shop.accounts() == {"debt": -30}
    await shop.buy(50, START + 1 * HOUR, external_id="late")
    assert await shop.used(taken.fact_id) == [("late", 50), ("first", 60), ("second", 20)]
    assert await shop.accounts() == {"wallet": 20}


async def test_a_reported_redemption_that_is_returned_gives_the_points_back(shop: PointsShop) -> None:
    await shop.redeem(80, START + 3 * DAY, external_id="gift")
    await shop.give_back("gift", None, START + 5 * DAY)
    assert await shop.accounts() == {"wallet": 100}
    refused(await shop.reverse(linked_return("gift", None, START + 6 * DAY)), RefusalCode.ALREADY_REVERSED)


async def test_a_redemption_is_given_back_whole(shop: PointsShop) -> None:
    await shop.redeem(80, START + 3 * DAY, external_id="gift", amount=Decimal(8))
    partly = linked_return("gift", 3, START + 5 * DAY)
    refused(await shop.reverse(partly), RefusalCode.INVALID_INPUT, "amount")
    await shop.give_back("gift", 8, START + 5 * DAY)
    assert await shop.accounts() == {"wallet": 100}


async def test_a_redemption_says_its_points_and_nothing_else_does(shop: PointsShop) -> None:
    refused(await shop.redeem(0, START + 3 * DAY), RefusalCode.INVALID_INPUT, "points", "amount")
    refused(await shop.redeem("0.5", START + 3 * DAY), RefusalCode.INVALID_INPUT, "points", "amount")
    refused(
        await shop.redeem(Decimal("1e40"), START + 3 * DAY), RefusalCode.INVALID_INPUT, "points", "amount"
    )


# Holds


async def test_points_that_are_held_cannot_be_spent_and_are_captured_once(shop: PointsShop) -> None:
    hold = done(await shop.hold(70), Recorded)
    assert await shop.accounts() == {"wallet": 30, "held": 70}
    refused(await shop.hold(31), RefusalCode.INSUFFICIENT_POINTS)
    done(await shop.capture(hold.fact_id), Recorded)
    assert await shop.accounts() == {"wallet": 30}
    assert await shop.used(hold.fact_id) == [("first", 60), ("second", 10)]
    refused(await shop.capture(hold.fact_id), RefusalCode.HOLD_CLOSED, "hold")
    refused(await shop.void(hold.fact_id), RefusalCode.HOLD_CLOSED, "hold")


async def test_what_is_not_captured_is_given_back_to_the_points_that_were_used_last(shop: PointsShop) -> None:
    hold = done(await shop.hold(70), Recorded)
    refused(await shop.capture(hold.fact_id, 71), RefusalCode.INVALID_INPUT, "points")
    done(await shop.capture(hold.fact_id, 50), Recorded)
    assert await shop.used(hold.fact_id) == [("first", 50)]
    assert await shop.accounts() == {"wallet": 50}


async def test_a_hold_that_is_voided_or_whose_time_is_up_gives_everything_back(shop: PointsShop) -> None:
    first, second = done(await shop.hold(40), Recorded), done(await shop.hold(30), Recorded)
    done(await shop.void(first.fact_id), Recorded)
    assert await shop.accounts() == {"wallet": 70, "held": 30}
    await shop.set_clock(NOW + HOUR)
    refused(await shop.capture(second.fact_id), RefusalCode.HOLD_EXPIRED, "hold")
    await shop.advance()
    assert await shop.accounts() == {"wallet": 100}
    refused(await shop.capture(second.fact_id), RefusalCode.HOLD_EXPIRED, "hold")


async def test_the_points_of_a_hold_whose_time_is_up_can_be_spent_before_the_worker_comes(
    shop: PointsShop,
) -> None:
    done(await shop.hold(100), Recorded)
    await shop.set_clock(NOW + HOUR)
    done(await shop.hold(100, NOW + 2 * HOUR), Recorded)
    assert await shop.accounts() == {"held": 100}


async def test_a_hold_ends_within_a_year_and_after_it_begins(shop: PointsShop) -> None:
    for until in (NOW, NOW - HOUR, NOW + timedelta(days=400)):
        refused(await shop.hold(1, until), RefusalCode.INVALID_INPUT, "expiresAt")
    refused(await shop.capture(new_id()), RefusalCode.NOT_FOUND, "hold")


async def test_a_hold_ends_on_a_whole_second_and_never_earlier_than_was_asked_for(shop: PointsShop) -> None:
    hold = done(await shop.hold(70, NOW + timedelta(seconds=1, milliseconds=200)), Recorded)
    assert await shop.value("SELECT expires_at FROM hold") == NOW + timedelta(seconds=2)
    await shop.set_clock(NOW + timedelta(seconds=1, milliseconds=900))
    await shop.advance()
    assert await shop.accounts() == {"wallet": 30, "held": 70}
    done(await shop.capture(hold.fact_id), Recorded)


async def test_held_points_that_expire_can_be_captured_and_are_gone_when_the_hold_is_voided(
    app_database: Database,
) -> None:
    shop = await points_shop(app_database, TWO_MONTHS, clock_at=START + 2 * DAY)
    for name in ("ann", "bob"):
        await shop.enrol(name)
        await shop.buy(100, START + DAY, member=name)
    until = START + timedelta(days=200)
    holds = {name: done(await shop.hold(100, until, member=name), Recorded) for name in ("ann", "bob")}
    await shop.set_clock(START + timedelta(days=100))
    await shop.advance()
    assert await shop.accounts("ann") == {"held": 100}
    done(await shop.capture(holds["ann"].fact_id), Recorded)
    done(await shop.void(holds["bob"].fact_id), Recorded)
    assert (await shop.accounts("ann"), await shop.accounts("bob")) == ({}, {})
    spent = dict(await shop.rows("SELECT code, sum(amount)::int FROM transfer GROUP BY code"))
    assert (spent["capture"], spent["unhold"], spent["expire"]) == (100, 100, 100)
    assert await broken(shop) == {}


# Sending


async def test_points_are_sent_with_the_ends_that_they_have(app_database: Database) -> None:
    shop = await points_shop(app_database, TWO_MONTHS, clock_at=START + 20 * DAY)
    await shop.enrol("ann")
    await shop.enrol("bob")
    await shop.buy(60, START + DAY)
    await shop.buy(40, START + 10 * DAY)
    done(await shop.transfer(70), Transferred)
    assert (await shop.accounts("ann"), await shop.accounts("bob")) == ({"wallet": 30}, {"wallet": 70})
    ends = (
        "SELECT expires_at, amount FROM lot JOIN member USING (business_id, member_id) WHERE external_id = $1"
    )
    first, second = sorted(at for at, _ in await shop.rows(ends, "ann"))
    assert sorted(await shop.rows(ends, "bob")) == [(first, 60), (second, 10)]
    await shop.set_clock(START + timedelta(days=65))
    await shop.advance()
    assert (await shop.accounts("ann"), await shop.accounts("bob")) == ({"wallet": 30}, {"wallet": 10})
    assert await broken(shop) == {}


async def test_a_transfer_that_is_returned_takes_the_points_back_or_leaves_a_debt(shop: PointsShop) -> None:
    sent = done(await shop.transfer(70), Transferred)
    await shop.redeem(20, NOW, member="bob")
    command = ReverseActivity(ActivityBy(id=sent.fact_id), "desk", "r", NOW + HOUR / 60)
    done(await shop.reverse(command), Recorded)
    assert (await shop.accounts("ann"), await shop.accounts("bob")) == ({"wallet": 100}, {"debt": -20})
    receipt = ReverseActivity(ActivityBy(id=sent.receipt_id), "desk", "r2", NOW + HOUR / 60)
    refused(await shop.reverse(receipt), RefusalCode.INVALID_INPUT, "activity")


async def test_nobody_sends_more_than_they_have_or_to_themselves(shop: PointsShop) -> None:
    refused(await shop.transfer(101), RefusalCode.INSUFFICIENT_POINTS)
    refused(await shop.transfer(1, receiver="ann"), RefusalCode.INVALID_INPUT, "receiver")
    refused(await shop.transfer(1, receiver="nobody"), RefusalCode.NOT_FOUND, "receiver")


# Adjusting


async def test_points_are_added_and_taken_away_with_a_reason(shop: PointsShop) -> None:
    done(await shop.adjust(25), Adjusted)
    assert await shop.accounts() == {"wallet": 125}
    done(await shop.adjust(-45), Adjusted)
    assert await shop.accounts() == {"wallet": 80}
    refused(await shop.adjust(-81), RefusalCode.INSUFFICIENT_POINTS)
    refused(await shop.adjust(0), RefusalCode.INVALID_INPUT, "points", "amount")
    assert (
        await shop.rows("SELECT decision, reason, needs_approval FROM adjustment")
        == [("approved", "goodwill", False)] * 2
    )


def somebody(shop: PointsShop, credential_id: object) -> Caller:
    """Staff of the business, one credential each."""
    return Caller(shop.business_id, credential_id, "staff", frozenset(SCOPES))  # type: ignore[arg-type]


async def test_a_large_adjustment_waits_for_somebody_else(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\napproval_above = "1000"')
    await shop.enrol("ann")
    first, second = await shop.credential(), await shop.credential()
    asked = done(await shop.adjust(1001, caller=somebody(shop, first)), Adjusted)
    assert asked.fact_id is None
    assert await shop.accounts() == {}
    with pytest.raises(Forbidden):
        await shop.decide(asked.adjustment_id, caller=somebody(shop, first))
    made = done(await shop.decide(asked.adjustment_id, caller=somebody(shop, second)), Adjusted)
    assert made.fact_id is not None
    assert await shop.accounts() == {"wallet": 1001}
    refused(
        await shop.decide(asked.adjustment_id, caller=somebody(shop, second)),
        RefusalCode.INVALID_INPUT,
        "adjustment",
    )
    declined = done(await shop.adjust(-1001, caller=somebody(shop, first)), Adjusted)
    done(await shop.decide(declined.adjustment_id, approve=False, caller=somebody(shop, second)), Adjusted)
    assert await shop.accounts() == {"wallet": 1001}
    done(await shop.adjust(1000, caller=somebody(shop, first)), Adjusted)
    assert await shop.accounts() == {"wallet": 2001}


# Paying


async def test_points_pay_at_the_declared_rate(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\ntender = "0.015"')
    await shop.enrol("ann")
    await shop.buy(1000, START + DAY)
    by_points = done(await shop.pay(points=Decimal(101)), Paid)
    assert (by_points.points, by_points.amount) == (Decimal(101), Decimal("1.51"))
    by_amount = done(await shop.pay(amount=Decimal(5), external_id="pay-2"), Paid)
    assert (by_amount.points, by_amount.amount) == (Decimal(334), Decimal(5))
    assert await shop.accounts() == {"wallet": 565}
    refused(await shop.pay(points=Decimal(566), external_id="pay-3"), RefusalCode.INSUFFICIENT_POINTS)
    refused(await shop.pay(points=Decimal(1)), RefusalCode.ALREADY_EXISTS)
    await shop.give_back("pay-1", None, NOW)
    assert await shop.accounts() == {"wallet": 666}


async def test_points_without_a_rate_pay_nothing(shop: PointsShop) -> None:
    refused(await shop.pay(points=Decimal(1)), RefusalCode.INVALID_INPUT, "currency")


async def test_points_worth_less_than_the_smallest_money_are_not_taken(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\ntender = "0.004"')
    await shop.enrol("ann")
    await shop.buy(1000, START + DAY)
    refused(await shop.pay(points=Decimal(2)), RefusalCode.INVALID_INPUT, "points")
    assert done(await shop.pay(points=Decimal(3), external_id="pay-2"), Paid).amount == Decimal("0.01")
    assert await shop.accounts() == {"wallet": 997}


async def test_points_that_only_qualify_are_not_spent(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\nredeemable = false')
    await shop.enrol("ann")
    await shop.buy(100, START + DAY)
    refused(await shop.hold(1), RefusalCode.INVALID_INPUT, "points", "currency")


# Pending points


async def test_pending_points_are_released_by_the_date_or_by_a_confirmation(app_database: Database) -> None:
    keys = 'expiry = "never"\npending = { days = 14, confirmed = true }'
    shop = await points_shop(app_database, keys, clock_at=START + 2 * DAY)
    await shop.enrol("ann")
    await shop.buy(60, START + DAY, external_id="first")
    await shop.buy(40, START + DAY, external_id="second")
    assert await shop.accounts() == {"pending": 100}
    refused(await shop.hold(1, START + 3 * DAY), RefusalCode.INSUFFICIENT_POINTS)
    done(await shop.confirm("second", START + 2 * DAY), Recorded)
    assert await shop.accounts() == {"wallet": 40, "pending": 60}
    await shop.give_back("first", 20, START + 2 * DAY)
    assert await shop.accounts() == {"wallet": 40, "pending": 40}
    await shop.set_clock(START + 15 * DAY)
    await shop.advance()
    assert await shop.accounts() == {"wallet": 80}
    assert await broken(shop) == {}
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before


async def test_a_confirmation_names_an_activity_before_it(shop: PointsShop) -> None:
    refused(await shop.confirm("unknown", NOW), RefusalCode.ORIGINAL_NOT_FOUND, "activity")
    refused(await shop.confirm("second", START + DAY), RefusalCode.INVALID_INPUT, "occurredAt")


# Idle expiry


async def test_points_stay_as_long_as_the_member_does_something_that_keeps_them(
    app_database: Database,
) -> None:
    keys = 'expiry = { idle_months = 2, kept_by = ["purchase"] }'
    shop = await points_shop(app_database, keys, clock_at=START + 2 * DAY)
    await shop.enrol("ann")
    await shop.buy(60, START + DAY)
    await shop.set_clock(START + 50 * DAY)
    await shop.buy(40, START + 50 * DAY)
    await shop.set_clock(START + 100 * DAY)
    await shop.advance()
    assert await shop.accounts() == {"wallet": 100}
    await shop.set_clock(START + 111 * DAY)
    await shop.advance()
    assert await shop.accounts() == {}
    assert await broken(shop) == {}
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
