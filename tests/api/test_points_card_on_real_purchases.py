"""Programme P3, a points card, on a supermarket's baskets: sent and read over GraphQL; run by `make test-p3`.

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
from tests.data.points_card import (
    AFTERWARDS,
    Basket,
    Points,
    Redemption,
    expected,
    facts,
    joined,
)

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
BALANCES = """
query ($after: String) {
  members(first: 100, after: $after) {
    nodes { externalId wallet { available debt } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ENTRIES = """
query ($household: String!, $after: String) {
  member(by: { externalId: $household }) {
    wallet {
      available
      debt
      entries(first: 100, after: $after) {
        nodes { code amount effectiveAt }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
BATCH = 1000

Movement = tuple[datetime, str, int]


def activity(each: Basket | Redemption) -> dict[str, Any]:
    common = {"member": {"externalId": each.household}, "source": "till", "occurredAt": each.at.isoformat()}
    if isinstance(each, Redemption):
        points = {"currency": "points", "amount": each.points}
        return {**common, "kind": "redemption", "externalId": each.external_id, "points": points}
    attributes = {} if each.campaign_amount is None else {"campaign_amount": each.campaign_amount}
    basket = {"kind": "purchase", "externalId": each.basket_id, "amount": each.amount}
    return {**common, **basket, "attributes": attributes}


async def enrol(shop: Shop, households: Iterable[str]) -> None:
    for household in households:
        wanted = {
            "idempotencyKey": household,
            "externalId": household,
            "enrolledAt": joined()[household].isoformat(),
        }
        done = await shop.data(ENROL, {"input": wanted})
        assert done["enrolMember"]["__typename"] == "EnrolMemberSuccess"


async def send(shop: Shop, items: Sequence[Basket | Redemption]) -> None:
    for start in range(0, len(items), BATCH):
        batch = [activity(each) for each in items[start : start + BATCH]]
        key = f"{batch[0]['externalId']} and on"
        done = await shop.data(RECORD_MANY, {"input": {"idempotencyKey": key, "items": batch}})
        results = done["recordActivities"]["results"]
        assert [each for each in results if each["__typename"] != "RecordActivitySuccess"] == []


async def balances(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = {}
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        members = (await shop.data(BALANCES, {"after": page["endCursor"]}))["members"]
        found |= {each["externalId"]: balance(each["wallet"]) for each in members["nodes"]}
        page = members["pageInfo"]
    return found


def balance(wallet: dict[str, Any]) -> int:
    return int(wallet["available"]) - int(wallet["debt"])


async def movements(shop: Shop, household: str) -> tuple[list[Movement], int]:
    """Every entry of a wallet, corrections included, and its balance."""
    found: list[Movement] = []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while True:
        answer = await shop.data(ENTRIES, {"household": household, "after": page["endCursor"]})
        wallet = answer["member"]["wallet"]
        found += [
            (datetime.fromisoformat(each["effectiveAt"]), each["code"], int(each["amount"]))
            for each in wallet["entries"]["nodes"]
        ]
        page = wallet["entries"]["pageInfo"]
        if not page["hasNextPage"]:
            return found, balance(wallet)


def totals(household: str, wanted: Points, moved: Sequence[Movement]) -> Points:
    """What the movements until the end of a day come to."""
    sums: dict[str, int] = {}
    for at, code, amount in moved:
        if at < wanted.end:
            sums[code] = sums.get(code, 0) + amount
    base, bonus = sums.get("EARN", 0), sums.get("PARTNER_AWARD", 0)
    redeemed, expired = -sums.get("REDEEM", 0), -sums.get("EXPIRE", 0)
    return Points(household, wanted.as_of, base, bonus, redeemed, expired, base + bonus - redeemed - expired)


async def test_the_balance_of_every_household_is_the_expected_one_on_the_very_day(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    ends = sorted({row.end for row in expected()})
    shop = await open_shop(
        engine, client, program=example("points_card"), clock_at=ends[0] - timedelta(seconds=1)
    )
    for start, end in pairwise([min(joined().values()), *ends]):
        now = end - timedelta(seconds=1)
        await shop.data(SET_CLOCK, {"input": {"idempotencyKey": str(end), "now": now.isoformat()}})
        await enrol(shop, [name for name, at in joined().items() if start <= at < end])
        await send(shop, [each for each in facts() if start <= each.at < end])
        await shop.pass_time(now)
        known = dict.fromkeys(joined(), 0) | await balances(shop)  # who has no basket yet is no member yet
        assert known == {row.household: row.balance for row in expected() if row.end == end}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_total_of_every_date_is_the_expected_one_in_whatever_order_the_activities_arrive(
    engine: Engine, client: httpx.AsyncClient, seed: int
) -> None:
    arriving = facts()
    random.Random(seed).shuffle(arriving)
    shop = await open_shop(engine, client, program=example("points_card"), clock_at=AFTERWARDS)
    await enrol(shop, joined())
    await send(shop, arriving)
    await shop.pass_time(AFTERWARDS)
    for household in joined():
        wanted = [row for row in expected() if row.household == household]
        moved, final = await movements(shop, household)
        assert [totals(household, row, moved) for row in wanted] == wanted
        assert final == wanted[-1].balance
