"""Closing periods, and reading what is closed, as owners and partners do."""

from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop

CLOSE = """
mutation ($input: CloseSettlementInput!) {
  closeSettlement(input: $input) {
    __typename
    ... on CloseSettlementSuccess { settlement { id until closedAt partner { key } } replayed }
    ... on Refusal { code message path }
  }
}
"""
LIST = """
query ($first: Int, $after: String) {
  business { settlements(first: $first, after: $after) {
    nodes { id until partner { key } } pageInfo { hasNextPage endCursor } } }
}
"""


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    shop = await open_shop(engine, client)
    await shop.enrol("ann")
    return shop


async def close(shop: Shop, until: str, **values: Any) -> Any:
    wanted = {"idempotencyKey": str(new_id()), "until": until, **values}
    return (await shop.data(CLOSE, {"input": wanted}, language="en"))["closeSettlement"]


async def test_an_owner_closes_a_period_and_tills_are_told(shop: Shop) -> None:
    closed = await close(shop, "2026-04-01T00:00:00Z")
    assert closed["settlement"]["until"] == "2026-04-01T00:00:00Z"
    assert closed["settlement"]["closedAt"] == "2026-06-15T12:00:00Z"
    assert closed["settlement"]["partner"] is None
    answer = await shop.buy("ann", "10", at="2026-03-31T23:59:59Z")
    assert (answer["__typename"], answer["code"]) == ("PeriodClosed", "PERIOD_CLOSED")
    assert (await shop.buy("ann", "10", at="2026-04-01T00:00:00Z"))["__typename"] == "RecordActivitySuccess"


async def test_closing_backwards_says_until_when_it_is_closed(shop: Shop) -> None:
    await close(shop, "2026-04-01T00:00:00Z")
    assert await close(shop, "2026-03-01T00:00:00Z") == {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "message": "It is closed until 2026-04-01T00:00:00+00:00 already; a later instant is needed.",
        "path": ["until"],
    }


async def test_what_is_closed_is_listed_in_pages_and_found_by_its_id(shop: Shop) -> None:
    await close(shop, "2026-02-01T00:00:00Z")
    await close(shop, "2026-03-01T00:00:00Z", partner="cards")
    closed = await close(shop, "2026-04-01T00:00:00Z")
    page = (await shop.data(LIST, {"first": 2}))["business"]["settlements"]
    assert [(node["until"], node["partner"]) for node in page["nodes"]] == [
        ("2026-04-01T00:00:00Z", None),
        ("2026-03-01T00:00:00Z", {"key": "cards"}),
    ]
    rest = await shop.data(LIST, {"first": 2, "after": page["pageInfo"]["endCursor"]})
    assert [node["until"] for node in rest["business"]["settlements"]["nodes"]] == ["2026-02-01T00:00:00Z"]
    query = "query ($id: ID!) { node(id: $id) { ... on Settlement { until } } }"
    found = await shop.data(query, {"id": closed["settlement"]["id"]})
    assert found["node"] == {"until": "2026-04-01T00:00:00Z"}


async def test_a_partner_sees_what_is_closed_for_it_and_closes_nothing(shop: Shop) -> None:
    await close(shop, "2026-02-01T00:00:00Z")
    await close(shop, "2026-03-01T00:00:00Z", partner="cards")
    key = await shop.make_key("partner", partner="cards")
    seen = (await shop.data(LIST, key=key))["business"]["settlements"]["nodes"]
    assert [node["until"] for node in seen] == ["2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"]
    wanted = {"idempotencyKey": "k", "until": "2026-04-01T00:00:00Z"}
    answer = (await shop.ask(CLOSE, {"input": wanted}, key=key)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
