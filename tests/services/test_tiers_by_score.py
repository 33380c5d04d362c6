"""Tiers by scores, tenure and a partner's status in a business: what is stored is what a whole fold gives."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.commands import MemberBy, Recorded, RecordFact
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import HEAD, START, Shop, done, new_shop, refused

DAY = timedelta(days=1)
PROGRAM = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "score"
upgrade = { at = "activity", until = { months = 3 } }
downgrade = { to = "qualified" }
returns = "from_now"

[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }, { key = "patron" }]
combine = { op = "any_of", of = ["loyal", "airline"] }
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "qualified" }
returns = "never"

[[rules]]
id = "score"
rule = "tier_score"

[rules.config]
measures = [
    { key = "best", weight = 1, of = "amount", take = "largest", window = { rolling_days = 60 } },
    { key = "latest", weight = 1, of = { attribute = "stars" }, take = "last", window = "lifetime" },
    { key = "web", weight = "0.1", of = "amount", window = "lifetime", attributes = { app = ["true"] } },
]
scores = { service = "2" }
thresholds = { silver = 100, gold = 200 }

[[rules]]
id = "loyal"
rule = "tier_tenure"
config = { unit = "months", thresholds = { friend = 1 } }

[[rules]]
id = "airline"
rule = "tier_partner_status"
config = { key = "sky", statuses = { top = "patron" } }
"""
)


async def note(shop: Shop, at: datetime, kind: str, key: str, value: object) -> None:
    done(await shop.note(noted(at, kind, key, value)), Recorded)


def noted(at: datetime, kind: str, key: str, value: object) -> RecordFact:
    return RecordFact(
        MemberBy(external_id="ann"),
        kind=kind,
        key=key,
        value=value,
        source="crm",
        external_id=f"{kind} {key} {at}",
        occurred_at=at,
    )


@pytest.mark.parametrize("value", ["80.0000001", "1234567890123456", ".5", "80.", "-0.1.2", {"value": "1."}])
async def test_a_score_that_looks_like_a_number_must_be_one_that_rules_read(
    app_database: Database, value: object
) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await shop.enrol()
    command = noted(START + DAY, "score", "service", value)
    refused(await shop.note(command), RefusalCode.INVALID_INPUT, "value")
    for text in ("A+", "+12.5", "80.000001"):
        await note(shop, START + DAY, "score", text, text)


async def test_scores_of_the_largest_the_last_an_attribute_and_from_outside(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    await shop.enrol()
    await shop.buy(90, START + DAY, external_id="large", attributes={"stars": 5, "app": True})
    assert await shop.tier() == "silver"  # 90 + 5 + 9
    await shop.buy(80, START + 2 * DAY, attributes={"stars": 4})
    await note(shop, START + 3 * DAY, "score", "service", "53.5")
    assert await shop.tier() == "gold"  # 90 + 4 + 9 + 107 are 210
    assert await broken(shop) == {}
    await shop.give_back("large", at=START + 4 * DAY)
    assert await shop.tier() == "silver"  # 80 + 4 + 0 + 107 are 191
    await note(shop, START + DAY, "score", "service", {"value": 1, "until": "2026-01-07"})
    assert await shop.tier() == "silver"
    assert await broken(shop) == {}


async def test_an_anniversary_and_a_status_claim_by_themselves(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM, clock_at=START + DAY)
    await shop.enrol()
    assert await shop.tier(ladder="club") == "guest"
    await shop.set_clock(START + 40 * DAY)
    assert await shop.advance() == 1
    assert await shop.tier(ladder="club") == "friend"
    await note(shop, START + 39 * DAY, "partner_status", "sky", "top")
    assert await shop.tier(ladder="club") == "patron"
    assert await broken(shop) == {}
    await note(shop, START + 20 * DAY, "partner_status", "sky", "top")
    assert await shop.tier(ladder="club") == "patron"
    assert await broken(shop) == {}
