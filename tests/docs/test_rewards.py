"""The examples of the page about rewards, sent one after another, and what the page says of scopes."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from loyalty_engine.services.credentials import DEFAULT_SCOPES
from loyalty_engine.store.database import Database
from tests.api.shop import Shop, client_of, engine_on, open_shop
from tests.docs.pages import ROOT, blocks_of

PAGE = (ROOT / "docs" / "rewards.md").read_text(encoding="utf-8")
DOCUMENTS = [block.text for block in blocks_of(PAGE) if block.language == "graphql"]
INPUTS: list[dict[str, Any]] = [
    json.loads(block.text) for block in blocks_of(PAGE) if block.language == "json"
]


@pytest.fixture
async def shop(app_database: Database) -> AsyncIterator[Shop]:
    engine = engine_on(app_database)
    async with client_of(engine) as client:
        yield await open_shop(engine, client)


async def test_the_examples_of_the_page_do_what_it_says(shop: Shop) -> None:
    await shop.enrol("ann")
    await shop.buy("ann", "120")
    create, redeem, use = [
        (document, {"input": wanted}) for document, wanted in zip(DOCUMENTS, INPUTS, strict=True)
    ]
    made = (await shop.data(*create))["createReward"]
    assert (made["reward"]["key"], made["reward"]["stock"], made["version"]) == ("five-off", 100, 1)
    redeemed = (await shop.data(*redeem))["redeemReward"]
    assert (redeemed["redemption"]["state"], redeemed["redemption"]["price"]) == ("OPEN", "50")
    assert (await shop.data(*redeem))["redeemReward"]["couponCode"] is None
    refused = (await shop.data(*use))["useCoupon"]
    assert refused["code"] == "CODE_NOT_USABLE"
    again = {**use[1]["input"], "code": redeemed["couponCode"], "idempotencyKey": "another"}
    used = (await shop.data(use[0], {"input": again}))["useCoupon"]
    assert (used["discount"], used["coupon"]) == ("5.00", {"used": 1})


@pytest.mark.parametrize("scope", ["rewards:read", "rewards:write", "redemptions:write"])
def test_the_page_says_who_has_a_scope(scope: str) -> None:
    (said,) = re.findall(rf"^\| `{scope}` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    have = {kind for kind, scopes in DEFAULT_SCOPES.items() if scope in scopes} - {"test"}
    written = (
        set(DEFAULT_SCOPES) - {"test", "partner"} if said == "all but partners" else set(said.split(", "))
    )
    assert have == written
