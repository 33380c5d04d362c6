"""Standings set by hand over the API: what is answered, shown, explained and refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty_engine.ids import new_id
from tests.api.shop import REFUSED, Shop

SET = f"""
mutation ($input: SetStandingInput!) {{
  setStanding(input: $input) {{
    __typename
    ... on SetStandingSuccess {{
      activity {{ kind reason attributes }}
      member {{ standing {{ tier {{ key }} }} }}
      effects {{ ... on StandingChange {{ from {{ key }} to {{ key }} ruling {{ nodes {{ op }} }} }} }}
      replayed
    }}
    {REFUSED}
  }}
}}
"""
SHOWN = """
{ member(by: {externalId: "ann"}) { standing {
    tier { key } until
    claims { tier { key } from until origin locked reason cause { kind activity { kind } } rule { key } }
    ruling { tier { key } at nodes { key parent op rule { key } supports { key } reasons { code message } } }
} } }
"""


async def set_by_hand(shop: Shop, tier: str | None = "gold", **given: Any) -> Any:
    """The answer to a standing set by hand."""
    asked = {name: given.pop(name) for name in ("key", "language") if name in given}
    wanted = {
        "idempotencyKey": str(new_id()),
        "member": {"externalId": "ann"},
        "ladder": "status",
        "tier": tier,
        "reason": "goodwill",
        "source": "desk",
        "externalId": str(new_id()),
        **given,
    }
    return (await shop.data(SET, {"input": wanted}, **asked))["setStanding"]


async def shown(shop: Shop, **asked: Any) -> Any:
    """Where Ann stands, by which claims, and why."""
    return (await shop.data(SHOWN, **asked))["member"]["standing"]


async def test_a_standing_set_by_hand_is_shown_with_its_reason_end_and_lock(shop: Shop) -> None:
    await shop.enrol("ann")
    answer = await set_by_hand(shop, until="2026-09-01", locked=True)
    assert answer["__typename"] == "SetStandingSuccess"
    assert answer["activity"]["reason"] == "goodwill"
    assert answer["activity"]["attributes"]["tier"] == "gold"
    assert answer["member"] == {"standing": {"tier": {"key": "gold"}}}
    change = {"from": {"key": "basic"}, "to": {"key": "gold"}, "ruling": {"nodes": [{"op": "by_hand"}]}}
    assert answer["effects"] == [change]
    standing = await shown(shop)
    (claim,) = standing["claims"]
    assert {name: claim[name] for name in ("origin", "locked", "reason", "rule")} == {
        "origin": "OVERRIDE",
        "locked": True,
        "reason": "goodwill",
        "rule": None,
    }
    assert claim["cause"] == {"kind": "ACTIVITY", "activity": {"kind": "override"}}
    assert standing["until"] == claim["until"] == "2026-08-31T23:00:00Z"


@pytest.mark.parametrize(("language", "said"), [("en", "Gold: set by hand"), ("zh", "Gold：人工设定")])
async def test_the_ruling_of_a_lock_says_that_it_was_set_by_hand(
    shop: Shop, language: str, said: str
) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    assert {node["op"] for node in (await shown(shop))["ruling"]["nodes"]} != {"by_hand"}
    await set_by_hand(shop, locked=True)
    (node,) = (await shown(shop, language=language))["ruling"]["nodes"]
    assert (node["key"], node["parent"], node["op"], node["supports"]) == (
        0,
        None,
        "by_hand",
        {"key": "gold"},
    )
    (reason,) = node["reasons"]
    assert reason["code"] == "reason-override"
    assert reason["message"] == said


async def test_why_not_says_that_a_lock_is_in_the_way(shop: Shop) -> None:
    await shop.enrol("ann")
    await set_by_hand(shop, "silver", locked=True)
    await shop.buy("ann", "1500.00")
    standing = '{ standing { why(tier: "gold") { nodes { reasons { code } } } } }'
    (root, *_) = (await shop.data(f'{{ member(by: {{externalId: "ann"}}) {standing} }}'))["member"][
        "standing"
    ]["why"]["nodes"]
    assert [reason["code"] for reason in root["reasons"]][-1] == "reason-locked"


async def test_without_a_tier_rules_decide_again_and_explain_it(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500.00")
    await set_by_hand(shop)
    await set_by_hand(shop, None)
    standing = await shown(shop)
    assert standing["tier"] == {"key": "silver"}
    assert [claim["origin"] for claim in standing["claims"]] == ["RULES"]
    assert "by_hand" not in {node["op"] for node in standing["ruling"]["nodes"]}


async def test_a_second_status_match_is_refused_with_the_first(shop: Shop) -> None:
    await shop.enrol("ann")
    match: dict[str, Any] = {
        "origin": "STATUS_MATCH",
        "until": "2026-12-01",
        "evidence": {"programme": "Other", "tier": "A"},
    }
    assert (await set_by_hand(shop, **match))["__typename"] == "SetStandingSuccess"
    refused = await set_by_hand(shop, **match)
    assert (refused["code"], refused["path"]) == ("ALREADY_EXISTS", ["origin"])
    assert refused["message"] == "A status elsewhere was matched before on ladder status; that is done once."
    wrong = await set_by_hand(shop, **{**match, "until": None}, language="zh")
    assert (wrong["code"], wrong["message"]) == (
        "INVALID_INPUT",
        "等级匹配须有结束日，以及在其他计划中等级的凭据。",
    )


@pytest.mark.parametrize(("kind", "scopes"), [("staff", None), ("till", None), ("frontend", None)])
async def test_only_who_may_set_standings_does(shop: Shop, kind: str, scopes: list[str] | None) -> None:
    await shop.enrol("ann")
    key = await shop.make_key(kind, scopes)
    body = (await shop.ask(SET, {"input": _input()}, key=key)).json()
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "Mutation.setStanding needs the scope standings:write."


async def test_staff_sets_standings_with_the_scope_asked_for_by_name(shop: Shop) -> None:
    await shop.enrol("ann")
    key = await shop.make_key("staff", ["standings:write", "members:read", "activities:read"])
    assert (await set_by_hand(shop, key=key))["__typename"] == "SetStandingSuccess"


def _input() -> dict[str, Any]:
    return {
        "idempotencyKey": "k",
        "member": {"externalId": "ann"},
        "ladder": "status",
        "tier": "gold",
        "reason": "goodwill",
        "source": "desk",
        "externalId": "one",
    }


AS_OF = """
query ($at: DateTime!) { member(by: {externalId: "ann"}) { asOf(at: $at) { standing {
  tier { key } until claims { tier { key } }
} } } }
"""


async def test_a_claim_on_the_base_tier_is_no_more_when_it_is_over_now_and_at_any_later_time(
    shop: Shop,
) -> None:
    await shop.enrol("ann")
    await set_by_hand(shop, "basic", until="2026-07-01", locked=True)

    async def then(at: str) -> Any:
        return (await shop.data(AS_OF, {"at": at}))["member"]["asOf"]["standing"]

    during = {
        "tier": {"key": "basic"},
        "until": "2026-06-30T23:00:00Z",
        "claims": [{"tier": {"key": "basic"}}],
    }
    over: dict[str, Any] = {"tier": {"key": "basic"}, "until": None, "claims": []}
    now = datetime(2026, 8, 1, tzinfo=UTC)
    async with shop.engine.database.writing(shop.business_id) as connection:
        await connection.execute(
            "UPDATE business SET clock_at = $2 WHERE business_id = $1", shop.business_id, now
        )
    await shop.pass_time(now)
    assert await then("2026-06-20T00:00:00Z") == during
    assert await then("2026-07-20T00:00:00Z") == over
    standing = await shown(shop)
    assert {name: standing[name] for name in over} == over


async def test_a_lock_that_is_over_is_not_told_of_later_times(shop: Shop) -> None:
    await shop.enrol("ann")
    await set_by_hand(shop, "basic", locked=True, until="2026-06-20")
    then = "asOf(at: AT) { standing { until claims { tier { key } until } } }".replace(
        "AT", '"2026-06-25T10:00:00Z"'
    )
    query = f'{{ member(by: {{externalId: "ann"}}) {{ {then} standing {{ until claims {{ locked }} }} }} }}'
    later = 'mutation { setClock(input: {idempotencyKey: "k", now: "2026-06-25T10:00:00Z"}) { __typename } }'
    await shop.data(later)
    waiting = (await shop.data(query))["member"]
    assert waiting["asOf"]["standing"]["until"] == waiting["standing"]["until"] == "2026-06-19T23:00:00Z"
    await shop.buy("ann", "10.00", "2026-06-25T09:00:00Z")
    folded = (await shop.data(query))["member"]
    assert folded["asOf"]["standing"] == {"until": None, "claims": []}
    assert folded["standing"] == {"until": None, "claims": []}
