"""Merging members over the API: old names answer as the one who goes on, and nobody writes for them."""

from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop

MERGE = """
mutation ($input: MergeMembersInput!) {
  mergeMembers(input: $input) {
    __typename
    ... on MergeMembersSuccess {
      member { id externalId mergedInto wallet { available } }
      effects { __typename ... on LedgerEntry { amount kind: code } }
      replayed
    }
    ... on MemberMerged { mergedInto }
    ... on Refusal { code message path }
  }
}
"""
READ = """
query ($by: MemberBy!) {
  member(by: $by) { id externalId status mergedInto wallet { available } standing { tier { key } } }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { id ... on Member { externalId mergedInto } } }"
LISTED = """
{ members(where: { status: MERGED }) {
  nodes { id externalId status mergedInto attributes wallet { available } }
} }
"""
BUY = """
mutation ($input: RecordActivityInput!) {
  recordActivity(input: $input) { __typename ... on MemberMerged { mergedInto } ... on Refusal { code } }
}
"""
DONE = """
query ($after: String, $first: Int) {
  member(by: {externalId: "bob"}) {
    attributes
    activities(first: $first, after: $after) {
      nodes { externalId } pageInfo { hasNextPage endCursor }
    }
    standing {
      why(tier: "gold") { nodes { measures { value activities(first: 9) { nodes { externalId } } } } }
    }
  }
}
"""
ANN, BOB = {"externalId": "ann"}, {"externalId": "bob"}
CARD = {"identity": {"kind": "card", "value": "4711"}}


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    shop = await open_shop(engine, client)
    await shop.enrol("ann", identities=[{"kind": "card", "value": "4711"}], attributes={"shirt": "M"})
    await shop.enrol("bob")
    await shop.buy("ann", "1200.00")
    return shop


async def read(shop: Shop, by: Any) -> Any:
    return (await shop.data(READ, {"by": by}))["member"]


async def merge(shop: Shop, key: str | None = None, language: str = "en") -> Any:
    wanted = {"idempotencyKey": key or str(new_id()), "absorbed": ANN, "survivor": BOB}
    return (await shop.data(MERGE, {"input": wanted}, language=language))["mergeMembers"]


async def test_old_names_answer_as_the_one_who_goes_on(shop: Shop) -> None:
    ann, bob = await read(shop, ANN), await read(shop, BOB)
    assert (ann["mergedInto"], bob["mergedInto"]) == (None, None)
    merged = await merge(shop, "one")
    assert merged["__typename"] == "MergeMembersSuccess"
    assert merged["member"] == {
        "id": bob["id"],
        "externalId": "bob",
        "mergedInto": None,
        "wallet": ann["wallet"],
    }
    assert {"__typename": "LedgerEntry", "amount": ann["wallet"]["available"], "kind": "MERGE"} in merged[
        "effects"
    ]
    now = await read(shop, BOB)
    assert now == {**bob, "wallet": ann["wallet"], "standing": ann["standing"]}
    for by in (ANN, CARD, {"id": ann["id"]}):
        assert await read(shop, by) == {**now, "mergedInto": bob["id"]}
    node = (await shop.data(NODE, {"id": ann["id"]}))["node"]
    assert node == {"id": bob["id"], "externalId": "bob", "mergedInto": bob["id"]}
    assert await merge(shop, "one") == {**merged, "replayed": True}


async def test_in_the_list_it_is_what_it_was_left_as(shop: Shop) -> None:
    ann, bob = await read(shop, ANN), await read(shop, BOB)
    await merge(shop)
    (listed,) = (await shop.data(LISTED))["members"]["nodes"]
    assert listed == {
        "id": ann["id"],
        "externalId": "ann",
        "status": "MERGED",
        "mergedInto": bob["id"],
        "attributes": {},
        "wallet": {"available": "0"},
    }


@pytest.mark.parametrize(("language", "word"), [("en", "merged into another"), ("zh", "已并入")])
async def test_writing_for_it_is_refused_with_the_one_who_goes_on(
    shop: Shop, language: str, word: str
) -> None:
    bob = await read(shop, BOB)
    await merge(shop)
    again = await merge(shop, language=language)
    assert (again["code"], again["mergedInto"], again["path"]) == ("MEMBER_MERGED", bob["id"], ["absorbed"])
    assert word in again["message"]
    wanted = {
        "idempotencyKey": "k",
        "member": ANN,
        "kind": "purchase",
        "source": "till",
        "externalId": "late",
        "occurredAt": "2026-06-15T11:00:00Z",
        "amount": "10",
    }
    bought = (await shop.data(BUY, {"input": wanted}))["recordActivity"]
    assert bought == {"__typename": "MemberMerged", "code": "MEMBER_MERGED", "mergedInto": bob["id"]}


@pytest.mark.parametrize("kind", ["till", "staff", "frontend"])
async def test_no_key_merges_unless_it_was_made_for_it(shop: Shop, kind: str) -> None:
    key = await shop.make_key(kind)
    wanted = {"idempotencyKey": "k", "absorbed": ANN, "survivor": BOB}
    answer = (await shop.ask(MERGE, {"input": wanted}, key=key)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "members:merge" in answer["errors"][0]["message"]


async def test_what_both_did_is_listed_and_explains_their_figures_from_then_on(shop: Shop) -> None:
    await shop.buy("ann", "30.00", externalId="a2", at="2026-06-10T10:00:00Z")
    await shop.buy("bob", "20.00", externalId="b1", at="2026-06-09T10:00:00Z")
    await shop.buy("bob", "40.00", externalId="b2", at="2026-06-11T10:00:00Z")
    before = (await shop.data(DONE, {"first": 9}))["member"]
    assert [node["externalId"] for node in before["activities"]["nodes"]] == ["b2", "b1"]
    await merge(shop)
    member = (await shop.data(DONE, {"first": 9}))["member"]
    nodes = [node["externalId"] for node in member["activities"]["nodes"]]
    assert member["attributes"] == {"shirt": "M"}
    assert [name for name in nodes if name in ("a2", "b1", "b2")] == ["b2", "a2", "b1"]
    measure = next(node["measures"] for node in member["standing"]["why"]["nodes"] if node["measures"])[0]
    explaining = [node["externalId"] for node in measure["activities"]["nodes"]]
    assert [name for name in explaining if name in ("a2", "b1", "b2")] == ["b2", "a2", "b1"]
    paged: list[str] = []
    after = None
    for _ in nodes:
        found = (await shop.data(DONE, {"first": 1, "after": after}))["member"]["activities"]
        paged += [node["externalId"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        assert found["pageInfo"]["hasNextPage"] == (len(paged) < len(nodes))
    assert paged == nodes
