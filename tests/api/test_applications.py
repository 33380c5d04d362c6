"""Applications for membership over the API: applied, decided, voted on in secret, paid, renewed, lapsed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services import close_votes
from loyalty_engine.services.engine import Engine
from tests.api.shop import REFUSED, Shop, example, open_shop

SUCCESS = """
  application { id state step kind fee closesAt tally { electors inFavour against abstained result } }
  member { standings { tier { key name(locale: "zh") } until } }
  effects { ... on StandingChange { from { key } to { key } } }
  replayed
"""
APPLIED = f"""
mutation ($input: ApplyInput!) {{ apply(input: $input) {{
  __typename ... on ApplySuccess {{ {SUCCESS} }} ... on AlreadyExists {{ existingId }} {REFUSED}
}} }}
"""
DECIDED = f"""
mutation ($input: DecideApplicationInput!) {{ decideApplication(input: $input) {{
  __typename ... on DecideApplicationSuccess {{ {SUCCESS} }} {REFUSED}
}} }}
"""
WITHDRAWN = f"""
mutation ($input: WithdrawApplicationInput!) {{ withdrawApplication(input: $input) {{
  __typename ... on WithdrawApplicationSuccess {{ {SUCCESS} }} {REFUSED}
}} }}
"""
CAST = f"""
mutation ($input: CastVoteInput!) {{ castVote(input: $input) {{
  __typename
  ... on CastVoteSuccess {{ version replayed application {{ state tally {{ inFavour }} }} }}
  {REFUSED}
}} }}
"""
SHOWN = """
{ member(by: {externalId: "ann"}) { applications(first: 100) {
    nodes {
      state step kind rule closesAt endedAt member { externalId } admission { kind attributes }
      tally { electors inFavour against abstained result }
      events { number kind step approved paid reason occurredAt }
    }
    pageInfo { hasNextPage }
} } }
"""
JUNE = datetime.fromisoformat("2026-06-01T10:00:00Z")
CLOSES = datetime.fromisoformat("2026-06-15T22:00:00Z")


@pytest.fixture
async def chamber(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """The chamber with three members, and Ann who is none."""
    shop = await open_shop(engine, client, program=example("chamber"), clock_at=JUNE)
    for who in ("m0", "m1", "m2"):
        await shop.enrol(who)
        await send(shop, SET, member={"externalId": who}, **FOUNDER, externalId=who)
    await shop.enrol("ann")
    return shop


SET = f"mutation ($input: SetStandingInput!) {{ setStanding(input: $input) {{ __typename {REFUSED} }} }}"
FOUNDER: dict[str, Any] = {
    "ladder": "membership",
    "tier": "member",
    "reason": "founder",
    "source": "desk",
}


async def send(shop: Shop, text: str, key: str | None = None, language: str = "", **given: Any) -> Any:
    """The one answer of a mutation."""
    wanted = {"idempotencyKey": str(new_id()), **given}
    ((answer),) = (await shop.data(text, {"input": wanted}, key=key, language=language)).values()
    return answer


async def applied(shop: Shop, rule: str = "admission") -> str:
    """The id of a new application of Ann."""
    answer = await send(shop, APPLIED, member={"externalId": "ann"}, rule=rule)
    found: str = answer["application"]["id"]
    return found


async def approve(shop: Shop, application: str, *steps: str, **given: Any) -> Any:
    """The answer to the last approval."""
    answer = None
    for step in steps:
        answer = await send(shop, DECIDED, application=application, step=step, approved=True, **given)
    return answer


async def vote(shop: Shop, application: str, who: str, choice: str = "IN_FAVOUR", **given: Any) -> Any:
    """The answer to a vote."""
    return await send(shop, CAST, application=application, voter={"externalId": who}, choice=choice, **given)


async def pass_to(shop: Shop, now: datetime) -> None:
    """The clock moves, and a worker does what is due."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        query = "UPDATE business SET clock_at = $2 WHERE business_id = $1"
        await connection.execute(query, shop.business_id, now)
    due = await shop.engine.database.due(now, 1_000_000)
    await close_votes(shop.engine, [row for row in due if row["business_id"] == shop.business_id])
    await shop.pass_time(now)


async def shown(shop: Shop) -> Any:
    """Ann's applications."""
    return (await shop.data(SHOWN))["member"]["applications"]


async def test_a_company_becomes_a_member_of_the_chamber_and_stays_one_for_two_years(chamber: Shop) -> None:
    application = await applied(chamber)
    answer = await approve(chamber, application, "REVIEW", "INSPECT")
    assert (answer["application"]["step"], answer["application"]["closesAt"]) == (
        "VOTE",
        "2026-06-15T22:00:00Z",
    )
    for who, choice in (("m0", "AGAINST"), ("m0", "IN_FAVOUR"), ("m1", "IN_FAVOUR"), ("m2", "ABSTAINED")):
        voted = await vote(chamber, application, who, choice)
        assert voted["application"] == {"state": "OPEN", "tally": None}
    assert (await shown(chamber))["nodes"][0]["tally"] is None
    await pass_to(chamber, CLOSES)
    (node,) = (await shown(chamber))["nodes"]
    assert node["tally"] == {
        "electors": 3, "inFavour": 2, "against": 0, "abstained": 1, "result": "CARRIED",
    }  # fmt: skip
    signed = await approve(chamber, application, "SIGN")
    assert signed["application"]["state"] == "ADMITTED"
    assert signed["effects"] == [{"from": {"key": "guest"}, "to": {"key": "member"}}]
    member = {"tier": {"key": "member", "name": "会员单位"}, "until": "2028-06-15T22:00:00Z"}
    assert signed["member"]["standings"] == [member]
    (node,) = (await shown(chamber))["nodes"]
    assert [(event["kind"], event["step"], event["approved"]) for event in node["events"]] == [
        ("APPLIED", None, None),
        ("DECIDED", "REVIEW", True),
        ("DECIDED", "INSPECT", True),
        ("CLOSED", "VOTE", None),
        ("DECIDED", "SIGN", True),
    ]
    assert node["admission"]["attributes"]["origin"] == "grant"
    end = datetime.fromisoformat("2028-06-15T22:00:00Z")
    await pass_to(chamber, end)
    tier = await chamber.data('{ member(by: {externalId: "ann"}) { standing { tier { key } } } }')
    assert tier["member"]["standing"]["tier"]["key"] == "guest"


async def test_a_paid_year_is_renewed_and_lapses(engine: Engine, client: httpx.AsyncClient) -> None:
    shop = await open_shop(engine, client, program=example("paid_prime"), clock_at=JUNE)
    await shop.enrol("ann")
    first = await send(shop, APPLIED, member={"externalId": "ann"}, rule="subscription")
    assert (first["application"]["step"], first["application"]["fee"]) == ("PAY", "139.00")
    short = await approve(shop, first["application"]["id"], "PAY", paid="138.99")
    assert (short["code"], short["path"]) == ("INVALID_INPUT", ["paid"])
    paid = await approve(shop, first["application"]["id"], "PAY", paid="139")
    assert paid["member"]["standings"][0]["until"] == "2027-06-01T05:00:00Z"
    renewal = await send(shop, APPLIED, member={"externalId": "ann"}, rule="subscription")
    assert (renewal["application"]["kind"], renewal["application"]["fee"]) == ("RENEWAL", "119.00")
    paid = await approve(shop, renewal["application"]["id"], "PAY", paid="119")
    assert paid["member"]["standings"][0]["until"] == "2028-06-01T05:00:00Z"
    for year, tier in (("2027", "prime"), ("2028", "free")):
        await pass_to(shop, datetime.fromisoformat(f"{year}-06-01T05:00:00Z"))
        stands = await shop.data('{ member(by: {externalId: "ann"}) { standing { tier { key } } } }')
        assert stands["member"]["standing"]["tier"]["key"] == tier


async def test_a_vip_is_invited_and_the_recommender_rewarded(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await open_shop(engine, client, program=example("vip_recruiting"), clock_at=JUNE)
    await shop.enrol("bob")
    await shop.enrol("ann", referredBy="bob")
    application = await applied(shop, "card")
    invited = await approve(shop, application, "INVITE", "SIGN")
    assert invited["member"]["standings"] == [{"tier": {"key": "vip", "name": "贵宾"}, "until": None}]
    await shop.buy("ann", "10.00")
    wallet = await shop.data('{ member(by: {externalId: "bob"}) { wallet { available } } }')
    assert wallet["member"]["wallet"]["available"] == "50"


async def test_an_application_that_was_not_approved_is_over_and_another_may_be_made(chamber: Shop) -> None:
    first = await applied(chamber)
    again = await send(chamber, APPLIED, member={"externalId": "ann"}, rule="admission")
    assert (again["__typename"], again["existingId"]) == ("AlreadyExists", first)
    rejected = await send(
        chamber, DECIDED, application=first, step="REVIEW", approved=False, reason="no premises"
    )
    assert rejected["application"]["state"] == "REJECTED"
    second = await applied(chamber)
    withdrawn = await send(chamber, WITHDRAWN, application=second)
    assert withdrawn["application"]["state"] == "WITHDRAWN"
    assert [node["state"] for node in (await shown(chamber))["nodes"]] == ["WITHDRAWN", "REJECTED"]
    assert (await shown(chamber))["nodes"][1]["events"][1]["reason"] == "no premises"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "The application waits for another step: review."), ("zh", "申请正在等待另一步骤：审核。")],
)
async def test_a_refusal_says_what_is_wrong_in_the_language_asked_for(
    chamber: Shop, language: str, said: str
) -> None:
    application = await applied(chamber)
    refused = await send(
        chamber, DECIDED, language=language, application=application, step="SIGN", approved=True
    )
    assert (refused["code"], refused["message"], refused["path"]) == ("INVALID_INPUT", said, ["step"])


async def test_who_was_not_in_the_electorate_cannot_vote(chamber: Shop) -> None:
    application = await applied(chamber)
    assert (await vote(chamber, application, "m0"))["path"] == ["application"]
    await approve(chamber, application, "REVIEW", "INSPECT")
    assert (await vote(chamber, application, "ann"))["path"] == ["voter"]
    assert (await vote(chamber, "x", "m0"))["code"] == "NOT_FOUND"
    await pass_to(chamber, CLOSES)
    assert (await vote(chamber, application, "m0"))["path"] == ["application"]


async def test_each_power_over_applications_is_a_scope_of_its_own(chamber: Shop) -> None:
    application = await applied(chamber)
    everything: dict[str, tuple[str, dict[str, Any]]] = {
        "applications:write": (APPLIED, {"member": {"externalId": "m0"}, "rule": "admission"}),
        "applications:decide": (DECIDED, {"application": application, "step": "REVIEW", "approved": True}),
        "votes:cast": (
            CAST,
            {"application": application, "voter": {"externalId": "m0"}, "choice": "AGAINST"},
        ),
    }
    for scope, (text, given) in everything.items():
        others = [each for each in everything if each != scope]
        key = await chamber.make_key(
            "staff", ["members:read", "activities:read", "applications:read", *others]
        )
        answer = await chamber.ask(text, {"input": {"idempotencyKey": "k", **given}}, key=key)
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["FORBIDDEN"], scope
    reader = await chamber.make_key("read_only")
    errors = (await chamber.ask(SHOWN, key=reader)).json()["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"FORBIDDEN"}


async def test_another_business_finds_no_application(chamber: Shop) -> None:
    application = await applied(chamber)
    other = await open_shop(chamber.engine, chamber.client, program=example("chamber"), clock_at=JUNE)
    found = await other.data("query ($id: ID!) { node(id: $id) { id } }", {"id": application})
    assert found == {"node": None}
    assert (await send(other, WITHDRAWN, application=application))["code"] == "NOT_FOUND"
