"""What was known of an absorbed member, and for how long it had been one, counts for who goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.services.commands import MembersMerged, Recorded
from loyalty_engine.store.database import Database
from tests.services.merging import MergingShop, check, merging_shop
from tests.services.points_shop import named
from tests.services.shop import HEAD, NOW, START, done, value_of

DAY = timedelta(days=1)
EARLY = datetime(2024, 2, 29, 12, tzinfo=UTC)

PROGRAM = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "RULE"
upgrade = { at = "UPGRADE", until = { months = 1 } }
REVIEW
downgrade = { to = "qualified" }
returns = "from_now"

[[rules]]
id = "score"
rule = "tier_score"
config = { scores = { service = "1" }, thresholds = { silver = 100, gold = 200 } }

[[rules]]
id = "airline"
rule = "tier_partner_status"
config = { key = "sky", statuses = { top = "gold", plus = "silver" } }

[[rules]]
id = "loyal"
rule = "tier_tenure"
config = { unit = "years", thresholds = { silver = 2, gold = 3 } }

[[rules]]
id = "year"
rule = "tier_spend"
config = { window = "anniversary", thresholds = { silver = "100", gold = "200" } }
"""
)


async def shop_of(database: Database, rule: str, *, reviewed: bool = False) -> MergingShop:
    """A shop with ann and bob, whose tiers are by one rule; ``reviewed`` on the first of each month only."""
    program = PROGRAM.replace("RULE", rule).replace("UPGRADE", "review" if reviewed else "activity")
    review = 'review = { every = "month", until = { months = 1 } }'
    shop = await merging_shop(database, program.replace("REVIEW", review if reviewed else ""))
    await shop.enrol("bob")
    return shop


async def note(shop: MergingShop, member: str, kind: str, key: str, value: object, at: datetime) -> None:
    """A dated value."""
    command = value_of(key, value, at, member=named(member), kind=kind, external_id=f"{member} {key} {at}")
    done(await shop.note(command), Recorded)


@pytest.mark.parametrize(
    ("rule", "kind", "key", "low", "high"),
    [("score", "score", "service", 20, "120.5"), ("airline", "partner_status", "sky", "none", "plus")],
)
async def test_of_what_was_said_of_both_the_last_counts(
    app_database: Database, rule: str, kind: str, key: str, low: object, high: object
) -> None:
    shop = await shop_of(app_database, rule, reviewed=True)
    await shop.enrol("ann")
    await shop.enrol("cid")
    await note(shop, "bob", kind, key, low, NOW - 3 * DAY)
    await note(shop, "ann", kind, key, high, NOW - 2 * DAY)
    await note(shop, "cid", kind, key, low, NOW - 4 * DAY)
    done(await shop.merge("ann", "bob"), MembersMerged)
    done(await shop.merge("cid", "bob"), MembersMerged)
    await check(shop)
    await shop.set_clock(NOW + 20 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await note(shop, "bob", kind, key, low, NOW - DAY)
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_a_value_of_the_other_one_claims_with_the_merge(app_database: Database) -> None:
    shop = await shop_of(app_database, "score")
    await shop.enrol("ann")
    await note(shop, "ann", "score", "service", {"value": 150, "until": "2026-06-30"}, NOW - 80 * DAY)
    await shop.set_clock(NOW)
    await shop.advance()
    done(await shop.merge(), MembersMerged)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.set_clock(NOW + 60 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def joined_early(shop: MergingShop) -> None:
    """Ann, who joined long before bob."""
    await shop.enrol("ann", enrolled_at=EARLY)


async def test_who_goes_on_is_a_member_for_as_long_as_the_first_of_both(app_database: Database) -> None:
    shop = await shop_of(app_database, "loyal", reviewed=True)
    await joined_early(shop)
    done(await shop.merge(), MembersMerged)
    await check(shop)
    await shop.set_clock(NOW + 20 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.set_clock(datetime(2027, 3, 2, tzinfo=UTC))
    await shop.advance()
    assert await shop.tier("bob") == "gold"
    await check(shop)


async def test_the_later_joining_changes_nothing(app_database: Database) -> None:
    shop = await shop_of(app_database, "loyal", reviewed=True)
    await joined_early(shop)
    done(await shop.merge("bob", "ann"), MembersMerged)
    await shop.set_clock(NOW + 20 * DAY)
    await shop.advance()
    assert await shop.tier("ann") == "silver"
    await check(shop)


async def test_an_anniversary_of_the_first_of_both_claims_by_itself(app_database: Database) -> None:
    shop = await shop_of(app_database, "loyal")
    await joined_early(shop)
    await shop.enrol("cid")
    done(await shop.merge("ann", "bob"), MembersMerged)
    assert await shop.tier("bob") == "silver"
    done(await shop.merge("bob", "cid"), MembersMerged)
    await check(shop)
    await shop.set_clock(datetime(2027, 3, 1, tzinfo=UTC))
    await shop.advance()
    assert await shop.tier("cid") == "gold"
    await check(shop)


async def test_years_of_membership_are_those_of_the_first_of_both_from_the_merge_on(
    app_database: Database,
) -> None:
    shop = await shop_of(app_database, "year")
    await joined_early(shop)
    await shop.buy(120, START + DAY, member="bob")
    assert await shop.tier("bob") == "silver"
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + 40 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "basic"  # what was bought in January was in the year before
    await shop.buy(60, NOW - DAY, member="bob")
    await shop.buy(60, NOW + 40 * DAY, member="bob")
    assert await shop.tier("bob") == "silver"
    await check(shop)
    rulings = "SELECT ruling ->> 'joined_on' FROM standing JOIN member m USING (business_id, member_id)"
    found: list[Any] = await shop.rows(rulings + " WHERE m.external_id = 'bob' ORDER BY effective_at")
    assert (found[1], found[-1]) == ((None,), (date(2024, 2, 29).isoformat(),))


async def test_a_status_that_came_claims_until_it_holds_no_more(app_database: Database) -> None:
    program = PROGRAM.replace("RULE", "airline").replace("UPGRADE", "activity").replace("REVIEW", "")
    program = program.replace("until = { months = 1 }", 'until = "opinion"')
    shop = await merging_shop(app_database, program)
    await shop.enrol("ann")
    await shop.enrol("bob")
    status = {"value": "top", "until": "2026-06-30"}
    await note(shop, "ann", "partner_status", "sky", status, NOW - 2 * DAY)
    done(await shop.merge(), MembersMerged)
    ends = "SELECT until_at FROM current_standing JOIN member m USING (business_id, member_id)"
    until = datetime(2026, 6, 29, 22, tzinfo=UTC)
    assert await shop.value(ends + " WHERE m.external_id = 'bob'") == until
    await check(shop)
    await shop.set_clock(until)
    await shop.advance()
    assert await shop.tier("bob") == "basic"
    await check(shop)
