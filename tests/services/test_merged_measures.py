"""What an absorbed member did counts in every kind of measure, and so does what is returned of it later."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.store.database import Database
from tests.services.merging import POINTS, MergingShop, check, merging_shop, with_two
from tests.services.shop import HEAD, NOW, START, done, lines

DAY = timedelta(days=1)
NEW_YEAR = datetime.fromisoformat("2027-01-02T12:00:00+00:00")

PROGRAM = (
    HEAD
    + POINTS
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "score"
upgrade = { at = "review", until = { end_of = "year" } }
review = { every = "year", until = { end_of = "year" } }
cycle = { months = 24, restart = [] }
downgrade = { to = "qualified" }
returns = "RETURNS"

[[rules]]
id = "score"
rule = "tier_score"
config = { KIND = [{ key = "m", weight = WEIGHT, PART }], thresholds = { silver = 100, gold = 1000 } }
"""
)
"""Nobody has a claim before the review at the end of the year, so that figures alone decide there."""

LIFETIME = 'window = "lifetime"'
PARTS: dict[str, tuple[str, str, Any]] = {
    "amounts": ("measures", f'of = "amount", {LIFETIME}', {}),
    "amounts gross": ("measures", f'of = "amount", net = false, {LIFETIME}', {}),
    "amounts of a category": (
        "measures",
        f'of = "amount", categories = ["tea"], {LIFETIME}',
        {"lines": lines(("1", 150, "tea"))},
    ),
    "amounts with an attribute": (
        "measures",
        f'of = "amount", attributes = {{ app = ["true"] }}, {LIFETIME}',
        {"attributes": {"app": True}},
    ),
    "amounts in a channel": (
        "measures",
        f'of = "amount", channels = ["web"], {LIFETIME}',
        {"channel": "web"},
    ),
    "amounts of a cycle": ("measures", 'of = "amount", window = "cycle"', {}),
    "amounts of the year": ("measures", 'of = "amount", window = { calendar = "year" }', {}),
    "the largest amount": ("measures", f'of = "amount", take = "largest", {LIFETIME}', {}),
    "the largest amount of a cycle": ("measures", 'of = "amount", take = "largest", window = "cycle"', {}),
    "the last amount": ("measures", f'of = "amount", take = "last", {LIFETIME}', {}),
    "units": ("measures", f'of = "units", {LIFETIME}', {"units": Decimal(150)}),
    "a number": ("measures", f'of = {{ attribute = "stars" }}, {LIFETIME}', {"attributes": {"stars": 150}}),
    "points": ("points", f'currency = "points", {LIFETIME}', {}),
    "points of a rule": ("points", f'currency = "points", rules = ["earn"], {LIFETIME}', {}),
    "points gross": ("points", f'currency = "points", net = false, {LIFETIME}', {}),
    "points of a cycle": ("points", 'currency = "points", window = "cycle"', {}),
}


async def two(
    database: Database, name: str, returns: str = "at_review"
) -> tuple[MergingShop, dict[str, Any]]:
    """A shop whose tiers are by one measure, and what a purchase of 150 has besides to count in it."""
    kind, part, given = PARTS[name]
    program = PROGRAM.replace("KIND", kind).replace("PART", part).replace("RETURNS", returns)
    return await with_two(await merging_shop(database, program.replace("WEIGHT", "1"))), given


@pytest.mark.parametrize("name", PARTS)
async def test_what_the_other_one_did_counts(app_database: Database, name: str) -> None:
    shop, given = await two(app_database, name)
    await shop.buy(150, START + 9 * DAY, **given)
    await shop.buy(20, START + 2 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await check(shop)
    await shop.set_clock(NEW_YEAR)
    await shop.advance()
    assert await shop.tier("bob") == "silver"
    await check(shop)


@pytest.mark.parametrize("of", ['"activities"', '"local_days"'])
async def test_activities_and_days_of_both_are_counted_a_day_once(app_database: Database, of: str) -> None:
    program = PROGRAM.replace("KIND", "measures").replace("RETURNS", "at_review").replace("WEIGHT", "40")
    program = program.replace("PART", f"of = {of}, {LIFETIME}")
    shop = await with_two(await merging_shop(app_database, program))
    await shop.buy(1, START + DAY)
    await shop.buy(1, START + DAY, member="bob")
    await shop.buy(1, START + 2 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NEW_YEAR)
    await shop.advance()
    assert await shop.tier("bob") == ("silver" if of == '"activities"' else "basic")
    await check(shop)


@pytest.mark.parametrize("returns", ["at_review", "from_now", "undo", "never"])
@pytest.mark.parametrize(
    "name", ["the largest amount", "the last amount", "points", "points of a cycle", "amounts of a cycle"]
)
@pytest.mark.parametrize("merged_first", [True, False], ids=["after the merge", "before it"])
async def test_what_is_returned_of_it_counts_no_more(
    app_database: Database, name: str, returns: str, merged_first: bool
) -> None:
    shop, given = await two(app_database, name, returns)
    await shop.buy(150, START + 9 * DAY, external_id="a1", **given)
    await shop.buy(20, START + 2 * DAY, member="bob")
    if merged_first:
        done(await shop.merge(), MembersMerged)
    await shop.give_back("a1", 80, at=NOW)
    if not merged_first:
        done(await shop.merge(), MembersMerged)
    await check(shop)
    await shop.set_clock(NEW_YEAR)
    await shop.advance()
    assert await shop.tier("bob") == ("silver" if returns == "never" else "basic")
    await check(shop)


async def test_the_last_is_the_last_of_both(app_database: Database) -> None:
    shop, _ = await two(app_database, "the last amount")
    await shop.buy(150, START + 2 * DAY)
    await shop.buy(20, START + 9 * DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NEW_YEAR)
    await shop.advance()
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_points_that_expired_before_the_merge_were_earned_until_they_are_returned(
    app_database: Database,
) -> None:
    shop, _ = await two(app_database, "points")
    program_end = START + 400 * DAY
    await shop.buy(150, START + DAY, external_id="a1")
    await shop.set_clock(program_end)
    await shop.advance()
    assert (await shop.balance(), await shop.tier()) == (0, "silver")
    done(await shop.merge(), MembersMerged)
    await shop.give_back("a1", at=program_end)
    assert await shop.balance("bob") == 0
    await check(shop)
    await shop.set_clock(START + 800 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_claims_of_before_the_merge_do_not_rest_on_what_the_other_one_had_bought_by_then(
    app_database: Database,
) -> None:
    source = PROGRAM.replace("KIND", "measures").replace("RETURNS", "from_now").replace("WEIGHT", "1")
    source = source.replace("PART", f'of = "amount", take = "largest", {LIFETIME}')
    source = source.replace(
        'at = "review", until = { end_of = "year" }', 'at = "activity", until = "lifetime"'
    )
    shop = await with_two(await merging_shop(app_database, source))
    await shop.buy(120, START + DAY, external_id="a1")
    await shop.buy(110, START + 2 * DAY, external_id="b1", member="bob")
    done(await shop.merge(), MembersMerged)
    await check(shop)
    await shop.set_clock(NOW + DAY)
    await shop.give_back("b1", at=NOW + DAY)
    withdrawn = "SELECT from_at FROM claim JOIN member USING (business_id, member_id) WHERE ended"
    withdrawn = withdrawn.replace("ended", "external_id = 'bob' AND withdrawn_effect_id IS NOT NULL")
    assert await shop.rows(withdrawn) == [(START + 2 * DAY,)]
    assert await shop.tier("bob") == "silver"
    await check(shop)


async def test_what_the_other_one_did_before_a_cycle_is_not_in_it(app_database: Database) -> None:
    program = PROGRAM.replace("KIND", "measures").replace("RETURNS", "from_now").replace("WEIGHT", "1")
    program = program.replace("PART", 'of = "amount", window = "cycle"').replace("months = 24", "months = 3")
    program = program.replace('review = { every = "year"', 'review = { every = "cycle"')
    shop = await with_two(await merging_shop(app_database, program))
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(90, NOW - 30 * DAY, external_id="a2")
    await shop.buy(20, NOW - DAY, member="bob")
    done(await shop.merge(), MembersMerged)
    await check(shop)
    await shop.set_clock(NOW + 30 * DAY)
    await shop.advance()
    assert await shop.tier("bob") == "silver"
    ruling = (
        "SELECT ruling -> 'figures' ->> 'score.m' FROM standing JOIN member m USING (business_id, member_id)"
    )
    last = " WHERE m.external_id = 'bob' ORDER BY effective_at DESC LIMIT 1"
    assert await shop.value(ruling + last) == "110.0000"
    await shop.give_back("a1", at=NOW + 30 * DAY)
    assert await shop.tier("bob") == "silver"
    await check(shop)
    await shop.give_back("a2", at=NOW + 30 * DAY)
    assert await shop.tier("bob") == "basic"
    await check(shop)


async def test_a_return_of_what_the_other_one_had_bought_lowers_no_claim_of_before_the_merge(
    app_database: Database,
) -> None:
    source = PROGRAM.replace("KIND", "measures").replace("RETURNS", "from_now").replace("WEIGHT", "1")
    source = source.replace("PART", f'of = "amount", {LIFETIME}')
    source = source.replace(
        'at = "review", until = { end_of = "year" }', 'at = "activity", until = "lifetime"'
    )
    shop = await with_two(await merging_shop(app_database, source))
    await shop.buy(60, START + DAY, external_id="a1")
    await shop.buy(110, START + 2 * DAY, external_id="b1", member="bob")
    done(await shop.merge(), MembersMerged)
    await shop.set_clock(NOW + DAY)
    await shop.give_back("a1", at=NOW + DAY)
    assert await shop.value("SELECT count(*) FROM claim WHERE withdrawn_effect_id IS NOT NULL") == 0
    await check(shop)
    await shop.give_back("b1", 20, at=NOW + DAY)
    assert await shop.tier("bob") == "basic"
    await check(shop)
