"""A reward with units, a redemption that is open and one that was cancelled, for statements about them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from loyalty_engine.entities import (
    Account,
    Coupon,
    CouponUse,
    Fact,
    Redemption,
    Reward,
    RewardTerms,
    Transfer,
)
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import Row, insert_rows
from tests.database.world import NOON, World


async def rewarded(connection: Connection, world: World, member_id: UUID) -> dict[str, object]:
    """Five units came, one went out; the limit is two for each member."""
    reward, other = _reward(world, "mug"), _reward(world, "jug")
    accounts = {kind: _units(world, reward, kind) for kind in ("supplied", "stock", "delivered")}
    accounts["other_delivered"] = _units(world, other, "delivered")
    supply = _moved(world, accounts["supplied"], accounts["stock"], code="supply", amount=5)
    delivery = _moved(world, accounts["stock"], accounts["delivered"], code="deliver", amount=1)
    facts = [world.activity(member_id, kind="redemption", points_currency="points", points=-5) for _ in "ab"]
    returned = world.activity(
        member_id, kind="return", reverses_fact_id=facts[1]["fact_id"], amount=-10, ones=-1
    )
    opened = _redemption(world, facts[0], reward, delivery_transfer_id=delivery["transfer_id"])
    end = {"cancelled_at": NOON + timedelta(days=1), "cancelled_fact_id": returned["fact_id"]}
    cancelled = _redemption(world, facts[1], reward, **end)
    await insert_rows(connection, Reward, [reward, other])
    await insert_rows(connection, RewardTerms, [_terms(world, reward)])
    await insert_rows(connection, Account, list(accounts.values()))
    await insert_rows(connection, Transfer, [supply, delivery])
    await insert_rows(connection, Fact, facts)
    await insert_rows(connection, Fact, [returned])
    await insert_rows(connection, Redemption, [opened])
    await insert_rows(connection, Redemption, [cancelled])
    coupon, use_facts = _coupon(world), [world.activity(member_id, kind="coupon") for _ in "abc"]
    await insert_rows(connection, Fact, use_facts)
    await insert_rows(connection, Coupon, [coupon])
    use = world.row(
        coupon_use_id=use_facts[0]["fact_id"],
        coupon_id=coupon["coupon_id"],
        member_id=member_id,
        place=1,
        member_limit=2,
        used_at=NOON,
    )
    await insert_rows(connection, CouponUse, [use])
    return {
        **{name: account["account_id"] for name, account in accounts.items()},
        "reward": reward["reward_id"],
        "delivery": delivery["transfer_id"],
        "redemption": opened["redemption_id"],
        "cancelled": cancelled["redemption_id"],
        "coupon": coupon["coupon_id"],
        "use": use["coupon_use_id"],
        "second_use": use_facts[1]["fact_id"],
        "third_use": use_facts[2]["fact_id"],
    }


def _coupon(world: World) -> Row:
    return world.row(
        coupon_id=new_id(),
        key="free",
        code_hash=bytes(32),
        use_limit=2,
        used=0,
        on_return="release",
        valid_from=NOON,
        created_at=NOON,
    )


def _reward(world: World, key: str) -> Row:
    return world.row(reward_id=new_id(), key=key, kind="goods", currency="points", created_at=NOON)


def _terms(world: World, reward: Row) -> Row:
    return world.row(
        reward_id=reward["reward_id"],
        version=1,
        names={"en": "A mug"},
        price=5,
        prices={},
        eligible=[],
        valid_from=NOON,
        member_limit=2,
        state="active",
        recorded_at=NOON,
    )


def _units(world: World, reward: Row, kind: str) -> Row:
    own = {"currency": f"reward/{reward['reward_id']}", "reward_id": reward["reward_id"]}
    return world.row(
        account_id=new_id(), kind=kind, **own, balance=0 if kind == "stock" else None, created_at=NOON
    )


def _moved(world: World, debit: Row, credit: Row, **values: object) -> Row:
    return world.row(
        transfer_id=new_id(),
        effect_id=None,
        member_id=None,
        currency=debit["currency"],
        debit_account_id=debit["account_id"],
        credit_account_id=credit["account_id"],
        effective_at=NOON,
        recorded_at=NOON,
        **values,
    )


def _redemption(world: World, fact: Row, reward: Row, **values: object) -> Row:
    return world.row(
        redemption_id=fact["fact_id"],
        member_id=fact["member_id"],
        reward_id=reward["reward_id"],
        version=1,
        price=5,
        place=1,
        member_limit=2,
        redeemed_at=NOON,
        expires_at=NOON + timedelta(days=30),
        **values,
    )
