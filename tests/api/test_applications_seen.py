"""Who may do and see what of applications: partners, front ends, readers, other businesses, the erased."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.shop import REFUSED, Shop, example, open_shop
from tests.api.test_applications import (
    APPLIED,
    CAST,
    CLOSES,
    DECIDED,
    FOUNDER,
    JUNE,
    SET,
    WITHDRAWN,
    applied,
    approve,
    pass_to,
    send,
    vote,
)

ERASED = f"""
mutation ($input: EraseMemberInput!) {{ eraseMember(input: $input) {{ __typename {REFUSED} }} }}
"""
MERGED = f"""
mutation ($input: MergeMembersInput!) {{ mergeMembers(input: $input) {{ __typename {REFUSED} }} }}
"""
NODE = """
query ($id: ID!) { node(id: $id) { id ... on Application {
  state step kind endedAt member { externalId } admission { kind }
  tally { electors } events { number kind step reason }
} } }
"""


@pytest.fixture
async def chamber(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """The chamber with two members, and Ann who is none."""
    shop = await open_shop(engine, client, program=example("chamber"), clock_at=JUNE)
    for who in ("m0", "m1"):
        await shop.enrol(who)
        await send(shop, SET, member={"externalId": who}, **FOUNDER, externalId=who)
    await shop.enrol("ann")
    return shop


async def node(shop: Shop, application: str, key: str | None = None) -> Any:
    """An application by its id."""
    return (await shop.data(NODE, {"id": application}, key=key))["node"]


async def test_nobody_of_another_business_decides_votes_on_or_withdraws_an_application(chamber: Shop) -> None:
    application = await applied(chamber)
    other = await open_shop(chamber.engine, chamber.client, program=example("chamber"), clock_at=JUNE)
    await other.enrol("m0")
    for answer in (
        await send(other, WITHDRAWN, application=application),
        await send(other, DECIDED, application=application, step="REVIEW", approved=True),
        await send(other, CAST, application=application, voter={"externalId": "m0"}, choice="AGAINST"),
    ):
        assert (answer["code"], answer["path"]) == ("NOT_FOUND", ["application"])
    assert (await node(chamber, application))["step"] == "REVIEW"


@pytest.mark.parametrize("kind", ["till", "frontend", "read_only"])
async def test_a_key_that_was_given_no_such_power_has_none_over_applications(
    chamber: Shop, kind: str
) -> None:
    application = await applied(chamber)
    key = await chamber.make_key(kind)
    ann, m0 = {"externalId": "ann"}, {"externalId": "m0"}
    tries: list[tuple[str, dict[str, Any]]] = [
        (APPLIED, {"member": m0, "rule": "admission"}),
        (DECIDED, {"application": application, "step": "REVIEW", "approved": True}),
        (CAST, {"application": application, "voter": ann, "choice": "AGAINST"}),
        (WITHDRAWN, {"application": application}),
    ]
    for text, given in tries:
        answer = await chamber.ask(text, {"input": {"idempotencyKey": "k", **given}}, key=key)
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["FORBIDDEN"]
    assert (await node(chamber, application))["step"] == "REVIEW"


async def test_a_front_end_applies_and_votes_for_people_and_decides_nothing(chamber: Shop) -> None:
    key = await chamber.make_key(
        "frontend",
        ["members:read", "activities:read", "applications:read", "applications:write", "votes:cast"],
    )
    ann = {"externalId": "ann"}
    answer = await send(chamber, APPLIED, key=key, member=ann, rule="admission")
    application = answer["application"]["id"]
    decision = {"idempotencyKey": "k", "application": application, "step": "REVIEW", "approved": True}
    errors = (await chamber.ask(DECIDED, {"input": decision}, key=key)).json()["errors"]
    assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]
    await approve(chamber, application, "REVIEW", "INSPECT")
    assert (await vote(chamber, application, "m0", key=key))["__typename"] == "CastVoteSuccess"
    assert (await vote(chamber, application, "m0", choice="AGAINST"))["version"] == 2
    assert (await node(chamber, application, key))["tally"] is None


async def test_of_whoever_is_erased_or_merged_applications_are_shown_still(chamber: Shop) -> None:
    ann = {"externalId": "ann"}
    application = await applied(chamber)
    await approve(chamber, application, "REVIEW", "INSPECT")
    await vote(chamber, application, "m0")
    await vote(chamber, application, "m1")
    await pass_to(chamber, CLOSES)
    await approve(chamber, application, "SIGN")
    await send(chamber, MERGED, absorbed=ann, survivor={"externalId": "m0"})
    seen = await node(chamber, application)
    assert (seen["state"], seen["tally"]) == ("ADMITTED", {"electors": 2})
    await chamber.enrol("zoe")
    zoe = {"externalId": "zoe"}
    second = (await send(chamber, APPLIED, member=zoe, rule="admission"))["application"]["id"]
    await send(chamber, ERASED, member=zoe)
    assert (await node(chamber, second))["state"] == "WITHDRAWN"
    refused = await send(chamber, WITHDRAWN, application=second)
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["application"])


async def test_what_was_answered_is_answered_again_when_who_applied_or_voted_is_gone(chamber: Shop) -> None:
    ann = {"externalId": "ann"}
    apply: dict[str, Any] = {"idempotencyKey": "applied", "member": ann, "rule": "admission"}
    application = (await send(chamber, APPLIED, **apply))["application"]["id"]
    await approve(chamber, application, "REVIEW", "INSPECT")
    cast: dict[str, Any] = {"idempotencyKey": "cast"}
    assert (await vote(chamber, application, "m0", **cast))["replayed"] is False
    await send(chamber, MERGED, absorbed={"externalId": "m0"}, survivor={"externalId": "m1"})
    assert (await vote(chamber, application, "m0", **cast))["replayed"] is True
    await send(chamber, ERASED, member=ann)
    again = await send(chamber, APPLIED, **apply)
    assert (again["__typename"], again["replayed"]) == ("ApplySuccess", True)
    assert (await vote(chamber, application, "m0", **cast))["application"]["state"] == "WITHDRAWN"
