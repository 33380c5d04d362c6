"""Rewards over the API: the catalogue, what members redeem, who may do what, and in which words."""

from __future__ import annotations

from datetime import timedelta

from tests.api.rewards import CANCEL, FULFIL, REDEEM, make_reward, redeem, send, stock
from tests.api.shop import Shop
from tests.idempotency.entries import clock_at

CATALOGUE = """
query ($where: RewardFilter, $first: Int, $after: String) {
  business { rewards(first: $first, after: $after, where: $where) {
    nodes { key name(locale: "zh") kind state price prices { tier points } tiers stock validUntil version }
    pageInfo { hasNextPage endCursor }
  } }
}
"""
OF_ANN = """
query ($first: Int, $after: String) {
  member(by: { externalId: "ann" }) { redemptions(first: $first, after: $after) {
    nodes { id state price tier version expiresAt reward { key } member { externalId } activity { kind } }
    pageInfo { hasNextPage endCursor }
  } }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { __typename } }"
UPDATE = """
mutation ($input: UpdateRewardInput!) {
  updateReward(input: $input) { __typename ... on UpdateRewardSuccess { version reward { price state } } }
}
"""


async def with_points(shop: Shop) -> Shop:
    """Ann has 120 points, of which her tier gave her none."""
    await shop.enrol("ann")
    await shop.buy("ann", "120")
    return shop


async def test_a_reward_is_made_redeemed_and_taken_back(shop: Shop) -> None:
    await with_points(shop)
    mug = await make_reward(shop, "mug", "50", stock=2, redemptionDays=30)
    wanted = {"member": {"externalId": "ann"}, "reward": {"id": mug["id"]}}
    made = await send(shop, REDEEM, wanted)
    assert made == {
        "__typename": "RedeemRewardSuccess",
        "redemption": {
            "id": made["redemption"]["id"],
            "state": "OPEN",
            "price": "50",
            "expiresAt": "2026-07-15T23:00:00Z",
        },
        "member": {"wallet": {"available": "70"}},
        "effects": [{"code": "REDEEM", "amount": "-50"}],
        "replayed": False,
    }
    redemption = {"redemption": made["redemption"]["id"]}
    assert await send(shop, CANCEL, redemption) == {
        "__typename": "CancelRedemptionSuccess",
        "redemption": {"id": redemption["redemption"], "state": "CANCELLED"},
        "member": {"wallet": {"available": "120"}},
        "points": [{"amount": "50"}],
        "replayed": False,
    }
    again = await send(shop, CANCEL, redemption)
    assert (again["__typename"], again["code"]) == ("AlreadyReversed", "ALREADY_REVERSED")
    assert (await stock(shop, "mug", 1))["stock"] == 3


async def test_the_catalogue_is_read_in_pages_and_filtered(shop: Shop) -> None:
    in_chinese = [{"language": "en", "text": "A crown"}, {"language": "zh", "text": "王冠"}]
    await make_reward(shop, "mug", "50", stock=2)
    await make_reward(
        shop,
        "crown",
        "900",
        names=in_chinese,
        prices=[{"tier": "gold", "points": "800"}],
        tiers=["silver"],
        validUntil="2026-07-01T00:00:00Z",
    )
    await make_reward(shop, "old", "10", state="RETIRED")
    page = (await shop.data(CATALOGUE, {"first": 2}))["business"]["rewards"]
    assert [node["key"] for node in page["nodes"]] == ["crown", "mug"]
    assert page["nodes"][0] == {
        "key": "crown",
        "name": "王冠",
        "kind": "GOODS",
        "state": "ACTIVE",
        "price": "900",
        "prices": [{"tier": "status.gold", "points": "800"}],
        "tiers": ["status.silver"],
        "stock": None,
        "validUntil": "2026-07-01T00:00:00Z",
        "version": 1,
    }
    rest = await shop.data(CATALOGUE, {"first": 2, "after": page["pageInfo"]["endCursor"]})
    assert [node["key"] for node in rest["business"]["rewards"]["nodes"]] == ["old"]
    for where, expected in (
        ({"onOfferAt": "2026-07-01T00:00:00Z"}, ["mug"]),
        ({"onOfferAt": "2026-06-30T23:59:59Z", "kind": "GOODS"}, ["crown", "mug"]),
        ({"state": "RETIRED"}, ["old"]),
        ({"currency": "stars"}, []),
        ({"kind": "SERVICE"}, []),
    ):
        found = await shop.data(CATALOGUE, {"where": where})
        assert [node["key"] for node in found["business"]["rewards"]["nodes"]] == expected, where


async def test_new_terms_are_shown_and_a_redemption_keeps_its_own(shop: Shop) -> None:
    await with_points(shop)
    await make_reward(shop, "mug", "50")
    await redeem(shop, "ann", "mug")
    terms = {"names": [{"language": "en", "text": "A mug"}], "price": "60", "state": "RETIRED"}
    changed = await send(shop, UPDATE, {"reward": {"key": "mug"}, "terms": terms})
    assert changed == {
        "__typename": "UpdateRewardSuccess",
        "version": 2,
        "reward": {"price": "60", "state": "RETIRED"},
    }
    (kept,) = (await shop.data(OF_ANN))["member"]["redemptions"]["nodes"]
    assert (kept["price"], kept["version"]) == ("50", 1)


async def test_a_member_s_redemptions_are_read_in_pages_and_expire_for_whoever_looks(shop: Shop) -> None:
    await with_points(shop)
    await make_reward(shop, "mug", "10", redemptionDays=1)
    first, second = await redeem(shop, "ann", "mug"), await redeem(shop, "ann", "mug")
    assert (await send(shop, FULFIL, {"redemption": first}))["redemption"]["state"] == "FULFILLED"
    page = (await shop.data(OF_ANN, {"first": 1}))["member"]["redemptions"]
    assert page["nodes"] == [
        {
            "id": second,
            "state": "OPEN",
            "price": "10",
            "tier": None,
            "version": 1,
            "expiresAt": "2026-06-16T23:00:00Z",
            "reward": {"key": "mug"},
            "member": {"externalId": "ann"},
            "activity": {"kind": "redemption"},
        }
    ]
    await clock_at(shop, timedelta(days=2))
    rest = await shop.data(OF_ANN, {"first": 1, "after": page["pageInfo"]["endCursor"]})
    assert [node["id"] for node in rest["member"]["redemptions"]["nodes"]] == [first]
    found = await shop.data(OF_ANN)
    assert [node["state"] for node in found["member"]["redemptions"]["nodes"]] == ["EXPIRED", "FULFILLED"]
    late = await send(shop, FULFIL, {"redemption": second})
    assert (late["__typename"], late["path"]) == ("InvalidInput", ["redemption"])


async def test_who_may_redeem_may_not_change_the_catalogue(shop: Shop) -> None:
    await with_points(shop)
    mug = await make_reward(shop, "mug", "50")
    till, frontend, partner = (
        await shop.make_key("till"),
        await shop.make_key("frontend"),
        await shop.make_key("partner", partner="cards"),
    )
    wanted = {"member": {"externalId": "ann"}, "reward": {"key": "mug"}}
    assert (await send(shop, REDEEM, wanted, key=till))["__typename"] == "RedeemRewardSuccess"
    for key, document, variables in (
        (till, UPDATE, {"input": {"idempotencyKey": "k", **wanted_terms()}}),
        (frontend, REDEEM, {"input": {"idempotencyKey": "k", **wanted}}),
        (partner, CATALOGUE, {}),
    ):
        body = (await shop.ask(document, variables, key=key)).json()
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN", body
    seen = await shop.data(NODE, {"id": mug["id"]}, key=frontend)
    assert seen["node"] == {"__typename": "Reward"}
    assert (await shop.data(NODE, {"id": mug["id"]}, key=partner))["node"] is None


def wanted_terms() -> dict[str, object]:
    return {"reward": {"key": "mug"}, "terms": {"names": [{"language": "en", "text": "A"}], "price": "1"}}


async def test_refusals_speak_the_language_of_the_request(shop: Shop) -> None:
    await with_points(shop)
    await make_reward(shop, "mug", "50", stock=0)
    wanted = {"member": {"externalId": "ann"}, "reward": {"key": "mug"}}
    answer = await send(shop, REDEEM, wanted, language="zh")
    assert (answer["__typename"], answer["message"]) == ("OutOfStock", "库存没有这么多。")
