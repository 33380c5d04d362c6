"""Standings set by hand, through the services: stored, late, refused, verified."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.services import RefusalCode, reverse_activity
from loyalty_engine.services.commands import ActivityBy, MemberBy, ReverseActivity
from loyalty_engine.store.database import Database
from tests.rating.histories import picture
from tests.services.by_hand import assert_verified, send_standing, set_by_hand, setting
from tests.services.shop import NOW, PROGRAM, START, Shop, new_shop, refused


async def desk(database: Database, program: str = PROGRAM) -> Shop:
    """A shop with a member, on a sandbox's clock."""
    shop = await new_shop(database, program)
    await shop.enrol("ann")
    return shop


async def claims(shop: Shop) -> list[tuple[Any, ...]]:
    """The claims that stand: tier, end, origin, locked."""
    return await shop.rows(
        "SELECT tier, until_at, origin, locked FROM claim WHERE withdrawn_effect_id IS NULL ORDER BY claim_id"
    )


async def test_what_is_set_by_hand_is_a_claim_until_00_00_of_a_day(app_database: Database) -> None:
    shop = await desk(app_database)
    await set_by_hand(shop, until=date(2026, 7, 1))
    assert await shop.tier() == "gold"
    assert await claims(shop) == [("gold", datetime(2026, 6, 30, 22, tzinfo=UTC), "override", False)]
    kept = await shop.rows("SELECT kind, reason, attributes ->> 'tier' FROM fact WHERE kind = 'override'")
    assert kept == [("override", "goodwill", "gold")]
    await shop.set_clock(datetime(2026, 6, 30, 21, 59, tzinfo=UTC))
    assert await shop.advance() == 0
    await shop.set_clock(datetime(2026, 6, 30, 22, tzinfo=UTC))
    assert await shop.advance() == 1
    assert await shop.tier() == "basic"
    await assert_verified(shop)


async def test_a_lock_lowers_while_it_lasts_whatever_is_bought(app_database: Database) -> None:
    shop = await desk(app_database)
    await shop.buy(600)
    await set_by_hand(shop, "basic", locked=True, until=date(2026, 8, 1))
    assert await shop.tier() == "basic"
    await shop.buy(900, NOW)
    assert await shop.tier() == "basic"
    await assert_verified(shop)
    await shop.set_clock(datetime(2026, 8, 2, tzinfo=UTC))
    await shop.advance()
    assert await shop.tier() == "gold"
    await assert_verified(shop)


async def test_what_is_set_late_folds_the_member_again_as_if_it_had_been_there(
    app_database: Database,
) -> None:
    at = START + timedelta(days=10)
    in_time, late = await desk(app_database), await desk(app_database)
    lock: dict[str, Any] = {"locked": True, "until": date(2026, 5, 1), "external_id": "the-lock"}
    bought: dict[str, Any] = {"at": at + timedelta(days=3), "external_id": "the-purchase"}
    await set_by_hand(in_time, "silver", at, **lock)
    await in_time.buy(600, **bought)
    await late.buy(600, **bought)
    assert await late.tier() == "gold"
    await set_by_hand(late, "silver", at, **lock)
    for shop in (in_time, late):
        await shop.advance()
        assert await shop.tier() == "gold"
        await assert_verified(shop)
    states = [picture((await shop.states())["ann"]) for shop in (in_time, late)]
    assert states[0] == states[1]
    effect = "SELECT from_tier, to_tier, effective_at FROM standing WHERE withdrawn_effect_id IS NULL"
    assert sorted(await in_time.rows(effect), key=str) == sorted(await late.rows(effect), key=str)


async def test_without_a_tier_what_was_set_by_hand_ends_and_rules_decide(app_database: Database) -> None:
    shop = await desk(app_database)
    await shop.buy(150)
    await set_by_hand(shop, locked=True)
    await set_by_hand(shop, None)
    assert await shop.tier() == "silver"
    assert [origin for _, _, origin, _ in await claims(shop)] == ["rules"]
    await assert_verified(shop)


MATCH: dict[str, Any] = {
    "origin": "match",
    "until": date(2026, 12, 1),
    "evidence": {"programme": "Other Club", "tier": "Gold"},
}


async def test_a_status_elsewhere_is_matched_once_on_a_ladder(app_database: Database) -> None:
    shop = await desk(app_database)
    first = await set_by_hand(shop, **MATCH)
    again = refused(await send_standing(shop, setting(**MATCH)), RefusalCode.ALREADY_EXISTS, "origin")
    assert again.existing_id == first.fact_id
    await set_by_hand(shop, None, origin="match")
    assert await shop.tier() == "basic"
    refused(await send_standing(shop, setting(**MATCH)), RefusalCode.ALREADY_EXISTS, "origin")
    await shop.enrol("bob")
    await set_by_hand(shop, member=MemberBy(external_id="bob"), **MATCH)
    assert await shop.tier("bob") == "gold"
    await assert_verified(shop)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"ladder": "ladder"}, "ladder"),
        ({"tier": "platinum"}, "tier"),
        ({"tier": "basic"}, "tier"),
        ({"tier": None, "locked": True}, "tier"),
        ({"until": date(2026, 6, 15)}, "until"),
        ({"until": date(3000, 1, 1)}, "until"),
        ({"reason": " "}, "reason"),
        ({"origin": "rules"}, "origin"),
        ({**MATCH, "until": None}, "until"),
        ({**MATCH, "evidence": None}, "evidence"),
        ({**MATCH, "evidence": {}}, "evidence"),
        ({"occurred_at": START - timedelta(days=1)}, "occurredAt"),
        ({"occurred_at": NOW + timedelta(days=1)}, "occurredAt"),
    ],
)
async def test_what_cannot_be_claimed_is_refused_and_writes_nothing(
    app_database: Database, wrong: dict[str, Any], path: str
) -> None:
    shop = await desk(app_database)
    before = await shop.row_counts()
    refused(await send_standing(shop, setting(**wrong)), RefusalCode.INVALID_INPUT, path)
    assert await shop.row_counts() == before


async def test_the_same_natural_key_under_another_key_is_refused_with_the_first_ones_id(
    app_database: Database,
) -> None:
    shop = await desk(app_database)
    first = await set_by_hand(shop, external_id="one")
    answer = await send_standing(shop, setting("silver", external_id="one"))
    assert refused(answer, RefusalCode.ALREADY_EXISTS).existing_id == first.fact_id


async def test_what_was_set_by_hand_is_not_returned(app_database: Database) -> None:
    shop = await desk(app_database)
    made = await set_by_hand(shop)
    back = ReverseActivity(ActivityBy(id=made.fact_id), "desk", "back", NOW)
    answer = await reverse_activity(shop.engine, shop.caller, shop.key(), back)
    refused(answer, RefusalCode.INVALID_INPUT, "activity")


async def test_what_comes_too_late_for_its_own_instant_is_booked_now(app_database: Database) -> None:
    late = 'currency = "EUR"\nlate = { days = 30, then = "book_now" }'
    shop = await desk(app_database, PROGRAM.replace('currency = "EUR"', late, 1))
    await set_by_hand(shop, at=START, until=date(2026, 7, 1))
    ((at, original),) = await shop.rows(
        "SELECT occurred_at, original_effective_at FROM fact WHERE kind = 'override'"
    )
    assert (at, original) == (NOW, START)
    await assert_verified(shop)
