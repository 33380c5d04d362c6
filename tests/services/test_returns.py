"""Linked returns through the services: what is taken, what is owed, what is refused (BEHAVIOUR L8 to L12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import ActivityBy, LineInput, Recorded
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import (
    HEAD,
    START,
    Shop,
    done,
    lines,
    linked_return,
    new_shop,
    purchase,
    refused,
)

POLICIES = ("undo", "from_now", "at_review", "never")

POINTS = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
review = { every = "year", until = "lifetime" }
downgrade = { to = "qualified" }
returns = "RETURNS"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { silver = "100" } }
"""
)


async def shop_with(database: Database, returns: str) -> Shop:
    shop = await new_shop(database, POINTS.replace("RETURNS", returns))
    await shop.enrol()
    return shop


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    return await shop_with(app_database, "from_now")


@pytest.mark.parametrize("returns", POLICIES)
async def test_points_taken_back_in_parts_end_at_those_of_a_purchase_never_made(
    app_database: Database, returns: str
) -> None:
    shop = await shop_with(app_database, returns)
    await shop.buy("9.99", external_id="b")
    assert await shop.balance() == 9
    balances = []
    for part in ("3.33", "3.33", "3.33"):
        await shop.give_back("b", part)
        balances.append(await shop.balance())
    assert balances == [6, 3, 0]
    assert await broken(shop) == {}


@pytest.mark.parametrize("returns", POLICIES)
async def test_points_that_were_spent_already_are_owed_and_the_next_earning_repays_them_first(
    app_database: Database, returns: str
) -> None:
    shop = await shop_with(app_database, returns)
    await shop.buy(50, external_id="b")
    spent = await shop.buy(-30, START + timedelta(days=2), kind="return", external_id="unlinked")
    assert spent.original_id is None
    back = await shop.give_back("b", at=START + timedelta(days=3))
    assert (back.taken, back.debt) == ({"points": Decimal(50)}, {"points": Decimal(30)})
    assert await shop.rows("SELECT kind, balance FROM account WHERE member_id IS NOT NULL ORDER BY kind") == [
        ("debt", -30),
        ("wallet", 0),
    ]
    await shop.buy(40, START + timedelta(days=4))
    assert await shop.balance() == 10
    assert await shop.value("SELECT balance FROM account WHERE kind = 'debt'") == 0
    assert await broken(shop) == {}


@pytest.mark.parametrize(
    ("returns", "tiers"),
    [
        ("undo", ["basic", "basic"]),
        ("from_now", ["basic", "basic"]),
        ("at_review", ["silver", "silver"]),
        ("never", ["silver", "silver"]),
    ],
)
async def test_a_return_takes_the_tier_as_the_ladder_says(
    app_database: Database, returns: str, tiers: list[str]
) -> None:
    shop = await shop_with(app_database, returns)
    await shop.buy(60, external_id="first")
    await shop.buy(60, external_id="second")
    found: list[str] = []
    for back in ("first", "second"):
        assert await shop.tier() in ("silver", *found)
        await shop.give_back(back)
        found.append(await shop.tier())
    assert found == tiers
    ever = await shop.value(
        "SELECT count(*) FROM standing WHERE to_tier = 'silver' AND withdrawn_effect_id IS NULL"
    )
    assert ever == (0 if returns == "undo" else 1)
    assert await broken(shop) == {}


async def test_more_than_was_bought_is_never_returned(shop: Shop) -> None:
    await shop.buy(10, external_id="b")
    refusal = refused(
        await shop.reverse(linked_return("b", "10.01")), RefusalCode.REVERSAL_EXCEEDS_ORIGINAL, "amount"
    )
    assert refusal.parameters == {"left": "10"}
    await shop.give_back("b", 4)
    refused(await shop.reverse(linked_return("b", 7)), RefusalCode.REVERSAL_EXCEEDS_ORIGINAL, "amount")
    await shop.give_back("b", 6)
    refused(await shop.reverse(linked_return("b", 1)), RefusalCode.ALREADY_REVERSED)
    assert await broken(shop) == {}


async def test_by_line_no_more_than_is_left_of_the_line(shop: Shop) -> None:
    two = (LineInput("1", Decimal(6), Decimal(3), "books"), LineInput("2", Decimal(4), None, "toys"))
    await shop.buy(10, external_id="b", lines=two, units=Decimal(3))
    wrong: dict[tuple[str, ...], tuple[LineInput, ...]] = {
        ("lines", "0", "amount"): lines(("1", "6.01", "books")),
        ("lines", "1", "amount"): lines(("1", 1, "books"), ("2", 5, "toys")),
        ("lines", "0", "units"): (LineInput("1", Decimal(1), Decimal(4)),),
    }
    for path, taken in wrong.items():
        command = linked_return("b", lines=taken)
        refused(await shop.reverse(command), RefusalCode.REVERSAL_EXCEEDS_ORIGINAL, *path)
    wrong = {
        ("lines", "0", "key"): lines(("3", 1, "books")),
        ("lines", "0", "amount"): lines(("1", -1, "books")),
        ("lines",): lines(("1", 0, "books")),
    }
    for path, taken in wrong.items():
        command = linked_return("b", lines=taken)
        refused(await shop.reverse(command), RefusalCode.INVALID_INPUT, *path)
    both = linked_return("b", 3, lines=lines(("1", 2, "books")))
    refused(await shop.reverse(both), RefusalCode.INVALID_INPUT, "lines")
    refused(await shop.reverse(linked_return("b", 3)), RefusalCode.INVALID_INPUT, "lines")
    await shop.give_back("b", 3, lines=lines(("1", 2, "books"), ("2", 1, "toys")))
    await shop.give_back("b")
    assert await shop.balance() == 0
    assert await broken(shop) == {}


@pytest.mark.parametrize("returns", POLICIES)
async def test_by_line_no_more_than_is_left_of_a_purchase_with_a_line_that_takes_off(
    app_database: Database, returns: str
) -> None:
    shop = await shop_with(app_database, returns)
    await shop.buy(
        80, external_id="b", lines=lines(("1", 70, "books"), ("2", 30, "toys"), ("off", -20, "off"))
    )
    both = linked_return("b", lines=lines(("1", 70, "books"), ("2", 30, "toys")))
    refusal = refused(await shop.reverse(both), RefusalCode.REVERSAL_EXCEEDS_ORIGINAL, "lines")
    assert refusal.parameters == {"left": "80"}
    await shop.give_back("b", lines=lines(("1", 70, "books")))
    other = linked_return("b", lines=lines(("2", 30, "toys")))
    refused(await shop.reverse(other), RefusalCode.REVERSAL_EXCEEDS_ORIGINAL, "lines")
    assert await shop.balance() == 10
    await shop.give_back("b")
    assert await shop.balance() == 0
    assert await broken(shop) == {}


async def test_a_return_before_its_purchase_and_of_nothing_are_invalid(shop: Shop) -> None:
    bought = await shop.buy(10, external_id="b")
    early = linked_return("b", at=START + timedelta(hours=1))
    refused(await shop.reverse(early), RefusalCode.INVALID_INPUT, "occurredAt")
    for amount in (0, -1):
        refused(await shop.reverse(linked_return("b", amount)), RefusalCode.INVALID_INPUT, "amount")
    back = await shop.give_back("b", 4)
    of_return = replace(linked_return("b"), activity=ActivityBy(id=back.fact_id))
    refused(await shop.reverse(of_return), RefusalCode.INVALID_INPUT, "activity")
    for nothing in (ActivityBy(), ActivityBy(bought.fact_id, ("till", "b"))):
        command = replace(linked_return("b"), activity=nothing)
        refused(await shop.reverse(command), RefusalCode.INVALID_INPUT, "activity")


@pytest.mark.parametrize(("amount", "units"), [(-5, None), (5, -1), (0, -1)])
async def test_what_takes_away_is_not_returned(shop: Shop, amount: int, units: int | None) -> None:
    """Coupons worth more than a sale make purchases with negative amounts."""
    await shop.buy(amount, external_id="b", units=None if units is None else Decimal(units))
    before = await shop.row_counts()
    refused(await shop.reverse(linked_return("b")), RefusalCode.INVALID_INPUT, "activity")
    assert await shop.row_counts() == before


async def test_what_has_no_amount_is_returned_whole(shop: Shop) -> None:
    await shop.buy(None, kind="visit", external_id="b", units=Decimal(2))
    await shop.give_back("b")
    refused(await shop.reverse(linked_return("b")), RefusalCode.ALREADY_REVERSED)
    assert await broken(shop) == {}


async def test_another_members_and_another_businesss_purchases_are_not_found(
    shop: Shop, app_database: Database
) -> None:
    other = await shop_with(app_database, "from_now")
    theirs = await other.buy(10, external_id="b")
    for by in (ActivityBy(id=theirs.fact_id), ActivityBy(natural=("till", "b"))):
        command = replace(linked_return("b"), activity=by)
        refused(await shop.reverse(command), RefusalCode.ORIGINAL_NOT_FOUND, "activity")


async def test_more_points_than_can_be_counted_refuse_their_item_alone(app_database: Database) -> None:
    shop = await shop_with(app_database, "undo")
    await shop.enrol("bob")
    large = Decimal(5 * 10**15)
    first, second, third = await shop.send_batch(
        [purchase(large), purchase(large), purchase(10, member="bob")]
    )
    done(first, Recorded)
    refused(second, RefusalCode.INVALID_INPUT)
    done(third, Recorded)
    refused(await shop.send(purchase(large)), RefusalCode.INVALID_INPUT)
    assert (await shop.balance(), await shop.balance("bob")) == (int(large), 10)
    assert await broken(shop) == {}


async def test_each_batch_with_such_an_item_has_its_own_results_and_is_replayed(
    app_database: Database,
) -> None:
    shop = await shop_with(app_database, "undo")
    await shop.enrol("bob")
    large = Decimal(5 * 10**15)
    done(await shop.send(purchase(large)), Recorded)
    batches = {key: [purchase(large), purchase(10, member="bob")] for key in ("one", "two")}
    for key, items in batches.items():
        first, second = await shop.send_batch(items, key)
        refused(first, RefusalCode.INVALID_INPUT)
        done(second, Recorded)
        again, second_again = await shop.send_batch(items, key)
        assert (again, done(second_again, Recorded).fact_id) == (first, done(second, Recorded).fact_id)
    assert await shop.balance("bob") == 20
    assert await broken(shop) == {}
