"""Members who leave, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_engine.ids import new_id
from tests.api.shop import REFUSED, Shop

CLOSE = f"""
mutation ($input: CloseMemberInput!) {{
  closeMember(input: $input) {{
    __typename
    ... on CloseMemberSuccess {{
      replayed activity {{ kind reason }}
      member {{ status closedAt standing {{ tier {{ key }} until nextReviewAt claims {{ from }} }} }}
      effects {{ __typename }}
    }}
    {REFUSED}
  }}
}}
"""
SHOWN = """
{
  member(by: {externalId: "ann"}) {
    status
    wallet { available held pending expired }
    standing {
      tier { key memberCount }
      ruling { nodes { op reasons { code message message_zh: message(locale: "zh") } } }
      why(tier: "gold") { nodes { reasons { code message } } }
      progress { missing }
    }
    standingChanges { nodes { from { key } to { key } cause { kind activity { kind } } } }
    before: asOf(at: "2026-06-15T11:59:59Z") { standing { tier { key } } wallet { available } }
    after: asOf(at: "2026-06-15T12:00:01Z") { standing { tier { key } } wallet { available expired } }
  }
  basic: members(where: {tier: {ladder: "status", tier: "basic"}}) { nodes { externalId } }
  closed: members(where: {status: CLOSED}) { nodes { externalId } }
}
"""


async def close(shop: Shop, key: str | None = None, language: str = "en", **given: Any) -> Any:
    """The answer to closeMember for Ann."""
    wanted = {"idempotencyKey": key or str(new_id()), "member": {"externalId": "ann"}, **given}
    data = await shop.data(CLOSE, {"input": {"reason": "asked to", **wanted}}, language=language)
    return data["closeMember"]


async def test_who_leaves_has_nothing_left_and_stays_readable(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    answer = await close(shop)
    assert answer["activity"] == {"kind": "closing", "reason": "asked to"}
    member = answer["member"]
    assert (member["status"], member["closedAt"]) == ("CLOSED", "2026-06-15T12:00:00Z")
    assert member["standing"] == {"tier": {"key": "basic"}, "until": None, "nextReviewAt": None, "claims": []}
    assert {effect["__typename"] for effect in answer["effects"]} == {"LedgerEntry", "StandingChange"}
    found = await shop.data(SHOWN)
    wallet, standing = found["member"]["wallet"], found["member"]["standing"]
    assert wallet == {"available": "0", "held": "0", "pending": "0", "expired": "1500"}
    assert standing["tier"] == {"key": "basic", "memberCount": 0}
    assert standing["progress"] == []
    (node,) = standing["ruling"]["nodes"]
    told = {"code": "reason-closing", "message": "The membership was closed", "message_zh": "会员资格已终止"}
    assert (node["op"], node["reasons"]) == ("by_hand", [told])
    assert {"code": "reason-closing", "message": "The membership was closed"} in standing["why"]["nodes"][0][
        "reasons"
    ]
    assert found["member"]["standingChanges"]["nodes"][-1] == {
        "from": {"key": "silver"},
        "to": {"key": "basic"},
        "cause": {"kind": "ACTIVITY", "activity": {"kind": "closing"}},
    }
    assert found["member"]["before"] == {
        "standing": {"tier": {"key": "silver"}},
        "wallet": {"available": "1500"},
    }
    assert found["member"]["after"] == {
        "standing": {"tier": {"key": "basic"}}, "wallet": {"available": "0", "expired": "1500"}
    }  # fmt: skip
    assert (found["basic"]["nodes"], found["closed"]["nodes"]) == ([], [{"externalId": "ann"}])


async def test_a_retry_is_answered_as_the_first_time(shop: Shop) -> None:
    await shop.enrol("ann")
    first, again = await close(shop, "k"), await close(shop, "k")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert {**first, "replayed": True} == again


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "This membership was closed at 2026-06-15T12:00:00+00:00; nothing more is added to it."),
        ("zh", "该会员资格已于 2026-06-15T12:00:00+00:00 终止，不再接受新的记录。"),
    ],
)
async def test_leaving_twice_is_refused_with_when_it_was(shop: Shop, language: str, message: str) -> None:
    await shop.enrol("ann")
    await close(shop)
    refused = await close(shop, language=language)
    assert refused["__typename"] == "MemberBlocked"
    assert (refused["code"], refused["message"], refused["path"]) == ("MEMBER_BLOCKED", message, ["member"])


@pytest.mark.parametrize("kind", ["staff", "till", "frontend", "partner"])
async def test_only_who_may_change_memberships_closes_one(shop: Shop, kind: str) -> None:
    await shop.enrol("ann")
    key = await shop.make_key(kind, partner="cards" if kind == "partner" else None)
    text = (
        'mutation { closeMember(input: {idempotencyKey: "k", member: {externalId: "ann"}, reason: "x"}) '
        "{ __typename } }"
    )
    (error,) = (await shop.ask(text, key=key)).json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "Mutation.closeMember needs the scope memberships:write."
