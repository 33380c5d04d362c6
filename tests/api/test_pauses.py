"""Members paused and resumed over the API."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_engine.ids import new_id
from tests.api.shop import REFUSED, Shop

SHOWN = (
    "status pausedAt pausedUntil standing { tier { key } until nextReviewAt claims { cause { kind } until } }"
)


async def call(shop: Shop, name: str, key: str | None = None, language: str = "en", **given: Any) -> Any:
    """The answer to pauseMember or resumeMember."""
    kind = f"{name[0].upper()}{name[1:]}"
    text = (
        f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename "
        f"... on {kind}Success {{ activity {{ kind reason }} member {{ {SHOWN} }} }} {REFUSED} }} }}"
    )
    wanted = {"idempotencyKey": str(new_id()), "member": {"externalId": "ann"}, **given}
    return (await shop.data(text, {"input": wanted}, key=key, language=language))[name]


async def test_a_paused_member_is_shown_as_paused_and_goes_on_when_resumed(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    answer = await call(shop, "pauseMember", reason="abroad", until="2026-09-01")
    assert answer["activity"] == {"kind": "pause", "reason": "abroad"}
    member = answer["member"]
    assert (member["status"], member["pausedUntil"]) == ("PAUSED", "2026-08-31T23:00:00Z")
    assert member["pausedAt"] is not None
    assert member["standing"]["nextReviewAt"] is None
    answer = await call(shop, "resumeMember")
    assert answer["activity"] == {"kind": "resume", "reason": None}
    member = answer["member"]
    assert (member["status"], member["pausedAt"], member["pausedUntil"]) == ("ACTIVE", None, None)
    assert member["standing"]["tier"] == {"key": "silver"}


async def test_a_moved_claim_is_shown_with_what_made_it_and_its_new_end(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    before = (await call(shop, "pauseMember", reason="abroad", until="2026-06-25"))["member"]["standing"]
    later = 'mutation { setClock(input: {idempotencyKey: "k", now: "2026-06-26T10:00:00Z"}) { __typename } }'
    await shop.data(later)
    answer = await call(shop, "pauseMember", reason="again")
    after = answer["member"]["standing"]
    (claim,) = after["claims"]
    assert claim["cause"] == {"kind": "ACTIVITY"}
    assert claim["until"] == after["until"] > before["until"]


@pytest.mark.parametrize(
    ("language", "message"), [("en", "This member is not paused."), ("zh", "该会员未处于暂停状态。")]
)
async def test_who_is_not_paused_is_not_resumed(shop: Shop, language: str, message: str) -> None:
    await shop.enrol("ann")
    refused = await call(shop, "resumeMember", language=language)
    assert (refused["code"], refused["message"], refused["path"]) == ("INVALID_INPUT", message, ["member"])


@pytest.mark.parametrize("kind", ["staff", "till", "frontend", "partner"])
async def test_only_who_may_change_memberships_does(shop: Shop, kind: str) -> None:
    await shop.enrol("ann")
    key = await shop.make_key(kind, partner="cards" if kind == "partner" else None)
    text = (
        'mutation { pauseMember(input: {idempotencyKey: "k", member: {externalId: "ann"}, reason: "x"}) '
        "{ __typename } }"
    )
    (error,) = (await shop.ask(text, key=key)).json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "Mutation.pauseMember needs the scope memberships:write."


NOTED = """
mutation {
  recordFact(input: {
    idempotencyKey: "n", member: {externalId: "ann"}, kind: ATTRIBUTE, key: "vip", value: true,
    source: "desk", externalId: "v1", occurredAt: "2031-06-26T09:00:00Z"
  }) { __typename }
}
"""


async def test_the_claims_of_a_paused_member_are_shown_also_after_their_ends(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    shown = (await call(shop, "pauseMember", reason="abroad"))["member"]["standing"]
    later = 'mutation { setClock(input: {idempotencyKey: "k", now: "2031-06-26T10:00:00Z"}) { __typename } }'
    await shop.data(later)
    await shop.data(NOTED)
    found = (await shop.data(f'{{ member(by: {{externalId: "ann"}}) {{ {SHOWN} }} }}'))["member"]
    assert found["status"] == "PAUSED"
    assert (found["standing"]["claims"], found["standing"]["until"]) == (shown["claims"], shown["until"])
    assert len(shown["claims"]) == 1
