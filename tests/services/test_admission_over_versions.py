"""Applications and terms that go on while a version gives their tiers other names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.services.programs import Published, publish_program, show_programs
from loyalty_engine.store.database import Database
from tests.services.admission import applied, chamber, close, decided, example, stands, tally, voted
from tests.services.by_hand import assert_verified, set_by_hand
from tests.services.points_shop import named
from tests.services.shop import Shop, done
from tests.services.test_merges_of_memberships import merge

OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)
CLOSES = datetime(2026, 6, 15, 22, tzinfo=UTC)
SWAPPED = {"member": "board", "board": "member"}
YEAR_BEGUN = datetime(2026, 1, 31, 18, tzinfo=UTC)
YEAR_ENDS = datetime(2027, 1, 31, 6, tzinfo=UTC)


async def renamed(shop: Shop, ladder: str, tier: str, to: str, is_folded: bool = True) -> None:
    """Publish the shop's program with another name of a tier, in the file and in the plan."""
    first = max(await show_programs(shop.engine, shop.caller), key=lambda each: each.version)
    source = re.sub(rf'(?<!key = )"{tier}"', f'"{to}"', first.source).replace(
        f'{{ key = "{tier}", ', f'{{ key = "{to}", '
    )
    plan = plan_of({"ladders": {ladder: {"tiers": {tier: to}}}})
    done(await publish_program(shop.engine, shop.caller, source, None, plan), Published)
    if is_folded:
        await shop.advance()


async def test_whoever_applied_before_is_admitted_to_the_tier_under_its_name_of_now(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await shop.set_clock(OPENED + timedelta(minutes=1))
    await renamed(shop, "membership", "member", "fellow")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, "in_favour", "in_favour", "in_favour")
    await shop.set_clock(CLOSES)
    assert await close(shop) == 1
    assert await stands(shop, application) == ("open", "sign")
    await decided(shop, application, "sign")
    assert await shop.tier(ladder="membership") == "fellow"
    await assert_verified(shop)


async def test_a_term_is_renewed_whatever_its_tier_is_called_by_then(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", YEAR_BEGUN)
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", paid="139")
    await shop.set_clock(YEAR_ENDS - timedelta(days=100))
    await renamed(shop, "prime", "prime", "plus")
    await shop.set_clock(YEAR_ENDS - timedelta(days=40))
    await decided(shop, await applied(shop, "subscription"), "pay", paid="119")
    assert await shop.rows("SELECT kind FROM application ORDER BY opened_at") == [("entry",), ("renewal",)]
    await shop.set_clock(YEAR_ENDS + timedelta(days=364))
    await shop.advance()
    assert await shop.tier(ladder="prime") == "plus"
    await assert_verified(shop)
    await shop.set_clock(YEAR_ENDS + timedelta(days=365))
    await shop.advance()
    assert await shop.tier(ladder="prime") == "free"
    await assert_verified(shop)


async def test_a_term_that_a_merge_brought_is_renewed_under_another_name(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", YEAR_BEGUN)
    await shop.enrol("ann")
    await shop.enrol("bob")
    await decided(shop, await applied(shop, "subscription"), "pay", paid="139")
    await shop.set_clock(YEAR_BEGUN + timedelta(days=10))
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await shop.set_clock(YEAR_ENDS - timedelta(days=100))
    await renamed(shop, "prime", "prime", "plus")
    assert await shop.tier("bob", "prime") == "plus"
    await assert_verified(shop)
    await shop.set_clock(YEAR_ENDS - timedelta(days=40))
    await decided(shop, await applied(shop, "subscription", "bob"), "pay", paid="119")
    assert await shop.rows("SELECT kind FROM application ORDER BY opened_at") == [("entry",), ("renewal",)]
    await shop.set_clock(YEAR_ENDS + timedelta(days=300))
    await shop.advance()
    assert await shop.tier("bob", "prime") == "plus"
    await assert_verified(shop)


async def test_members_whom_no_worker_has_reached_since_their_tier_got_another_name_may_vote(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review")
    for number, (name, to) in enumerate((("member", "fellow"), ("fellow", "peer"))):
        await shop.set_clock(OPENED + timedelta(minutes=1 + number))
        await renamed(shop, "membership", name, to, is_folded=False)
        await shop.buy(
            10, OPENED + timedelta(minutes=1 + number), member=f"m{number}", external_id=f"p{number}"
        )
    assert await shop.tier("m3", "membership") == "member"
    await decided(shop, application, "inspect")
    await voted(shop, application, "in_favour", "in_favour", "in_favour", "against")
    await shop.set_clock(CLOSES)
    assert await close(shop) == 1
    assert (await tally(shop, application)) == (4, 3, 1, 0, "carried")
    await shop.advance()
    await assert_verified(shop)


async def test_who_stands_on_a_tier_that_had_the_name_of_another_one_before_votes_by_its_own(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED, electorate='["board"]')
    at: dict[str, Any] = {"ladder": "membership", "member": named("m3"), "occurred_at": OPENED}
    await set_by_hand(shop, "board", **at)
    application = await applied(shop, "admission")
    await decided(shop, application, "review")
    await shop.set_clock(OPENED + timedelta(minutes=1))
    (first,) = await show_programs(shop.engine, shop.caller)
    swapped = re.sub(r'"(member|board)"', lambda found: f'"{SWAPPED[found[1]]}"', first.source)
    plan = plan_of({"ladders": {"membership": {"tiers": SWAPPED}}})
    done(await publish_program(shop.engine, shop.caller, swapped, None, plan), Published)
    await shop.buy(10, OPENED + timedelta(minutes=1), member="m0")  # stands on what is called board by now
    await decided(shop, application, "inspect")
    query = "SELECT external_id FROM application_elector JOIN member USING (business_id, member_id)"
    assert await shop.rows(query) == [("m3",)]
    await shop.advance()
    await assert_verified(shop)
