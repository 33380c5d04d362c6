"""The activities that a ruling lists are those that made its figures, which they add up to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop

PROGRAM = """
[program]
business = "{{slug}}"
name = "Shop"
timezone = "Europe/London"
currency = "GBP"

[[ladders]]
key = "status"
tiers = [ {{{{ key = "basic" }}}}, {{{{ key = "silver" }}}}, {{{{ key = "gold" }}}} ]
combine = "spend"
CYCLE
upgrade = {{{{ at = "activity", until = "lifetime" }}}}
downgrade = {{{{ to = "qualified" }}}}
returns = "{returns}"

[[rules]]
id = "spend"
rule = "tier_spend"
config = {{{{ window = {window}, net = {net}, thresholds = {{{{ silver = "300", gold = "1000" }}}} }}}}
"""
READ = """
query ($tier: String!) { member(by: {externalId: "anna"}) {
  standing { why(tier: $tier) { ...of } }
  standingChanges { nodes { to { key } ruling { ...of } } }
} }
fragment of on Ruling { nodes { measures { value from activities { nodes { externalId amount } } } } }
"""
BACK = """
mutation ($input: ReverseActivityInput!) { reverseActivity(input: $input) { __typename } }
"""
APRIL = "2026-04-01T10:00:00Z"
Read = tuple[str, list[str]]


def program(returns: str = "undo", window: str = '"lifetime"', net: str = "true") -> str:
    written = PROGRAM.format(returns=returns, window=window, net=net)
    cycle = "cycle = {{ months = 12, restart = ['upgrade'] }}" if "cycle" in window else ""
    return written.replace("CYCLE", cycle)


async def opened(engine: Engine, client: httpx.AsyncClient, written: str) -> Shop:
    shop = await open_shop(engine, client, program=written)
    await shop.enrol("anna")
    return shop


async def give_back(shop: Shop, of: str, amount: str, at: str) -> None:
    """A part of a purchase comes back."""
    wanted = {
        "idempotencyKey": str(new_id()),
        "activity": {"natural": {"source": "till", "externalId": of}},
        "source": "till",
        "externalId": f"back-{of}-{amount}",
        "occurredAt": at,
        "amount": amount,
    }
    answer = await shop.data(BACK, {"input": wanted})
    assert answer["reverseActivity"]["__typename"] == "ReverseActivitySuccess", answer


def added_up(ruling: Any) -> Read:
    """The value of the only measure, which its activities come to, and their external ids."""
    (measure,) = ruling["nodes"][0]["measures"]
    found = measure["activities"]["nodes"]
    assert sum(Decimal(each["amount"]) for each in found) == Decimal(measure["value"])
    return measure["value"], [each["externalId"] for each in found]


async def read(shop: Shop, tier: str = "gold") -> tuple[Read, dict[str, Read]]:
    """What is read now, and what was read at each change of standing."""
    member = (await shop.data(READ, {"tier": tier}))["member"]
    changes = {each["to"]["key"]: added_up(each["ruling"]) for each in member["standingChanges"]["nodes"]}
    return added_up(member["standing"]["why"]), changes


async def test_of_activities_of_one_instant_those_behind_the_one_that_decided_were_not_read(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program())
    await shop.buy("anna", "300.00")
    await shop.buy("anna", "20.00")
    assert await read(shop) == (("320.00", ["p2", "p1"]), {"silver": ("300.00", ["p1"])})


async def test_a_cycle_holds_what_comes_after_the_activity_that_began_it(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program(window='"cycle"'))
    await shop.buy("anna", "300.00")
    await shop.buy("anna", "1000.00", at="2026-03-01T18:00:00Z")
    await shop.buy("anna", "7.00", at="2026-03-01T19:00:00Z")
    now, changes = await read(shop)
    assert now == ("7.00", ["p3"])
    assert changes == {"gold": ("1000.00", ["p2"]), "silver": ("300.00", ["p1"])}


async def test_where_returns_undo_a_decision_made_after_one_lists_it_with_its_purchase(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program())
    await shop.buy("anna", "1000.00")
    await give_back(shop, "p1", "600.00", APRIL)
    read_now = ("400.00", ["back-p1-600.00", "p1"])
    assert await read(shop) == (read_now, {"silver": read_now})


async def test_where_returns_count_from_now_a_decision_before_one_does_not_list_it(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program("from_now"))
    await shop.buy("anna", "400.00")
    await give_back(shop, "p1", "50.00", APRIL)
    assert await read(shop) == (("350.00", ["back-p1-50.00", "p1"]), {"silver": ("400.00", ["p1"])})


@pytest.mark.parametrize("written", [program("never"), program(net="false")], ids=["never", "gross"])
async def test_a_figure_that_ignores_returns_lists_none(
    engine: Engine, client: httpx.AsyncClient, written: str
) -> None:
    shop = await opened(engine, client, written)
    await shop.buy("anna", "400.00")
    await give_back(shop, "p1", "50.00", APRIL)
    await shop.buy("anna", "-20.00", at=APRIL, kind="return")
    assert await read(shop) == (("400.00", ["p1"]), {"silver": ("400.00", ["p1"])})


async def test_what_was_recorded_after_a_decision_was_not_read_by_it(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program())
    await shop.buy("anna", "300.00")
    async with engine.database.writing(shop.business_id) as connection:
        later = datetime(2026, 6, 20, tzinfo=UTC)
        await connection.execute(
            "UPDATE business SET clock_at = $2 WHERE business_id = $1", shop.business_id, later
        )
    await shop.buy("anna", "40.00", at="2026-02-01T10:00:00Z")
    assert await read(shop) == (("340.00", ["p1", "p2"]), {"silver": ("300.00", ["p1"])})


async def test_a_return_counts_in_the_cycle_of_its_purchase(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client, program("from_now", '"cycle"'))
    await shop.buy("anna", "400.00")
    await shop.buy("anna", "30.00", at="2026-03-02T10:00:00Z")
    await give_back(shop, "p1", "50.00", APRIL)
    await give_back(shop, "p2", "10.00", APRIL)
    assert (await read(shop))[0] == ("20.00", ["back-p2-10.00", "p2"])
