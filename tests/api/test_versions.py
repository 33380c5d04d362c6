"""Versions of a program over the API: what is read before members were taken through them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from loyalty_engine.ids import new_id
from loyalty_engine.program.plan import plan_of
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.programs import Published, publish_program
from loyalty_schema.ids import global_id
from tests.api.shop import NOW, PROGRAM, Shop

STANDS = """
query ($at: DateTime!) {
  member(by: {externalId: "ann"}) {
    standing { tier { key rank ladder { key } } claims { tier { key } } progress { tier { key } } }
    standingChanges {
      edges { node { from { key } to { key } ruling { tier { key } program { version } nodes { op } } } }
    }
    asOf(at: $at) { standing { tier { key } claims { tier { key } } } }
  }
}
"""


async def test_a_member_is_shown_where_it_stood_until_it_is_taken_through_a_version(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "1500")
    source = PROGRAM.format(slug=shop.slug).replace("silver", "bronze")
    plan = plan_of({"ladders": {"status": {"tiers": {"silver": "bronze"}}}})
    answer = await publish_program(shop.engine, operator(shop.business_id), source, None, plan)
    assert isinstance(answer, Published), answer
    at = NOW.isoformat()
    before = (await shop.data(STANDS, {"at": at}))["member"]
    assert before["standing"]["tier"] == {"key": "silver", "rank": 1, "ladder": {"key": "status"}}
    assert before["asOf"]["standing"]["tier"] == {"key": "silver"}
    await shop.pass_time(NOW)
    after = (await shop.data(STANDS, {"at": at}))["member"]
    assert after["standing"]["tier"] == {"key": "bronze", "rank": 1, "ladder": {"key": "status"}}
    assert after["standing"]["claims"] == [{"tier": {"key": "bronze"}}]
    assert after["asOf"]["standing"] == {"tier": {"key": "bronze"}, "claims": [{"tier": {"key": "bronze"}}]}
    moved = [
        (edge["node"]["from"]["key"], edge["node"]["to"]["key"]) for edge in after["standingChanges"]["edges"]
    ]
    assert moved[-1] == ("silver", "bronze")


SAVE = """
mutation ($input: SaveProgramInput!) {
  saveProgram(input: $input) {
    __typename
    ... on SaveProgramSuccess {
      program { id version state hash effectiveAt publishedAt source plan findings { path } }
      findings { path severity message fix }
      replayed
    }
    ... on ConfigInvalid { findings { path severity message fix } }
    ... on Refusal { code message retryable path }
  }
}
"""
PUBLISH = """
mutation ($input: PublishProgramInput!) {
  publishProgram(input: $input) {
    __typename
    ... on PublishProgramSuccess {
      program { id version state hash effectiveAt plan } unchanged findings { path fix } replayed
    }
    ... on ConfigInvalid { findings { path severity message fix } }
    ... on Refusal { code message retryable path }
  }
}
"""
LISTED = "{ business { programs { nodes { id version state } } } }"
TO_BRONZE = {"ladder": "status", "tiers": [{"from": "silver", "to": "bronze"}]}


def bronze(shop: Shop) -> str:
    """The shop's program with another name for silver."""
    return PROGRAM.format(slug=shop.slug).replace("silver", "bronze")


async def save(shop: Shop, source: str, **values: Any) -> Any:
    wanted = {"idempotencyKey": str(new_id()), "source": source, **values}
    return (await shop.data(SAVE, {"input": wanted}))["saveProgram"]


async def publish(shop: Shop, **values: Any) -> Any:
    wanted = {"idempotencyKey": str(new_id()), **values}
    return (await shop.data(PUBLISH, {"input": wanted}))["publishProgram"]


async def listed(shop: Shop, key: str | None = None) -> list[tuple[int, str]]:
    nodes = (await shop.data(LISTED, key=key))["business"]["programs"]["nodes"]
    return [(node["version"], node["state"]) for node in nodes]


async def test_a_draft_is_saved_listed_and_published_with_a_plan(shop: Shop) -> None:
    saved = await save(shop, bronze(shop))
    assert saved["__typename"] == "SaveProgramSuccess", saved
    draft = saved["program"]
    assert (draft["version"], draft["state"], draft["effectiveAt"], draft["publishedAt"]) == (
        0,
        "DRAFT",
        None,
        None,
    )
    assert draft["source"] == bronze(shop)
    (needs,) = saved["findings"]
    assert (needs["path"], needs["severity"]) == ("ladders.0.tiers", "WARNING")
    assert 'tiers = { silver = "basic" }' in needs["fix"]
    assert await listed(shop) == [(1, "IN_FORCE"), (0, "DRAFT")]
    node = await shop.data(
        "query ($id: ID!) { node(id: $id) { ... on Program { hash } } }", {"id": draft["id"]}
    )
    assert node["node"]["hash"] == draft["hash"]
    later = (NOW + timedelta(days=2)).isoformat()
    refused = await publish(shop, program=draft["id"], effectiveAt=later)
    assert (refused["code"], refused["path"]) == ("CONFIG_INVALID", ["program"])
    assert [finding["path"] for finding in refused["findings"]] == ["ladders.0.tiers"]
    published = await publish(shop, program=draft["id"], effectiveAt=later, plan=[TO_BRONZE])
    assert published["program"]["hash"] == draft["hash"]
    assert published["program"]["plan"] == {"ladders": {"status": {"tiers": {"silver": "bronze"}}}}
    assert await listed(shop) == [(2, "SCHEDULED"), (1, "IN_FORCE")]


async def test_a_file_with_errors_is_refused_with_each_of_them(shop: Shop) -> None:
    wrong = (
        PROGRAM.format(slug=shop.slug)
        .replace('gold = "5000"', 'jade = "5000"')
        .replace('timezone = "Europe/London"', 'timezone = "Europe/London"\nlate = 3')
    )
    refused = await save(shop, wrong)
    assert (refused["__typename"], refused["path"]) == ("ConfigInvalid", ["source"])
    assert [finding["path"] for finding in refused["findings"]] == ["program.late"]
    assert await listed(shop) == [(1, "IN_FORCE")]
    refused = await save(shop, PROGRAM.format(slug="another"))
    assert [(finding["path"], finding["severity"]) for finding in refused["findings"]] == [
        ("program.business", "ERROR")
    ]


async def test_a_version_in_the_past_is_refused_at_its_path(shop: Shop) -> None:
    source = PROGRAM.format(slug=shop.slug).replace('"5000"', '"6000"')
    before = (NOW - timedelta(seconds=1)).isoformat()
    refused = await publish(shop, source=source, effectiveAt=before)
    assert [finding["path"] for finding in refused["findings"]] == ["effectiveAt"]


async def test_an_earlier_version_is_restored_by_its_id(shop: Shop) -> None:
    first = (await shop.data(LISTED))["business"]["programs"]["nodes"][0]["id"]
    await publish(shop, source=bronze(shop), plan=[TO_BRONZE])
    back = {"ladder": "status", "tiers": [{"from": "bronze", "to": "silver"}]}
    restored = await publish(
        shop, program=first, effectiveAt=(NOW + timedelta(days=1)).isoformat(), plan=[back]
    )
    assert (restored["program"]["version"], restored["unchanged"]) == (3, False)


async def test_what_to_publish_is_named_once(shop: Shop) -> None:
    assert (await publish(shop))["path"] == ["program"]
    unknown = await publish(shop, program=global_id("Program", new_id()))
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["program"])


async def test_only_who_may_write_programs_saves_them_and_partners_see_no_drafts(shop: Shop) -> None:
    await save(shop, bronze(shop))
    wanted = {"input": {"idempotencyKey": str(new_id()), "source": bronze(shop)}}
    refused = await shop.ask(SAVE, wanted, key=await shop.make_key("till"))
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    partner = await shop.make_key("partner", partner="cards")
    assert await listed(shop, partner) == [(1, "IN_FORCE")]
