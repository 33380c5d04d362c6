"""Erasing a member over the API: what is shown afterwards, and who may do it."""

from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop

ERASE = """
mutation ($input: EraseMemberInput!) {
  eraseMember(input: $input) {
    __typename
    ... on EraseMemberSuccess { member { id status profile { email } attributes } replayed }
    ... on Refusal { code message retryable path }
  }
}
"""
READ = """
query ($by: MemberBy!) {
  member(by: $by) {
    id externalId status attributes profile { givenName email } standing { tier { key } } wallet { available }
    activities { nodes { amount } }
  }
}
"""


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    shop = await open_shop(engine, client)
    await shop.enrol(
        "ann",
        identities=[{"kind": "card", "value": "4711"}],
        profile={"givenName": "Ann", "email": "ann@example.org"},
        attributes={"shirt": "M"},
    )
    await shop.buy("ann", "1200.00")
    return shop


async def erase(shop: Shop, external_id: str = "ann") -> Any:
    wanted = {"idempotencyKey": str(new_id()), "member": {"externalId": external_id}}
    return (await shop.data(ERASE, {"input": wanted}, language="en"))["eraseMember"]


async def test_what_is_left_is_a_tombstone(shop: Shop) -> None:
    before = (await shop.data(READ, {"by": {"externalId": "ann"}}))["member"]
    assert before["profile"]["givenName"] == "Ann"
    erased = await erase(shop)
    assert erased == {
        "__typename": "EraseMemberSuccess",
        "member": {"id": before["id"], "status": "ERASED", "profile": None, "attributes": {}},
        "replayed": False,
    }
    after = (await shop.data(READ, {"by": {"externalId": "ann"}}))["member"]
    assert after == {**before, "status": "ERASED", "profile": None, "attributes": {}}
    by_card = {"identity": {"kind": "card", "value": "4711"}}
    assert (await shop.data(READ, {"by": by_card}))["member"] is None


async def test_an_erased_member_is_answered_like_one_who_never_was(shop: Shop) -> None:
    await erase(shop)
    assert await shop.buy("ann", "10") == await shop.buy("nobody", "10")
    unknown = await erase(shop, "nobody")
    assert (unknown["__typename"], unknown["path"]) == ("NotFound", ["member"])


@pytest.mark.parametrize("kind", ["till", "staff", "frontend"])
async def test_no_key_erases_unless_it_was_made_for_it(shop: Shop, kind: str) -> None:
    key = await shop.make_key(kind)
    wanted = {"idempotencyKey": "k", "member": {"externalId": "ann"}}
    answer = (await shop.ask(ERASE, {"input": wanted}, key=key)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "members:erase" in answer["errors"][0]["message"]
