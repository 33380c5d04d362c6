"""What the mutations about rewards are called with where all mutations are tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api.coupons import RELEASE, make_coupon, use_coupon
from tests.api.rewards import make_reward, redeem, send, stock
from tests.api.shop import Shop
from tests.idempotency.entries import Entry, Input, Reason, bought, clock_back

SUMMER, WINTER = "SUMMER-FEAST-2026-AB", "WINTER-FEAST-2026-AB"
ANN: Input = {"member": {"externalId": "ann"}}


def of(key: str) -> Input:
    """The reward of a key."""
    return {"reward": {"key": key}}


def terms(price: str = "10", **values: Any) -> Input:
    """Terms at a price."""
    return {"terms": {"names": [{"language": "en", "text": "A mug"}], "price": price, **values}}


async def catalogue(shop: Shop) -> Input:
    """Ann with a hundred points, and a mug, a cup and a crown, which costs more than she has."""
    await bought(shop)
    for key, price in (("mug", "10"), ("cup", "20"), ("crown", "150")):
        await make_reward(shop, key, price, stock=5)
    return {}


async def redeemed(shop: Shop) -> Input:
    """Ann has redeemed a mug."""
    await catalogue(shop)
    return await once_more(shop)


async def once_more(shop: Shop) -> Input:
    """Ann redeems a mug."""
    return {"redemption": await redeem(shop, "ann", "mug")}


async def jug(shop: Shop) -> Input:
    """A jug is made."""
    await make_reward(shop, "jug", "10", stock=5)
    return {}


async def more_mugs(shop: Shop) -> Input:
    """Fifty mugs come."""
    await stock(shop, "mug", 50)
    return {}


async def more_points(shop: Shop) -> Input:
    """Ann buys for another hundred."""
    await shop.buy("ann", "100.00")
    return {}


async def couponing(shop: Shop) -> Input:
    """Ann, and a coupon."""
    await bought(shop)
    await make_coupon(shop, "summer", SUMMER)
    return {}


async def used(shop: Shop) -> Input:
    """Ann has used a coupon."""
    await couponing(shop)
    return await used_once_more(shop)


async def used_once_more(shop: Shop) -> Input:
    """Ann uses it once more."""
    return {"use": await use_coupon(shop, "ann", SUMMER)}


async def released(shop: Shop) -> Input:
    """Ann has used a coupon and given the use back."""
    await couponing(shop)
    return await released_once_more(shop)


async def released_once_more(shop: Shop) -> Input:
    """Ann uses it once more, and gives that back."""
    given = await used_once_more(shop)
    await send(shop, RELEASE, dict(given))
    return given


async def winter(shop: Shop) -> Input:
    """There is another coupon."""
    await make_coupon(shop, "winter", WINTER)
    return {}


REWARDS: Mapping[str, Entry] = {
    "createReward": Entry(
        {"key": "hat", "kind": "GOODS", "stock": 5, **terms(prices=[{"tier": "gold", "points": "5"}])},
        {"key": "cap", "stock": 6},
        reason=Reason(terms(validUntil="2026-06-15T11:30:00Z"), "INVALID_INPUT", clock_back),
    ),
    "updateReward": Entry(
        {**of("mug"), **terms("20")}, terms("30"), catalogue, Reason(of("jug"), "NOT_FOUND", jug)
    ),
    "stockReward": Entry(
        {**of("mug"), "units": 3}, {"units": 4}, catalogue, Reason({"units": -20}, "OUT_OF_STOCK", more_mugs)
    ),
    "redeemReward": Entry(
        {**ANN, **of("mug")}, of("cup"), catalogue, Reason(of("crown"), "INSUFFICIENT_POINTS", more_points)
    ),
    "cancelRedemption": Entry({"redemption": "x"}, once_more, redeemed),
    "createCoupon": Entry(
        {"key": "free", "onReturn": "RELEASE", "code": SUMMER, "limit": 5},
        {"key": "more", "code": WINTER},
        reason=Reason({"validUntil": "2026-06-15T11:30:00Z"}, "INVALID_INPUT", clock_back),
    ),
    "useCoupon": Entry(
        {**ANN, "code": SUMMER, "source": "till", "externalId": "of-the-entry", "amount": "20"},
        {"externalId": "other"},
        couponing,
        Reason({"code": WINTER}, "CODE_NOT_USABLE", winter),
    ),
    "releaseCouponUse": Entry({"use": "x"}, used_once_more, used),
    "reopenCouponUse": Entry({"use": "x"}, released_once_more, released),
    "fulfilRedemption": Entry({"redemption": "x"}, once_more, redeemed),
}
