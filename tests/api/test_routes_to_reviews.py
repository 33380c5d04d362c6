"""Where a review decides, a route says what is missing of what that review will read (SEMANTICS 3 and 4)."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.documents import ABOUT_MEMBER
from tests.api.shop import PROGRAM, Shop, open_shop
from tests.api.test_as_of import set_clock
from tests.api.test_queries import WHY

ANNA = {"by": {"externalId": "anna"}}
REVIEWED = (
    PROGRAM.replace('upgrade = {{ at = "activity"', 'upgrade = {{ at = "review"')
    .replace('review = {{ every = "year"', 'review = {{ every = "quarter"')
    .replace("rolling_months = 12", "rolling_days = 30")
)
REVIEW = "2026-07-01T00:00:00+01:00"


async def opened(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """A shop in which anna has spent enough for silver, for now: by the review the days will have passed."""
    shop = await open_shop(engine, client, program=REVIEWED)
    await shop.enrol("anna")
    await shop.buy("anna", "900.00", at="2026-05-20T10:00:00Z")
    await shop.buy("anna", "200.00", at="2026-06-10T10:00:00Z")
    return shop


async def test_what_will_have_left_the_window_by_the_review_is_missing(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client)
    (to_silver, *_) = [
        each
        for each in (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]["progress"]
        if (each["tier"]["key"], each["rule"]["key"]) == ("silver", "spend")
    ]
    assert (to_silver["have"], to_silver["missing"]) == ("200.00", "800.00")
    assert datetime.fromisoformat(to_silver["by"]) == datetime.fromisoformat(REVIEW)


@pytest.mark.parametrize(("spent", "tier"), [("800.00", "silver"), ("799.99", "basic")])
async def test_who_follows_the_route_reaches_the_tier_at_the_review_and_one_unit_less_does_not(
    engine: Engine, client: httpx.AsyncClient, spent: str, tier: str
) -> None:
    shop = await opened(engine, client)
    await shop.buy("anna", spent, at="2026-06-14T10:00:00Z")
    await set_clock(shop, REVIEW)
    await shop.pass_time(datetime(2026, 7, 1, tzinfo=UTC))
    standing = (await shop.data(ABOUT_MEMBER, ANNA))["member"]["standing"]
    assert standing["tier"]["key"] == tier


async def test_nobody_is_told_that_the_review_decides_on_what_will_be_gone_by_then(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await opened(engine, client)
    why = (await shop.data(WHY, {**ANNA, "tier": "silver"}))["member"]["standing"]["why"]
    assert [each["message"] for each in why["nodes"][0]["reasons"]] == ["Silver: supported"]
