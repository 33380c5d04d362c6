"""Coupons over the API: codes are shown once and tell nothing, uses are given back and made again."""

from __future__ import annotations

from tests.api.coupons import RELEASE, REOPEN, USE, make_coupon, try_code, use_coupon
from tests.api.rewards import CREATE, REDEEM, send
from tests.api.shop import Shop

NODE = """
query ($id: ID!) { node(id: $id) {
  __typename
  ... on Coupon {
    key limit used memberLimit valuePercent onReturn boundTo: member { externalId } redemption { id }
  }
  ... on CouponUse { discount amount purchaseSource member { externalId } coupon { key } }
} }
"""


async def test_a_coupon_is_made_used_given_back_and_used_again(shop: Shop) -> None:
    await shop.enrol("ann")
    made = await make_coupon(shop, "tenth", valuePercent="10", limit=1)
    purchase = {"source": "till", "externalId": "p1"}
    used = await try_code(shop, "ann", made["couponCode"].lower(), amount="49.90", purchase=purchase)
    assert used == {
        "__typename": "UseCouponSuccess",
        "use": {
            "id": used["use"]["id"],
            "usedAt": "2026-06-15T12:00:00Z",
            "discount": "4.99",
            "activity": {"kind": "coupon"},
        },
        "coupon": {"key": "tenth", "used": 1},
        "discount": "4.99",
        "replayed": False,
    }
    use = {"use": used["use"]["id"]}
    released = await send(shop, RELEASE, use)
    assert (released["__typename"], released["coupon"]) == ("ReleaseCouponUseSuccess", {"used": 0})
    assert (await send(shop, RELEASE, use))["code"] == "ALREADY_REVERSED"
    reopened = await send(shop, REOPEN, use)
    assert (reopened["use"]["reopens"], reopened["coupon"]) == ({"id": use["use"]}, {"used": 1})
    assert (await send(shop, REOPEN, use))["existingId"] == reopened["use"]["id"]
    seen = await shop.data(NODE, {"id": reopened["use"]["id"]})
    assert seen["node"] == {
        "__typename": "CouponUse",
        "discount": "4.99",
        "amount": "49.90",
        "purchaseSource": "till",
        "member": {"externalId": "ann"},
        "coupon": {"key": "tenth"},
    }
    assert (await shop.data(NODE, {"id": made["coupon"]["id"]}))["node"] == {
        "__typename": "Coupon",
        "key": "tenth",
        "limit": 1,
        "used": 1,
        "memberLimit": None,
        "valuePercent": "10.00",
        "onReturn": "RELEASE",
        "boundTo": None,
        "redemption": None,
    }


async def test_a_whole_return_gives_back_what_the_coupon_was_used_for(shop: Shop) -> None:
    await shop.enrol("ann")
    made = await make_coupon(shop, "once", limit=1)
    await shop.buy("ann", "50")
    purchase = {"source": "till", "externalId": "p1"}
    await use_coupon(shop, "ann", made["couponCode"], purchase=purchase)
    await shop.data(
        """mutation ($input: ReverseActivityInput!) { reverseActivity(input: $input) { __typename } }""",
        {
            "input": {
                "idempotencyKey": "r",
                "activity": {"natural": purchase},
                "source": "desk",
                "externalId": "r1",
                "occurredAt": "2026-06-15T11:00:00Z",
            }
        },
    )
    await use_coupon(shop, "ann", made["couponCode"])


async def test_codes_that_cannot_be_used_are_answered_with_the_same_bytes(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.enrol("bob")
    once = (await make_coupon(shop, "once", limit=1))["couponCode"]
    await use_coupon(shop, "ann", once)
    foreign = (await make_coupon(shop, "foreign", member={"externalId": "bob"}))["couponCode"]
    over = await make_coupon(
        shop, "over", validFrom="2026-01-01T00:00:00Z", validUntil="2026-06-15T12:00:00Z"
    )
    early = (await make_coupon(shop, "early", validFrom="2026-06-15T12:00:01Z"))["couponCode"]
    answers = set()
    for number, code in enumerate(
        (once, foreign, over["couponCode"], early, "UNKNOWN-CODE-UNKNOWN", "?", "")
    ):
        wanted = {
            "idempotencyKey": f"k{number}",
            "member": {"externalId": "ann"},
            "code": code,
            "source": "till",
            "externalId": "one",
        }
        answers.add((await shop.ask(USE, {"input": wanted})).content)
    assert len(answers) == 1
    assert b"CODE_NOT_USABLE" in answers.pop()


async def test_redeeming_a_coupon_shows_its_code_once(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "120")
    terms = {"names": [{"language": "en", "text": "Five off"}], "price": "50", "valueAmount": "5"}
    coupon = {"bearer": False, "onReturn": "RELEASE"}
    await send(shop, CREATE, {"key": "five", "kind": "COUPON", "coupon": coupon, "terms": terms})
    document = REDEEM.replace("redemption {", "couponCode redemption {")
    wanted = {
        "idempotencyKey": "the-key",
        "member": {"externalId": "ann"},
        "reward": {"key": "five"},
    }
    first = (await shop.data(document, {"input": wanted}))["redeemReward"]
    again = (await shop.data(document, {"input": wanted}))["redeemReward"]
    assert (again["couponCode"], again["replayed"]) == (None, True)
    used = await try_code(shop, "ann", first["couponCode"], amount="20")
    assert (used["discount"], used["coupon"]) == ("5.00", {"key": None, "used": 1})
