"""Announced downgrades, as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from loyalty_engine.services.engine import Engine
from tests.api.shop import PROGRAM, Shop, open_shop

ANNOUNCING = PROGRAM.replace('to = "one_step"', 'to = "one_step", grace_days = 10, notice_days = 14').replace(
    'until = {{ end_of = "year", plus_months = 12 }}', 'until = {{ end_of = "year" }}'
)
SHOWN = """
{ member(by: {externalId: "anna"}) { standing {
    tier { key } until claims { origin reason cause { kind } } notice { tier { key name } at since }
} } }
"""
SET_CLOCK = "mutation ($input: SetClockInput!) { setClock(input: $input) { __typename } }"


async def come(shop: Shop, now: str) -> None:
    """Time passes, and the worker applies what comes with it."""
    await shop.data(SET_CLOCK, {"input": {"idempotencyKey": now, "now": now}})
    await shop.pass_time(datetime.fromisoformat(now))


async def test_an_announced_downgrade_is_shown(engine: Engine, client: httpx.AsyncClient) -> None:
    shop = await open_shop(engine, client, program=ANNOUNCING, clock_at=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.enrol("anna", enrolledAt="2020-01-01T00:00:00Z")
    await shop.buy("anna", "1200", at="2020-01-01T00:00:00Z")
    standing = (await shop.data(SHOWN))["member"]["standing"]
    assert standing["notice"] is None
    await come(shop, "2022-01-02T00:00:00Z")
    standing = (await shop.data(SHOWN))["member"]["standing"]
    assert (standing["tier"]["key"], standing["until"]) == ("silver", "2022-01-11T00:00:00Z")
    assert standing["claims"] == [{"origin": "GRACE", "reason": None, "cause": {"kind": "BOUNDARY"}}]
    assert standing["notice"] == {
        "tier": {"key": "basic", "name": "Basic"},
        "at": "2022-01-11T00:00:00Z",
        "since": "2021-12-28T00:00:00Z",
    }


AS_OF = """
query ($at: DateTime!, $known: DateTime) {
  member(by: {externalId: "anna"}) {
    standing { notice { tier { key } at since } }
    asOf(at: $at, knownAt: $known) { standing { tier { key } notice { tier { key } at since } } }
  }
}
"""


async def test_at_other_times_the_notice_of_then_is_shown(engine: Engine, client: httpx.AsyncClient) -> None:
    """Given on 28 December, over with the fall on 11 January, which a late purchase of the 4th undoes."""
    shop = await open_shop(engine, client, program=ANNOUNCING, clock_at=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.enrol("anna", enrolledAt="2020-01-01T00:00:00Z")
    await shop.buy("anna", "1200", at="2020-01-01T00:00:00Z")
    for day in ("2021-12-29", "2022-01-05", "2022-01-12"):
        await come(shop, f"{day}T00:00:00Z")

    async def noticed(at: str, known: str | None = None) -> Any:
        found = (await shop.data(AS_OF, {"at": at, "known": known}))["member"]["asOf"]["standing"]
        return found["tier"]["key"], found["notice"]

    given = {"tier": {"key": "basic"}, "at": "2022-01-11T00:00:00Z", "since": "2021-12-28T00:00:00Z"}
    assert await noticed("2021-12-27T23:59:59Z") == ("silver", None)
    assert await noticed("2021-12-28T00:00:00Z") == ("silver", given)
    assert await noticed("2021-12-28T00:00:00Z", "2021-12-28T12:00:00Z") == ("silver", None)
    assert await noticed("2022-01-10T23:59:59Z") == ("silver", given)
    assert await noticed("2022-01-11T00:00:00Z") == ("basic", None)
    await shop.buy("anna", "1200", at="2022-01-04T00:00:00Z")
    assert await noticed("2022-01-03T23:59:59Z") == ("silver", given)
    assert await noticed("2022-01-04T00:00:00Z") == ("silver", None)
    assert await noticed("2022-01-04T00:00:00Z", "2022-01-11T12:00:00Z") == ("silver", given)
    assert await noticed("2022-01-11T00:00:00Z") == ("silver", None)
    before = "2022-01-11T12:00:00Z"
    await shop.buy("anna", "1200", at="2021-06-01T00:00:00Z")
    assert await noticed("2021-12-28T00:00:00Z") == ("silver", None)
    assert await noticed("2021-12-28T00:00:00Z", before) == ("silver", given)
