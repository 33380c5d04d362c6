"""Claims that last as long as a rule says, as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.shop import REFUSED, Shop, open_shop

PROGRAM = """
[program]
business = "{slug}"
name = "Shop"
timezone = "Europe/Rome"
currency = "EUR"

[[ladders]]
key = "status"
tiers = [{{ key = "guest" }}, {{ key = "gold", name = {{ en = "Gold", zh = "金卡" }} }}]
combine = {{ op = "all_of", of = ["airline", "spend"] }}
upgrade = {{ at = "activity", until = "opinion" }}
downgrade = {{ to = "qualified", notice_days = 14 }}
returns = "from_now"

[[rules]]
id = "airline"
rule = "tier_partner_status"
config = {{ key = "airline", statuses = {{ platinum = "gold" }} }}

[[rules]]
id = "spend"
rule = "tier_spend"
config = {{ window = "lifetime", thresholds = {{ gold = "100" }} }}
"""
SHOWN = """
query ($why: String!) { member(by: {externalId: "anna"}) { standing {
    tier { key } until notice { at since }
    ruling { nodes { op rule { key } reasons { code message(locale: "en") } } }
    why(tier: $why) { nodes { op reasons { code message(locale: "zh") } } }
} } }
"""
FACT = f"mutation ($input: RecordFactInput!) {{ recordFact(input: $input) {{ __typename {REFUSED} }} }}"
SET_CLOCK = "mutation ($input: SetClockInput!) { setClock(input: $input) { __typename } }"


async def status(shop: Shop, at: str, until: str) -> None:
    """The airline says that she is platinum until a day."""
    wanted = {
        "idempotencyKey": at,
        "member": {"externalId": "anna"},
        "kind": "PARTNER_STATUS",
        "key": "airline",
        "value": {"value": "platinum", "until": until},
        "source": "airline",
        "externalId": at,
        "occurredAt": at,
    }
    assert (await shop.data(FACT, {"input": wanted}))["recordFact"]["__typename"] == "RecordFactSuccess"


async def come(shop: Shop, now: str) -> None:
    """Time passes, and the worker applies what comes with it."""
    await shop.data(SET_CLOCK, {"input": {"idempotencyKey": now, "now": now}})
    await shop.pass_time(datetime.fromisoformat(now))


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Anna has been here since January, and has a status that ends in May."""
    shop = await open_shop(engine, client, program=PROGRAM, clock_at=datetime(2026, 3, 1, tzinfo=UTC))
    await shop.enrol("anna")
    await status(shop, "2026-02-01T10:00:00Z", "2026-05-15")
    return shop


async def shown(shop: Shop) -> Any:
    return (await shop.data(SHOWN, {"why": "gold"}))["member"]["standing"]


async def test_a_standing_says_until_when_each_rule_supports_it(shop: Shop) -> None:
    await shop.buy("anna", "100", "2026-02-10T10:00:00Z")
    standing = await shown(shop)
    assert (standing["tier"]["key"], standing["until"]) == ("gold", "2026-05-14T22:00:00Z")
    root, airline, spend = standing["ruling"]["nodes"]
    assert [reason["message"] for reason in root["reasons"]] == [
        "Gold: supported",
        "Gold: until 2026-05-15, that day excluded",
    ]
    assert [reason["code"] for reason in airline["reasons"]] == ["reason-reached", "reason-until"]
    assert [reason["code"] for reason in spend["reasons"]] == ["reason-reached"]
    assert standing["why"]["nodes"][0]["reasons"][-1]["message"] == "金卡：至 2026-05-15，不含当日"


async def test_the_end_of_what_a_rule_says_is_announced_and_put_off_by_a_later_one(shop: Shop) -> None:
    await shop.buy("anna", "100", "2026-02-10T10:00:00Z")
    await come(shop, "2026-05-02T10:00:00Z")
    standing = await shown(shop)
    assert standing["notice"] == {"at": "2026-05-14T22:00:00Z", "since": "2026-04-30T22:00:00Z"}
    await status(shop, "2026-05-02T09:00:00Z", "2026-08-01")
    standing = await shown(shop)
    assert (standing["until"], standing["notice"]) == ("2026-07-31T22:00:00Z", None)
    await come(shop, "2026-08-01T10:00:00Z")
    standing = await shown(shop)
    assert (standing["tier"]["key"], standing["until"]) == ("guest", None)
    assert standing["why"]["nodes"][0]["reasons"] == [{"code": "reason-denies", "message": "金卡：不支持"}]
