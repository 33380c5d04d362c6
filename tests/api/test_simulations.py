"""Simulations over the API: asked for, done by a worker, read, listed, cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty_engine.entities.simulation import FAILURES
from loyalty_engine.ids import new_id
from loyalty_engine.jobs.worker import work_once
from loyalty_engine.services import continue_simulation, erase_member, merge_members
from loyalty_engine.services.commands import (
    Erased,
    EraseMember,
    MemberBy,
    MembersMerged,
    MergeMembers,
)
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.engine import Engine
from loyalty_engine.words import say
from loyalty_schema.ids import global_id
from loyalty_schema.simulation_enums import SimulationFailureCode
from tests.api.shop import NOW, PROGRAM, Shop, open_shop
from tests.services.shop import OneBusiness

SIMULATION = """
fragment Told on Simulation {
  id kind status progress { membersDone members } requestedAt startedAt heartbeatAt endedAt
  effectiveAt from until sample source plan findings { path severity }
  failure { code message(locale: "en") zh: message(locale: "zh") }
  publication {
    members moves { ladder from to falls members } announced { members } rules { rule members }
  }
  moved(first: 2) { nodes { member { externalId } ladder from to falls } pageInfo { hasNextPage endCursor } }
  period {
    members folded estimates costs { sort currency rule partner was would margin }
    tiers { ladder was would members } failed { rule members }
  }
}
"""
SIMULATE = (
    """
mutation ($input: SimulateProgramInput!) {
  simulateProgram(input: $input) {
    __typename
    ... on SimulateProgramSuccess { simulation { ...Told } replayed }
    ... on ConfigInvalid { findings { path } }
    ... on Refusal { code message retryable path }
  }
}
"""
    + SIMULATION
)
CANCEL = """
mutation ($input: CancelSimulationInput!) {
  cancelSimulation(input: $input) {
    __typename
    ... on CancelSimulationSuccess { simulation { status } cancelled replayed }
    ... on Refusal { code message path }
  }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { ...Told } }" + SIMULATION
LISTED = "{ business { simulations(first: 1) { nodes { id status } pageInfo { hasNextPage } } } }"
FURTHER = """
query ($id: ID!, $after: String) {
  node(id: $id) { ... on Simulation { moved(first: 2, after: $after) { nodes { member { externalId } } } } }
}
"""


def strict(shop: Shop) -> str:
    """The shop's program, in which silver costs more."""
    return PROGRAM.format(slug=shop.slug).replace('silver = "1000"', 'silver = "2000"')


REGRADE = [{"ladder": "status", "claims": "REGRADE_NOW"}]


async def simulate(shop: Shop, **values: Any) -> Any:
    """What simulateProgram answers."""
    wanted = {"idempotencyKey": str(new_id()), "source": strict(shop), **values}
    return (await shop.data(SIMULATE, {"input": wanted}))["simulateProgram"]


async def cancel(shop: Shop, simulation_id: str) -> Any:
    """What cancelSimulation answers."""
    wanted = {"idempotencyKey": str(new_id()), "simulation": simulation_id}
    return (await shop.data(CANCEL, {"input": wanted}))["cancelSimulation"]


async def told(shop: Shop, simulation_id: str) -> Any:
    """The simulation as it is read afterwards."""
    return (await shop.data(NODE, {"id": simulation_id}))["node"]


async def worked(shop: Shop) -> None:
    """What a worker does for this business."""
    own = OneBusiness(shop.engine.database, shop.business_id)
    engine = Engine(own, shop.engine.installed, shop.engine.clock, shop.engine.secret_key)
    while await work_once(engine, set()):
        pass


async def crowd(shop: Shop) -> None:
    """Three on silver, of whom one bought enough for the strict program, and one on the base tier."""
    for who, amount in (("ann", "1500"), ("bob", "1200"), ("cat", "2500"), ("dan", "10"), ("eve", "1100")):
        await shop.enrol(who)
        await shop.buy(who, amount)


async def test_a_preview_is_asked_for_done_by_a_worker_and_read(shop: Shop) -> None:
    await crowd(shop)
    asked = await simulate(shop, plan=REGRADE)
    assert (asked["__typename"], asked["replayed"]) == ("SimulateProgramSuccess", False), asked
    waits = asked["simulation"]
    assert (waits["kind"], waits["status"]) == ("PREVIEW", "QUEUED")
    assert waits["progress"] == {"membersDone": 0, "members": None}
    assert (waits["publication"], waits["moved"]["nodes"], waits["startedAt"]) == (None, [], None)
    assert await continue_simulation(shop.engine, shop.business_id) == 1
    runs = await told(shop, waits["id"])
    assert (runs["status"], runs["publication"], runs["heartbeatAt"]) == ("RUNNING", None, runs["startedAt"])
    assert runs["progress"] == {"membersDone": 0, "members": 5}
    await worked(shop)
    found = await told(shop, waits["id"])
    assert (found["status"], found["failure"], found["period"]) == ("DONE", None, None)
    assert found["progress"] == {"membersDone": 5, "members": 5}
    assert found["source"] == strict(shop)
    assert found["plan"] == {"ladders": {"status": {"claims": "regrade_now"}}}
    assert found["effectiveAt"] == found["requestedAt"] == waits["requestedAt"]
    assert found["publication"] == {
        "members": 5,
        "moves": [{"ladder": "status", "from": "silver", "to": "basic", "falls": True, "members": 3}],
        "announced": [],
        "rules": [{"rule": "spend", "members": 3}, {"rule": "visits", "members": 3}],
    }
    first = found["moved"]
    assert [
        (node["member"]["externalId"], node["from"], node["to"], node["falls"]) for node in first["nodes"]
    ] == [
        ("ann", "silver", "basic", True),
        ("bob", "silver", "basic", True),
    ]
    assert first["pageInfo"]["hasNextPage"]
    after = first["pageInfo"]["endCursor"]
    further = (await shop.data(FURTHER, {"id": waits["id"], "after": after}))["node"]["moved"]["nodes"]
    assert [node["member"]["externalId"] for node in further] == ["eve"]


async def test_a_back_test_tells_what_a_period_would_have_cost(shop: Shop) -> None:
    await crowd(shop)
    twice = PROGRAM.format(slug=shop.slug).replace(
        'basic = "1", silver = "1.25"', 'basic = "2", silver = "2"'
    )
    period = {"from": "2026-02-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"}
    waits = (await simulate(shop, source=twice, **period))["simulation"]
    assert (waits["kind"], waits["effectiveAt"]) == ("BACKTEST", None)
    await worked(shop)
    found = await told(shop, waits["id"])
    assert (found["status"], found["publication"], found["moved"]["nodes"]) == ("DONE", None, [])
    period_found = found["period"]
    assert (period_found["members"], period_found["folded"], period_found["estimates"]) == (5, 5, [])
    (earned,) = period_found["costs"]
    assert {**earned, "was": None, "would": None} == {
        "sort": "EARNED", "currency": "points", "rule": "earn", "partner": None,
        "was": None, "would": None, "margin": "0",
    }  # fmt: skip
    assert int(earned["would"]) > int(earned["was"]) > 0
    assert {"ladder": "status", "was": "silver", "would": "silver", "members": 4} in period_found["tiers"]


async def test_what_could_not_be_published_is_refused_at_once(shop: Shop) -> None:
    renamed = PROGRAM.format(slug=shop.slug).replace("silver", "bronze")
    refused = await simulate(shop, source=renamed)
    assert (refused["__typename"], refused["path"]) == ("ConfigInvalid", ["source"])
    assert [finding["path"] for finding in refused["findings"]] == ["ladders.0.tiers"]
    before = (NOW - timedelta(days=1)).isoformat()
    refused = await simulate(shop, effectiveAt=before)
    assert [finding["path"] for finding in refused["findings"]] == ["effectiveAt"]
    later = {"from": before, "until": (NOW + timedelta(days=1)).isoformat()}
    refused = await simulate(shop, **later)
    assert [finding["path"] for finding in refused["findings"]] == ["until"]
    unknown = await simulate(shop, source=None, program=global_id("Program", new_id()))
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["program"])
    assert (await simulate(shop, source=None))["path"] == ["program"]


async def test_simulations_are_listed_cancelled_and_only_three_wait(shop: Shop) -> None:
    await crowd(shop)
    ids = [(await simulate(shop))["simulation"]["id"] for _ in range(3)]
    refused = await simulate(shop)
    assert (refused["code"], refused["retryable"]) == ("RETRYABLE", True)
    assert "3 simulations" in refused["message"]
    ended = await cancel(shop, ids[2])
    assert ended["simulation"]["status"] == "CANCELLED"
    assert ended["cancelled"]
    assert not (await cancel(shop, ids[2]))["cancelled"]
    listed = (await shop.data(LISTED))["business"]["simulations"]
    assert listed == {"nodes": [{"id": ids[2], "status": "CANCELLED"}], "pageInfo": {"hasNextPage": True}}
    await worked(shop)
    assert [(await told(shop, each))["status"] for each in ids] == ["DONE", "DONE", "CANCELLED"]
    unknown = await cancel(shop, global_id("Simulation", new_id()))
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["simulation"])


@pytest.mark.parametrize("kind", ["till", "frontend", "staff", "read_only"])
async def test_only_who_may_publish_simulates_and_sees_simulations(shop: Shop, kind: str) -> None:
    simulation_id = (await simulate(shop))["simulation"]["id"]
    key = await shop.make_key(kind)
    wanted = {"input": {"idempotencyKey": str(new_id()), "source": strict(shop)}}
    refused = await shop.ask(SIMULATE, wanted, key=key)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await shop.data(node, {"id": simulation_id}, key=key))["node"] is None


async def test_a_partner_neither_simulates_nor_sees_simulations(shop: Shop) -> None:
    simulation_id = (await simulate(shop))["simulation"]["id"]
    key = await shop.make_key("partner", partner="cards")
    wanted = {"input": {"idempotencyKey": str(new_id()), "source": strict(shop)}}
    for query, variables in ((SIMULATE, wanted), (LISTED, {})):
        refused = await shop.ask(query, variables, key=key)
        assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await shop.data(node, {"id": simulation_id}, key=key))["node"] is None


async def test_who_may_not_read_members_is_told_figures_and_not_names(shop: Shop) -> None:
    await crowd(shop)
    key = await shop.make_key("staff", scopes=["program:write"])
    simulation_id = (await simulate(shop, plan=REGRADE))["simulation"]["id"]
    await worked(shop)
    figures = "query ($id: ID!) { node(id: $id) { ... on Simulation { publication { members } } } }"
    found = await shop.data(figures, {"id": simulation_id}, key=key)
    assert found["node"]["publication"] == {"members": 5}
    refused = await shop.ask(FURTHER, {"id": simulation_id}, key=key)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_member_who_is_erased_or_merged_later_is_told_as_it_is_then(shop: Shop) -> None:
    await crowd(shop)
    simulation_id = (await simulate(shop, plan=REGRADE))["simulation"]["id"]
    await worked(shop)
    caller = operator(shop.business_id)
    ann, bob, dan = (MemberBy(external_id=name) for name in ("ann", "bob", "dan"))
    assert isinstance(await erase_member(shop.engine, caller, "erase", EraseMember(ann)), Erased)
    merge = MergeMembers(bob, dan, "the same person")
    assert isinstance(await merge_members(shop.engine, caller, "merge", merge), MembersMerged)
    query = """
        query ($id: ID!) {
          node(id: $id) { ... on Simulation { moved(first: 9) { nodes { member { externalId status } } } } }
        }
        """
    moved = (await shop.data(query, {"id": simulation_id}))["node"]["moved"]["nodes"]
    assert [each["member"]["status"] for each in moved] == ["ERASED", "ACTIVE", "ACTIVE"]
    assert [each["member"]["externalId"] for each in moved] == ["ann", "dan", "eve"]


async def test_mistakes_in_asking_are_told_where_they_are(shop: Shop) -> None:
    naive = await shop.ask(SIMULATE, {"input": {"source": "x"}})
    assert naive.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert (await simulate(shop, idempotencyKey=" "))["path"] == ["idempotencyKey"]
    assert (await simulate(shop, source="[program"))["__typename"] == "ConfigInvalid"
    assert (await simulate(shop, **{"from": "2026-02-01T00:00:00Z"}))["path"] == ["until"]
    assert (await simulate(shop, sample=10))["path"] == ["sample"]
    wrong = await simulate(shop, plan=[{"ladder": "stairs", "claims": "KEEP"}])
    assert [finding["path"] for finding in wrong["findings"]] == ["plan.ladders.stairs"]
    for given in ("nonsense", shop.key, global_id("Program", new_id())):
        assert (await cancel(shop, given))["path"] == ["simulation"]
    simulation_id = (await simulate(shop))["simulation"]["id"]
    many = FURTHER.replace("first: 2", "first: 101")
    assert "errors" in (await shop.ask(many, {"id": simulation_id})).json()
    assert (await shop.ask(FURTHER, {"id": simulation_id, "after": "x"})).json()["errors"][0]["extensions"][
        "code"
    ] == "INVALID_CURSOR"


async def test_a_chunk_that_is_never_done_is_told_in_words(shop: Shop) -> None:
    simulation_id = (await simulate(shop))["simulation"]["id"]
    async with shop.engine.database.writing(shop.business_id) as connection:
        await connection.execute(
            "UPDATE simulation SET attempts = 3 WHERE business_id = $1", shop.business_id
        )
    await worked(shop)
    found = await told(shop, simulation_id)
    assert (found["status"], found["publication"]) == ("FAILED", None)
    assert found["failure"]["code"] == "LOST"
    assert found["failure"]["message"].startswith("Its workers ended 3 times")
    assert found["failure"]["zh"].startswith("处理同一批会员时")


def test_every_cause_that_the_database_knows_has_a_code_and_words_in_every_language() -> None:
    assert [SimulationFailureCode(each) for each in FAILURES] == list(SimulationFailureCode)
    for each in FAILURES:
        assert say("en", f"failure-{each}") != say("zh", f"failure-{each}")


async def test_another_business_neither_sees_nor_cancels_it(shop: Shop) -> None:
    other_shop = await open_shop(shop.engine, shop.client)
    simulation_id = (await simulate(shop))["simulation"]["id"]
    assert await told(other_shop, simulation_id) is None
    assert (await cancel(other_shop, simulation_id))["code"] == "NOT_FOUND"
    assert (await told(shop, simulation_id))["status"] == "QUEUED"
