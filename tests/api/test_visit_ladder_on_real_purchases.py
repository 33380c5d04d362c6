"""Programme P2, a ladder of visits, on real baskets: sent and read over GraphQL; run by `make test-p3`.

The expected results were computed independently of this engine; see tests/data/NOTICE.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from loyalty_engine.services import Engine
from tests.api.shop import Shop, example, open_shop
from tests.data.points_card import NEW_YORK
from tests.data.visit_ladder import AFTERWARDS, Change, Visit, expected, expected_changes, joined, visits

pytestmark = pytest.mark.completejourney

ENROL = "mutation ($input: EnrolMemberInput!) { enrolMember(input: $input) { __typename } }"
SET_CLOCK = "mutation ($input: SetClockInput!) { setClock(input: $input) { __typename } }"
RECORD_MANY = """
mutation ($input: RecordActivitiesInput!) {
  recordActivities(input: $input) {
    __typename
    ... on RecordActivitiesSuccess { results { __typename ... on Refusal { code message path } } }
  }
}
"""
MEMBERS = """
query ($after: String) {
  members(first: 75, after: $after) {
    nodes {
      externalId
      wallet { available }
      standing { tier { key } }
      standingChanges(first: 50) {
        nodes { from { key } to { key } effectiveAt cause { activity { externalId } } }
        pageInfo { hasNextPage }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
BATCH = 1000


async def enrol(shop: Shop, households: Iterable[str]) -> None:
    for household in households:
        wanted = {
            "idempotencyKey": household,
            "externalId": household,
            "enrolledAt": joined()[household].isoformat(),
        }
        done = await shop.data(ENROL, {"input": wanted})
        assert done["enrolMember"]["__typename"] == "EnrolMemberSuccess"


def activity(visit: Visit) -> dict[str, Any]:
    return {
        "member": {"externalId": visit.household},
        "kind": "purchase",
        "source": "till",
        "externalId": visit.basket_id,
        "occurredAt": visit.at.isoformat(),
        "amount": visit.gross,
    }


async def send(shop: Shop, items: Sequence[Visit]) -> None:
    for start in range(0, len(items), BATCH):
        batch = [activity(each) for each in items[start : start + BATCH]]
        key = f"{batch[0]['externalId']} and on"
        done = await shop.data(RECORD_MANY, {"input": {"idempotencyKey": key, "items": batch}})
        results = done["recordActivities"]["results"]
        assert [each for each in results if each["__typename"] != "RecordActivitySuccess"] == []


async def members(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        answer = (await shop.data(MEMBERS, {"after": page["endCursor"]}))["members"]
        found += answer["nodes"]
        page = answer["pageInfo"]
    return found


def changes_of(member: dict[str, Any]) -> list[Change]:
    assert not member["standingChanges"]["pageInfo"]["hasNextPage"]
    return [
        (
            member["externalId"],
            datetime.fromisoformat(change["effectiveAt"]).astimezone(NEW_YORK).date().isoformat(),
            change["cause"]["activity"]["externalId"] if change["cause"]["activity"] else "",
            change["from"]["key"],
            change["to"]["key"],
        )
        for change in member["standingChanges"]["nodes"]
    ]


async def test_tier_and_points_of_every_household_are_the_expected_ones_on_the_very_day(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    ends = sorted({row.end for row in expected()})
    program = example("visit_ladder")
    shop = await open_shop(engine, client, program=program, clock_at=ends[0] - timedelta(seconds=1))
    for start, end in pairwise([min(joined().values()), *ends]):
        now = end - timedelta(seconds=1)
        await shop.data(SET_CLOCK, {"input": {"idempotencyKey": str(end), "now": now.isoformat()}})
        await enrol(shop, [name for name, at in joined().items() if start <= at < end])
        await send(shop, [each for each in visits() if start <= each.at < end])
        await shop.pass_time(now)
        found = {
            each["externalId"]: (each["standing"]["tier"]["key"], int(each["wallet"]["available"]))
            for each in await members(shop)
        }
        assert found == {row.household: (row.tier, row.points) for row in expected() if row.end == end}
    found_changes = sorted(change for each in await members(shop) for change in changes_of(each))
    assert tuple(found_changes) == expected_changes()


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_change_of_tier_is_the_expected_one_in_whatever_order_the_visits_arrive(
    engine: Engine, client: httpx.AsyncClient, seed: int
) -> None:
    arriving = list(visits())
    random.Random(seed).shuffle(arriving)
    shop = await open_shop(engine, client, program=example("visit_ladder"), clock_at=AFTERWARDS)
    await enrol(shop, joined())
    await send(shop, arriving)
    await shop.pass_time(AFTERWARDS)
    found = await members(shop)
    assert tuple(sorted(change for each in found for change in changes_of(each))) == expected_changes()
    last = {row.household: row.points for row in expected() if row.as_of == expected()[-1].as_of}
    assert {each["externalId"]: int(each["wallet"]["available"]) for each in found} == last
