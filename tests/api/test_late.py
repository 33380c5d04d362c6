"""Late and earlier activities as a till sends them."""

from typing import Any

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from tests.api.shop import PROGRAM, Shop, open_shop

RECORD = """
mutation ($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    __typename
    ... on RecordActivitySuccess { activity { occurredAt originalOccurredAt } member { enrolledAt } }
    ... on PeriodClosed { code message retryable path }
  }
}
"""


async def shop_with(engine: Engine, client: httpx.AsyncClient, line: str) -> Shop:
    program = PROGRAM.replace(
        "\n[[points]]", f"{line.replace('{', '{{').replace('}', '}}')}\n\n[[points]]", 1
    )
    shop = await open_shop(engine, client, program=program)
    await shop.enrol("ann")
    return shop


async def bought(shop: Shop, at: str, language: str = "en") -> Any:
    wanted = {
        "idempotencyKey": str(new_id()),
        "member": {"externalId": "ann"},
        "kind": "purchase",
        "source": "till",
        "externalId": str(new_id()),
        "occurredAt": at,
        "amount": "10",
    }
    return (await shop.data(RECORD, {"input": wanted}, language=language))["recordActivity"]


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "What happened before 2026-05-15T23:00:00+00:00 is closed."),
        ("zh", "2026-05-15T23:00:00+00:00 之前发生的事已经结账。"),
    ],
)
async def test_a_late_activity_is_refused_in_the_language_asked_for(
    engine: Engine, client: httpx.AsyncClient, language: str, message: str
) -> None:
    shop = await shop_with(engine, client, 'late = { days = 30, then = "refuse" }')
    assert await bought(shop, "2026-05-01T10:00:00Z", language) == {
        "__typename": "PeriodClosed",
        "code": "PERIOD_CLOSED",
        "message": message,
        "retryable": False,
        "path": ["occurredAt"],
    }


async def test_an_activity_that_is_booked_now_shows_when_it_really_happened(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await shop_with(engine, client, 'late = { days = 30, then = "book_now" }')
    late = await bought(shop, "2026-05-01T10:00:00Z")
    assert late["activity"] == {
        "occurredAt": "2026-06-15T12:00:00Z",
        "originalOccurredAt": "2026-05-01T10:00:00Z",
    }
    in_time = await bought(shop, "2026-06-01T10:00:00Z")
    assert in_time["activity"]["originalOccurredAt"] is None


async def test_an_activity_before_joining_moves_joining(engine: Engine, client: httpx.AsyncClient) -> None:
    shop = await shop_with(engine, client, 'earlier = "moves_joining"')
    assert (await bought(shop, "2025-12-01T10:00:00Z"))["member"]["enrolledAt"] == "2025-12-01T10:00:00Z"
