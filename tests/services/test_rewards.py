"""Rewards: what they cost whom, what a redemption takes and gives, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import ActivityBy
from loyalty_engine.services.reward_commands import CreateReward, RewardSaved, RewardStocked, TermsInput
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.rewards import Catalogue, open_catalogue, terms
from tests.services.shop import NOW, PROGRAM, START, done, linked_return, refused

THEN = START + timedelta(days=1)
TWO_LADDERS = (
    PROGRAM.replace('currency = "points", rates', 'currency = "points", ladder = "status", rates')
    + """
[[ladders]]
key = "visits"
tiers = [{ key = "basic" }, { key = "regular" }]
combine = "often"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "qualified" }
returns = "undo"

[[rules]]
id = "often"
rule = "tier_frequency"
config = { count = "activities", window = "lifetime", thresholds = { regular = 1 } }
"""
)


@pytest.fixture
async def shop(app_database: Database) -> Catalogue:
    """A shop with Ann, who has a hundred and twenty points and is silver."""
    shop = await open_catalogue(app_database)
    await shop.enrol()
    await shop.buy(120, THEN)
    return shop


async def state_of(shop: Catalogue, redemption: UUID) -> tuple[object, ...]:
    (row,) = await shop.rows(
        "SELECT fulfilled_at, cancelled_at, expires_at FROM redemption WHERE redemption_id = $1", redemption
    )
    return row


async def test_a_redemption_takes_the_price_and_a_unit(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 50, stock=2)
    made = await shop.redeem("mug")
    assert (await shop.balance(), await shop.stock(mug)) == (70, 1)
    facts = await shop.rows(
        "SELECT kind, points, attributes FROM fact WHERE fact_id = $1", made.redemption_id
    )
    assert facts == [("redemption", -50, {"reward": "mug"})]
    assert await state_of(shop, made.redemption_id) == (None, None, None)
    assert await broken(shop) == {}


async def test_whoever_lacks_the_points_is_refused_and_nothing_is_written(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 121, stock=2)
    before = await shop.row_counts()
    refused(await shop.ask("mug"), RefusalCode.INSUFFICIENT_POINTS)
    assert (await shop.row_counts(), await shop.stock(mug)) == (before, 2)


async def test_what_is_out_of_stock_is_refused_until_more_comes(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 10, stock=0)
    refused(await shop.ask("mug"), RefusalCode.OUT_OF_STOCK, "reward")
    assert done(await shop.supply("mug", 1), RewardStocked).stock == 1
    await shop.redeem("mug")
    refused(await shop.ask("mug"), RefusalCode.OUT_OF_STOCK)
    assert (await shop.balance(), await shop.stock(mug)) == (110, 0)


async def test_more_units_than_there_are_cannot_be_taken_out(shop: Catalogue) -> None:
    mug = await shop.offer("mug", stock=3)
    refused(await shop.supply("mug", -4), RefusalCode.OUT_OF_STOCK, "units")
    assert done(await shop.supply("mug", -3), RewardStocked).stock == 0
    assert await shop.stock(mug) == 0
    await shop.offer("song", kind="service")
    refused(await shop.supply("song", 1), RefusalCode.INVALID_INPUT, "reward")
    refused(await shop.supply("mug", 0), RefusalCode.INVALID_INPUT, "units")
    refused(await shop.supply("cup", 1), RefusalCode.NOT_FOUND, "reward")


async def test_the_price_is_that_of_the_highest_tier_named_that_the_member_holds(shop: Catalogue) -> None:
    await shop.offer("mug", 50, prices={"basic": 45, "status.silver": 40, "gold": 30})
    made = await shop.redeem("mug")
    assert await shop.balance() == 80
    kept = await shop.rows("SELECT price, tier FROM redemption WHERE redemption_id = $1", made.redemption_id)
    assert kept == [(40, "status.silver")]
    await shop.enrol("bob")
    await shop.buy(60, THEN, member="bob")
    await shop.redeem("mug", "bob")
    assert await shop.balance("bob") == 15


async def test_a_higher_tier_has_the_price_of_the_one_below_where_it_is_not_named(shop: Catalogue) -> None:
    await shop.offer("mug", 50, prices={"basic": 45})
    await shop.redeem("mug")
    assert await shop.balance() == 75


async def test_of_the_prices_of_two_ladders_the_lower_one_counts(app_database: Database) -> None:
    shop = await open_catalogue(app_database, TWO_LADDERS)
    await shop.enrol()
    await shop.buy(120, THEN)
    ambiguous = CreateReward("cup", "goods", terms(prices={"basic": 5}))
    refused(await shop.create(ambiguous), RefusalCode.INVALID_INPUT, "terms", "prices")
    await shop.offer("mug", 50, prices={"silver": 40, "regular": 35})
    await shop.redeem("mug")
    assert await shop.balance() == 85


async def test_a_reward_for_a_tier_is_for_it_and_those_above(shop: Catalogue) -> None:
    await shop.offer("mug", 10, tiers=("silver",))
    await shop.offer("crown", 10, tiers=("gold",))
    await shop.enrol("bob")
    await shop.buy(60, THEN, member="bob")
    await shop.redeem("mug")
    refused(await shop.ask("mug", "bob"), RefusalCode.INVALID_INPUT, "member")
    refused(await shop.ask("crown"), RefusalCode.INVALID_INPUT, "member")


async def test_a_reward_is_on_offer_from_its_beginning_until_before_its_end(shop: Catalogue) -> None:
    day = timedelta(days=1)
    await shop.offer("mug", 10, valid_from=NOW + day, valid_until=NOW + 2 * day)
    refused(await shop.ask("mug"), RefusalCode.INVALID_INPUT, "reward")
    await shop.set_clock(NOW + day)
    await shop.redeem("mug")
    await shop.set_clock(NOW + 2 * day)
    refused(await shop.ask("mug"), RefusalCode.INVALID_INPUT, "reward")


async def test_new_terms_are_for_new_redemptions(shop: Catalogue) -> None:
    await shop.offer("mug", 10)
    first = await shop.redeem("mug")
    assert done(await shop.update("mug", terms(20)), RewardSaved).version == 2
    second = await shop.redeem("mug")
    assert await shop.balance() == 90
    kept = await shop.rows("SELECT redemption_id, version, price FROM redemption")
    assert sorted(kept) == sorted([(first.redemption_id, 1, 10), (second.redemption_id, 2, 20)])
    done(await shop.update("mug", terms(20, state="retired")), RewardSaved)
    refused(await shop.ask("mug"), RefusalCode.INVALID_INPUT, "reward")
    done(await shop.cancel(first.redemption_id), object)
    assert await shop.balance() == 100


async def test_a_member_redeems_as_often_as_the_limit_says(shop: Catalogue) -> None:
    await shop.offer("mug", 10, member_limit=2)
    first, _ = await shop.redeem("mug"), await shop.redeem("mug")
    refused(await shop.ask("mug"), RefusalCode.QUOTA_EXCEEDED, "reward")
    await shop.enrol("bob")
    await shop.buy(60, THEN, member="bob")
    await shop.redeem("mug", "bob")
    done(await shop.cancel(first.redemption_id), object)
    await shop.redeem("mug")
    refused(await shop.ask("mug"), RefusalCode.QUOTA_EXCEEDED)
    assert await shop.balance() == 100


async def test_a_cancelled_redemption_gives_points_and_unit_back_once(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 50, stock=1)
    before = (await shop.states())["ann"].wallets
    made = await shop.redeem("mug")
    cancelled = await shop.cancel(made.redemption_id, "a-key")
    assert getattr(cancelled, "points", None) == {"points": Decimal(50)}
    assert (await shop.balance(), await shop.stock(mug)) == (120, 1)
    assert (await shop.states())["ann"].wallets["points"].lots == before["points"].lots
    rows = await shop.row_counts()
    refused(await shop.cancel(made.redemption_id), RefusalCode.ALREADY_REVERSED, "redemption")
    refused(await shop.fulfil(made.redemption_id), RefusalCode.ALREADY_REVERSED, "redemption")
    assert getattr(await shop.cancel(made.redemption_id, "a-key"), "replayed", None) is True
    assert (await shop.row_counts(), await shop.stock(mug)) == (rows, 1)
    await shop.refold_all()
    assert await shop.balance() == 120
    assert await broken(shop) == {}


async def test_points_whose_end_has_come_meanwhile_are_gone_when_they_come_back(shop: Catalogue) -> None:
    """Earned in January 2026, they end with January 2027."""
    await shop.offer("mug", 50)
    made = await shop.redeem("mug")
    await shop.set_clock(datetime(2027, 2, 1, tzinfo=UTC))
    done(await shop.cancel(made.redemption_id), object)
    assert await shop.balance() == 0
    assert await broken(shop) == {}


async def test_what_was_handed_over_is_neither_cancelled_nor_handed_over_again(shop: Catalogue) -> None:
    await shop.offer("mug", 50, stock=1)
    made = await shop.redeem("mug")
    done(await shop.fulfil(made.redemption_id), object)
    refused(await shop.cancel(made.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    refused(await shop.fulfil(made.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    assert await shop.balance() == 70


async def test_a_redemption_is_good_through_the_last_local_day_and_nobody_need_write_that_down(
    shop: Catalogue,
) -> None:
    """Redeemed at noon on 15 June in Berlin, it is good through the 18th."""
    mug = await shop.offer("mug", 10, stock=2, redemption_days=3)
    end = datetime(2026, 6, 18, 22, tzinfo=UTC)
    first, second = await shop.redeem("mug"), await shop.redeem("mug")
    assert (await state_of(shop, first.redemption_id))[2] == end
    await shop.set_clock(end - timedelta(microseconds=10))
    done(await shop.cancel(first.redemption_id), object)
    await shop.set_clock(end)
    refused(await shop.cancel(second.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    refused(await shop.fulfil(second.redemption_id), RefusalCode.INVALID_INPUT, "redemption")
    assert (await shop.balance(), await shop.stock(mug)) == (110, 1)


async def test_the_redemption_of_a_reward_is_not_returned_like_a_purchase(shop: Catalogue) -> None:
    await shop.offer("mug", 50)
    made = await shop.redeem("mug")
    wanted = linked_return("", at=NOW, activity=ActivityBy(id=made.redemption_id))
    answer = refused(await shop.reverse(wanted), RefusalCode.INVALID_INPUT, "activity")
    assert answer.word == "return-of-a-reward"
    assert await shop.balance() == 70


async def test_a_purchase_returned_after_the_redemption_leaves_debt_that_a_cancellation_pays(
    shop: Catalogue,
) -> None:
    await shop.offer("mug", 100)
    await shop.buy(30, THEN, external_id="second")
    made = await shop.redeem("mug")
    await shop.give_back("second", at=NOW)
    await shop.buy(1, NOW)
    lacking = await shop.balance()
    done(await shop.cancel(made.redemption_id), object)
    assert await shop.balance() == lacking + 100
    assert await broken(shop) == {}


async def test_unknown_redemptions_and_rewards_are_not_found(shop: Catalogue) -> None:
    refused(await shop.ask("mug"), RefusalCode.NOT_FOUND, "reward")
    refused(await shop.cancel(new_id()), RefusalCode.NOT_FOUND, "redemption")
    refused(await shop.fulfil(new_id()), RefusalCode.NOT_FOUND, "redemption")
    await shop.offer("mug")
    refused(await shop.ask("mug", "nobody"), RefusalCode.NOT_FOUND, "member")


async def test_a_key_is_taken_once(shop: Catalogue) -> None:
    mug = await shop.offer("mug")
    answer = refused(
        await shop.create(CreateReward("mug", "goods", terms())), RefusalCode.ALREADY_EXISTS, "key"
    )
    assert answer.existing_id == mug


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (CreateReward("Mug!", "goods", terms()), ("key",)),
        (CreateReward("mug", "car", terms()), ("kind",)),
        (CreateReward("mug", "goods", terms(), currency="stars"), ("currency",)),
        (CreateReward("mug", "goods", terms(), stock=-1), ("stock",)),
        (CreateReward("mug", "goods", terms(0)), ("terms", "price")),
        (CreateReward("mug", "goods", terms("0.5")), ("terms", "price")),
        (CreateReward("mug", "goods", terms(prices={"gold": 0})), ("terms", "prices")),
        (CreateReward("mug", "goods", terms(prices={"iron": 5})), ("terms", "prices")),
        (CreateReward("mug", "goods", terms(prices={"gold": 5, "status.gold": 6})), ("terms", "prices")),
        (CreateReward("mug", "goods", terms(tiers=("iron",))), ("terms", "tiers")),
        (CreateReward("mug", "goods", terms(names={})), ("terms", "names")),
        (CreateReward("mug", "goods", terms(names={"english": "Mug"})), ("terms", "names")),
        (CreateReward("mug", "goods", terms(state="lost")), ("terms", "state")),
        (CreateReward("mug", "goods", terms(valid_until=NOW)), ("terms", "validUntil")),
        (CreateReward("mug", "goods", terms(redemption_days=0)), ("terms", "redemptionDays")),
        (CreateReward("mug", "goods", terms(member_limit=0)), ("terms", "memberLimit")),
        (CreateReward("mug", "goods", terms(value_amount=Decimal(5))), ("terms", "valueAmount")),
        (CreateReward("mug", "discount", terms()), ("terms", "valueAmount")),
        (CreateReward("mug", "discount", terms(value_percent=Decimal(101))), ("terms", "valueAmount")),
    ],
)  # fmt: skip
async def test_a_reward_is_within_its_bounds(
    shop: Catalogue, command: CreateReward, path: tuple[str, ...]
) -> None:
    refused(await shop.create(command), RefusalCode.INVALID_INPUT, *path)
    assert await shop.rows("SELECT FROM reward") == []


@pytest.mark.parametrize(
    ("new", "path"), [(terms(0), "price"), (terms(-1), "price"), (terms(prices={"gold": 0}), "prices")]
)
async def test_no_reward_becomes_free(shop: Catalogue, new: TermsInput, path: str) -> None:
    await shop.offer("mug", 50)
    refused(await shop.update("mug", new), RefusalCode.INVALID_INPUT, "terms", path)
    await shop.redeem()
    assert await shop.balance() == 70
