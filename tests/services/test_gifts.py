"""What one member's history causes in another's: recorded, reversed and recorded again with its cause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from types import MappingProxyType

import pytest

from loyalty_engine.plugins import RuleType
from loyalty_engine.rules import Gift, Line, Member, Occasion
from loyalty_engine.services import RefusalCode, confirm_activity, erase_member
from loyalty_engine.services.activities import record_activity
from loyalty_engine.services.commands import (
    ActivityBy,
    ConfirmActivity,
    Erased,
    EraseMember,
    MemberBy,
    PointsInput,
    Recorded,
)
from loyalty_engine.services.due import refold_parked
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.friends import Friend, everything, gifts, installed, shop_of_friends
from tests.services.shop import START, Shop, done, linked_return, purchase, refused

DAY = timedelta(days=1)


async def check(shop: Shop) -> None:
    """All promises hold, and folding everybody again changes nothing."""
    assert await broken(shop) == {}
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows


async def test_the_first_purchase_gives_to_the_referrer_in_the_same_transaction(
    app_database: Database,
) -> None:
    shop = await shop_of_friends(app_database)
    recorded = await shop.buy(30, START + DAY, member="bob", external_id="first")
    assert await gifts(shop) == [("ann", 15, "first", False)]
    assert (await shop.balance("ann"), await shop.balance("bob")) == (15, 7)
    kinds = "SELECT kind, value FROM effect WHERE effect_id = ANY ($1::uuid[]) ORDER BY 1, 2"
    assert await shop.rows(kinds, list(recorded.effect_ids)) == [("caused", 15), ("points", 7)]
    ((source, name, day, about),) = await shop.rows(
        "SELECT source, external_id, occurred_at, about_fact_id FROM fact WHERE kind = 'gift'"
    )
    assert (source, day, about) == ("loyalty", START + DAY, recorded.fact_id)
    assert name.startswith("gift/")
    assert name.endswith("/1")
    codes = (
        "SELECT code, amount FROM transfer JOIN member USING (business_id, member_id) WHERE external_id = $1"
    )
    assert await shop.rows(codes, "ann") == [("give", 15)]
    await shop.buy(50, START + 2 * DAY, member="bob")
    assert len(await gifts(shop)) == 1
    await check(shop)


async def test_what_is_sent_again_gives_once(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    command = purchase(30, START + DAY, member="bob")
    for _ in range(2):
        done(await record_activity(shop.engine, shop.caller, "one", command), Recorded)
    refused(await shop.send(command), RefusalCode.ALREADY_EXISTS)
    assert await shop.balance("ann") == 15
    await check(shop)


async def test_a_gift_is_no_kind_of_activity_that_anybody_may_record(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    refused(await shop.send(purchase(30, member="ann", kind="gift")), RefusalCode.INVALID_INPUT, "kind")


async def test_a_return_of_the_cause_reverses_the_gift_and_what_was_spent_is_owed(
    app_database: Database,
) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(40, START + DAY, member="bob", external_id="first")
    await spend(shop, 15)
    await shop.give_back("first", at=START + 3 * DAY)
    assert await gifts(shop) == [("ann", 20, "first", True)]
    assert (await shop.balance("ann"), await shop.balance("bob")) == (-15, 0)
    await check(shop)
    await shop.buy(30, START + 4 * DAY, member="bob", external_id="second")
    assert await gifts(shop) == [("ann", 20, "first", True), ("ann", 15, "second", False)]
    assert await shop.balance("ann") == 0
    await check(shop)


async def spend(shop: Shop, units: int) -> None:
    """A redemption of ann's that a till reports, a day and a half after START, whatever she has."""
    command = purchase(
        None,
        START + 1.5 * DAY,
        member="ann",
        kind="redemption",
        points=PointsInput(Decimal(units), "points"),
    )
    done(await shop.send(command), Recorded)


async def test_a_gift_is_returned_with_its_cause_and_not_by_itself(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(40, START + DAY, member="bob")
    name = await shop.value("SELECT external_id FROM fact WHERE kind = 'gift'")
    of_gift = replace(linked_return(name), activity=ActivityBy(natural=("loyalty", name)))
    refused(await shop.reverse(of_gift), RefusalCode.INVALID_INPUT, "activity")


async def test_a_gift_waits_for_its_confirmation_where_points_do(app_database: Database) -> None:
    shop = await shop_of_friends(app_database, pending="pending = { confirmed = true }")
    await shop.buy(40, START + DAY, member="bob", external_id="first")
    balances = """
        SELECT a.kind, a.balance FROM account a JOIN member m USING (business_id, member_id)
        WHERE m.external_id = 'ann'
        """
    assert dict(await shop.rows(balances)) == {"wallet": 0, "pending": 20}
    name = await shop.value("SELECT external_id FROM fact WHERE kind = 'gift'")
    command = ConfirmActivity(ActivityBy(natural=("loyalty", name)), "desk", "confirmed", START + 2 * DAY)
    done(await confirm_activity(shop.engine, shop.caller, shop.key(), command), Recorded)
    assert dict(await shop.rows(balances)) == {"wallet": 20, "pending": 0}
    await check(shop)


async def test_a_return_of_a_part_gives_what_the_rest_is_worth(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(80, START + DAY, member="bob", external_id="first")
    await shop.give_back("first", 30, START + 3 * DAY)
    assert await gifts(shop) == [("ann", 40, "first", True), ("ann", 25, "first", False)]
    await shop.give_back("first", 40, START + 4 * DAY)
    assert (await shop.balance("ann"), await shop.balance("bob")) == (0, 0)
    await check(shop)


async def test_an_earlier_purchase_that_comes_late_takes_the_place_of_the_cause(
    app_database: Database,
) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(80, START + 9 * DAY, member="bob", external_id="later")
    await shop.buy(30, START + DAY, member="bob", external_id="earlier")
    assert await gifts(shop) == [("ann", 40, "later", True), ("ann", 15, "earlier", False)]
    assert await shop.balance("ann") == 15
    await check(shop)
    await shop.give_back("earlier", at=START + 2 * DAY)
    assert [row for row in await gifts(shop) if not row[3]] == [("ann", 40, "later", False)]
    names = "SELECT right(external_id, 2) FROM fact WHERE kind = 'gift' AND points = 40 ORDER BY fact_id"
    assert await shop.rows(names) == [("/1",), ("/2",)]
    await check(shop)


async def test_a_gift_may_change_what_its_receiver_gives_on(app_database: Database) -> None:
    """Two gifts make ann's friend bob gold before its own first purchase, which is recorded already."""
    shop = await shop_of_friends(app_database)
    await shop.enrol("eve", referred_by="bob")
    await shop.buy(30, START + 9 * DAY, member="bob", external_id="bob's")
    assert await shop.balance("ann") == 15
    await shop.send_batch(
        [purchase(20, START + DAY, member=name, external_id=f"{name}'s") for name in ("dan", "eve")]
    )
    assert await shop.tier("bob") == "gold"
    assert [row for row in await gifts(shop) if row[0] == "ann"] == [
        ("ann", 15, "bob's", True),
        ("ann", 115, "bob's", False),
    ]
    assert await shop.balance("ann") == 115
    await check(shop)
    await shop.give_back("dan's", at=START + 10 * DAY)
    assert (await shop.tier("bob"), await shop.balance("ann")) == ("basic", 15)
    await check(shop)


async def test_a_batch_of_both_sides_gives_to_both(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    names = ("ann", "dan", "bob", "cid")
    results = await shop.send_batch([purchase(30, START + DAY, member=name) for name in names])
    assert all(isinstance(each, Recorded) for each in results)
    assert [await shop.balance(name) for name in names] == [30, 7, 22, 7]
    await check(shop)


async def test_what_a_failed_rule_would_have_given_is_given_after_the_repair(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    broken_purchase = purchase(30, START + DAY, member="bob", attributes={"trouble": "yes"})
    recorded = done(await shop.send(broken_purchase), Recorded)
    assert [parked.rule for parked in recorded.parked] == ["friend"]
    assert await gifts(shop) == []
    repaired = repaired_shop(shop)
    await refold_parked(repaired.engine, repaired.business_id)
    assert [row[:2] for row in await gifts(repaired)] == [("ann", 15)]
    await check(repaired)


def repaired_shop(shop: Shop) -> Shop:
    """The same business in a process whose rule has no trouble any more."""
    again = shop.restarted()
    again.engine.installed = MappingProxyType(
        {**installed(), "friend": RuleType("friend", "test", "1", Repaired)}
    )
    return again


class Repaired(Friend):
    """Sees no trouble."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | Gift]:
        """As if there were none."""
        quiet = replace(occasion.activity, attributes={})
        return super().earnings(replace(occasion, activity=quiet), member)


async def test_who_is_erased_is_given_nothing_more_and_keeps_what_was_given(app_database: Database) -> None:
    shop = await shop_of_friends(app_database)
    await shop.buy(30, START + DAY, member="bob", external_id="bob's")
    command = EraseMember(MemberBy(external_id="ann"))
    done(await erase_member(shop.engine, shop.caller, shop.key(), command), Erased)
    await shop.buy(30, START + 2 * DAY, member="cid")
    await shop.give_back("bob's", at=START + 3 * DAY)
    assert await gifts(shop) == [("ann", 15, "bob's", False)]
    assert [await shop.balance(name) for name in ("ann", "bob", "cid")] == [15, 0, 7]
    await check(shop)


@pytest.mark.parametrize("returns", ["undo", "from_now"])
async def test_any_order_of_the_facts_of_two_members_ends_in_the_same_wallets(
    app_database: Database, returns: str
) -> None:
    found = []
    for order in permutations(("a", "b", "spent", "back")):
        if order.index("back") < order.index("a"):
            continue
        shop = await shop_of_friends(app_database, returns)
        for name in order:
            match name:
                case "a":
                    await shop.buy(50, START + DAY, member="bob", external_id="a")
                case "b":
                    await shop.buy(30, START + 2 * DAY, member="bob", external_id="b")
                case "spent":
                    await spend(shop, 30)
                case "back":
                    await shop.give_back("a", at=START + 3 * DAY)
        await check(shop)
        found.append(await everything(shop))
    assert all(each == found[0] for each in found)


@pytest.fixture
async def crowd(database: str) -> AsyncIterator[Database]:
    """A pool in which everybody has a connection."""
    opened = await Database.connect(as_app(database), min_size=24, max_size=24)
    yield opened
    await opened.close()


async def test_twenty_friends_of_one_referrer_who_buy_at_once_are_all_rewarded(crowd: Database) -> None:
    shop = await shop_of_friends(crowd)
    for number in range(20):
        await shop.enrol(f"friend-{number}", referred_by="cid")
    commands = [purchase(20, START + DAY, member=f"friend-{number}") for number in range(20)]
    commands += [purchase(20, START + DAY, member=name) for name in ("ann", "bob", "cid", "dan")]
    answers = await asyncio.gather(*(shop.send(command) for command in commands))
    assert all(isinstance(each, Recorded) for each in answers), answers
    assert [await shop.balance(name) for name in ("ann", "bob", "cid", "dan")] == [
        10 + 110,
        10 + 7,
        200 + 7,
        7,
    ]
    await check(shop)
