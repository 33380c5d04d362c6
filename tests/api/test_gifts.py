"""What a purchase gives to another member is among its effects."""

from typing import Any

import httpx
import pytest

from loyalty_engine.services import Engine
from tests.api.shop import PROGRAM, Shop, open_shop
from tests.api.test_as_of import MARCH, give_back

REFERRING = (
    PROGRAM
    + """
[[rules]]
id = "friend"
rule = "referral_reward"
config = {{ currency = "points", referrer_points = 15, referred_points = 7, minimum_amount = "20" }}
"""
)
EFFECTS = """
effects {
  __typename id effectiveAt cause { kind activity { externalId } } rule { key } program { version }
  ... on LedgerEntry { code amount }
  ... on Gift { amount currency { key } to { externalId }
    activity { kind effects { ... on LedgerEntry { code amount } } } }
}
"""
OF_BOB = f"""{{ member(by: {{externalId: "bob"}}) {{ activities {{ nodes {{ kind {EFFECTS} }} }} }} }}"""
BUY = f"""
mutation ($input: RecordActivityInput!) {{
  recordActivity(input: $input) {{ ... on RecordActivitySuccess {{ {EFFECTS} }} }}
}}
"""


@pytest.fixture
async def friends(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Anna referred bob."""
    shop = await open_shop(engine, client, program=REFERRING)
    await shop.enrol("anna")
    await shop.enrol("bob", referredBy="anna")
    return shop


async def gifts_of(shop: Shop, kind: str = "purchase") -> list[dict[str, Any]]:
    """The gifts among the effects of what bob did."""
    nodes = (await shop.data(OF_BOB))["member"]["activities"]["nodes"]
    effects = [effect for node in nodes if node["kind"] == kind for effect in node["effects"]]
    return [effect for effect in effects if effect["__typename"] == "Gift"]


async def test_the_effects_of_a_purchase_list_the_gift_that_it_caused(friends: Shop) -> None:
    wanted = {
        "idempotencyKey": "one", "member": {"externalId": "bob"}, "kind": "purchase", "source": "till",
        "externalId": "p1", "occurredAt": MARCH, "amount": "30.00",
    }  # fmt: skip
    effects = (await friends.data(BUY, {"input": wanted}))["recordActivity"]["effects"]
    assert [(each["__typename"], each["amount"]) for each in effects] == [
        ("LedgerEntry", "30"),
        ("LedgerEntry", "7"),
        ("Gift", "15"),
    ]
    (gift,) = await gifts_of(friends)
    assert gift == effects[-1]
    assert (gift["effectiveAt"], gift["rule"], gift["program"]) == (MARCH, {"key": "friend"}, {"version": 1})
    assert gift["cause"] == {"kind": "ACTIVITY", "activity": {"externalId": "p1"}}
    assert (gift["currency"], gift["to"]) == ({"key": "points"}, {"externalId": "anna"})
    assert gift["activity"] == {"kind": "gift", "effects": [{"code": "GIVE", "amount": "15"}]}
    node = "query ($id: ID!) { node(id: $id) { id ... on Gift { amount } } }"
    assert (await friends.data(node, {"id": gift["id"]}))["node"] == {"id": gift["id"], "amount": "15"}


async def test_a_gift_that_is_given_no_more_has_no_activity(friends: Shop) -> None:
    await friends.buy("bob", "30.00", MARCH)
    await give_back(friends, "p1", "2026-04-01T12:00:00Z")
    given, taken = await gifts_of(friends)
    assert (given["amount"], taken["amount"]) == ("15", "-15")
    for gift in (given, taken):
        assert (gift["activity"], gift["to"]) == (None, None)


async def test_who_may_not_read_points_sees_that_there_is_a_gift_and_not_its_amount(friends: Shop) -> None:
    await friends.buy("bob", "30.00", MARCH)
    key = await friends.make_key("owner", ["activities:read", "members:read"])
    nodes = '{ member(by: {externalId: "bob"}) { activities { nodes { effects { __typename '
    kinds = nodes + "} } } } }"
    effects = (await friends.data(kinds, key=key))["member"]["activities"]["nodes"][0]["effects"]
    assert {"__typename": "Gift"} in effects
    answer = await friends.ask(nodes + "... on Gift { amount } } } } } }", key=key)
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["FORBIDDEN"]


async def test_a_partner_sees_neither_who_was_given_nor_what_the_gift_is_there(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=REFERRING)
    await shop.enrol("anna")
    await shop.enrol("bob", referredBy="anna")
    await shop.buy("bob", "30.00", MARCH, partner="cards")
    key = await shop.make_key("partner", partner="cards")
    nodes = (await shop.data(OF_BOB, key=key))["member"]["activities"]["nodes"]
    (gift,) = [effect for effect in nodes[0]["effects"] if effect["__typename"] == "Gift"]
    assert (gift["activity"], gift["to"]) == (None, None)
