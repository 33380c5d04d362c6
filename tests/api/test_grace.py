"""Grace, as it is shown."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from loyalty_engine.services.engine import Engine
from tests.api.shop import PROGRAM, open_shop

GRACIOUS = PROGRAM.replace('to = "one_step"', 'to = "one_step", grace_days = 10').replace(
    'until = {{ end_of = "year", plus_months = 12 }}', 'until = {{ end_of = "year" }}'
)
SHOWN = """
{ member(by: {externalId: "anna"}) { standing {
    tier { key } until claims { origin reason cause { kind } }
} } }
"""


async def test_a_claim_prolonged_by_grace_says_so(engine: Engine, client: httpx.AsyncClient) -> None:
    shop = await open_shop(engine, client, program=GRACIOUS, clock_at=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.enrol("anna", enrolledAt="2020-01-01T00:00:00Z")
    await shop.buy("anna", "1200", at="2020-01-01T00:00:00Z")
    await shop.data(
        'mutation { setClock(input: {idempotencyKey: "k", now: "2022-01-02T00:00:00Z"}) { __typename } }'
    )
    await shop.pass_time(datetime(2022, 1, 2, tzinfo=UTC))
    standing = (await shop.data(SHOWN))["member"]["standing"]
    assert (standing["tier"]["key"], standing["until"]) == ("silver", "2022-01-11T00:00:00Z")
    assert standing["claims"] == [{"origin": "GRACE", "reason": None, "cause": {"kind": "BOUNDARY"}}]
