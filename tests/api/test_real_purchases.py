"""Programme P1, a gym's three levels, on a real shop's purchases: sent and read over GraphQL.

The expected results were computed independently of this engine; see tests/data/NOTICE.md.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
import pytest

from loyalty_engine.localtime import first_instant
from loyalty_engine.services import Engine
from tests.api.shop import Shop, example, open_shop

DATA = Path(__file__).parents[1] / "data"
LONDON = ZoneInfo("Europe/London")
AFTERWARDS = datetime(2012, 1, 1, tzinfo=UTC)

RECORD = """
mutation ($input: RecordActivityInput!) { recordActivity(input: $input) { __typename } }
"""
RECORD_MANY = """
mutation ($input: RecordActivitiesInput!) {
  recordActivities(input: $input) {
    __typename
    ... on RecordActivitiesSuccess { results { __typename } }
  }
}
"""
ENROL = "mutation ($input: EnrolMemberInput!) { enrolMember(input: $input) { __typename } }"
CHANGES = """
query ($after: String) {
  members(first: 75, after: $after) {
    nodes {
      externalId
      standing { tier { key } }
      standingChanges(first: 50) {
        nodes { from { key } to { key } effectiveAt cause { kind activity { externalId } } }
        pageInfo { hasNextPage }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

Delivery = Literal["in order", "shuffled one by one", "in batches with repeats"]


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def activity(row: dict[str, str]) -> dict[str, Any]:
    return {
        "member": {"externalId": row["customer_id"]},
        "kind": row["kind"],
        "source": "till",
        "externalId": row["invoice_no"],
        "occurredAt": row["ts_utc"],
        "amount": row["amount_gbp"],
        "units": row["units"],
    }


async def enrol_everybody(shop: Shop, rows: Sequence[dict[str, str]]) -> None:
    first: dict[str, str] = {}
    for row in rows:
        first[row["customer_id"]] = min(first.get(row["customer_id"], row["ts_utc"]), row["ts_utc"])
    for customer, joined in first.items():
        wanted = {"idempotencyKey": customer, "externalId": customer, "enrolledAt": joined}
        done = await shop.data(ENROL, {"input": wanted})
        assert done["enrolMember"]["__typename"] == "EnrolMemberSuccess"


async def send(shop: Shop, activities: list[dict[str, Any]], how: Delivery) -> None:
    chance = random.Random(7)
    if how == "in batches with repeats":
        activities = activities + chance.sample(activities, len(activities) // 20)
        chance.shuffle(activities)
        for start in range(0, len(activities), 100):
            batch = {"idempotencyKey": f"batch {start}", "items": activities[start : start + 100]}
            done = await shop.data(RECORD_MANY, {"input": batch})
            results = done["recordActivities"]["results"]
            assert {result["__typename"] for result in results} == {"RecordActivitySuccess"}
        return
    if how == "shuffled one by one":
        chance.shuffle(activities)
    for number, each in enumerate(activities):
        done = await shop.data(RECORD, {"input": {"idempotencyKey": str(number), **each}})
        assert done["recordActivity"]["__typename"] == "RecordActivitySuccess", each


async def read_members(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await shop.data(CHANGES, {"after": after}))["members"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def changes_of(member: dict[str, Any]) -> list[tuple[str, ...]]:
    assert not member["standingChanges"]["pageInfo"]["hasNextPage"]
    return [
        (
            member["externalId"],
            datetime.fromisoformat(change["effectiveAt"]).astimezone(LONDON).date().isoformat(),
            change["cause"]["activity"]["externalId"] if change["cause"]["activity"] else "",
            change["from"]["key"],
            change["to"]["key"],
        )
        for change in member["standingChanges"]["nodes"]
    ]


def tier_at_the_end_of(day: date, member: dict[str, Any]) -> str:
    end = first_instant(day + timedelta(days=1), LONDON)
    tiers = [
        (datetime.fromisoformat(change["effectiveAt"]), change["to"]["key"])
        for change in member["standingChanges"]["nodes"]
    ]
    held = sorted((pair for pair in tiers if pair[0] < end), key=lambda pair: pair[0])
    return str(held[-1][1]) if held else "junior"


@pytest.mark.parametrize("how", ["in order", "shuffled one by one", "in batches with repeats"])
async def test_every_tier_and_change_of_tier_is_the_expected_one_however_the_activities_are_sent(
    engine: Engine, client: httpx.AsyncClient, how: Delivery
) -> None:
    shop = await open_shop(engine, client, program=example("gym"), clock_at=AFTERWARDS)
    rows = table("online_retail_sample.csv")
    await enrol_everybody(shop, rows)
    await send(shop, [activity(row) for row in rows], how)
    await shop.pass_time(AFTERWARDS)
    members = await read_members(shop)
    assert len(members) == 219
    expected = [
        (row["customer_id"], row["effective_date"], row["trigger_invoice"], row["from_tier"], row["to_tier"])
        for row in table("expected_p1_tier_changes.csv")
    ]
    assert sorted(change for member in members for change in changes_of(member)) == sorted(expected)
    by_name = {member["externalId"]: member for member in members}
    tiers = table("expected_p1_spend_tiers.csv")
    assert len(tiers) > 1000
    wrong = [
        row
        for row in tiers
        if tier_at_the_end_of(date.fromisoformat(row["as_of"]), by_name[row["customer_id"]]) != row["tier"]
    ]
    assert wrong == []
