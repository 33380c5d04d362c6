"""Members who leave: what becomes of their points and tiers, and what is still taken afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import (
    Refusal,
    RefusalCode,
    erase_member,
    merge_members,
    pause_member,
    resume_member,
)
from loyalty_engine.services.commands import (
    ActivityBy,
    Adjusted,
    Erased,
    EraseMember,
    MembersMerged,
    MergeMembers,
    Recorded,
    ReverseActivity,
)
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from loyalty_engine.store.reads.standings import tier_counts
from loyalty_engine.store.reads.view import View
from tests.services.by_hand import send_standing, set_by_hand, setting
from tests.services.leaving import accounts, ask_to_leave, assert_sound, claimed, leave
from tests.services.points_shop import PointsShop, named, points_shop
from tests.services.shop import (
    NOW,
    PROGRAM,
    START,
    Shop,
    done,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

ANN = named("ann")
BEFORE = NOW - timedelta(days=1)


@pytest.fixture
async def shop(app_database: Database) -> PointsShop:
    """Ann is gold by 600, which earned her as many points; Bob has none."""
    plain = await new_shop(app_database)
    await plain.enrol()
    await plain.enrol("bob")
    await plain.buy(600, BEFORE, external_id="p1")
    return PointsShop(plain.engine, plain.caller, plain.slug, plain._numbers)


async def test_what_is_left_of_points_is_forfeited_at_that_instant(shop: PointsShop) -> None:
    assert await accounts(shop) == {"wallet": 600}
    left = await leave(shop)
    assert await accounts(shop) == {}
    query = "SELECT effective_at, value FROM effect WHERE slot LIKE '%/expired'"
    assert await shop.rows(query) == [(NOW, 600)]
    assert await shop.value("SELECT code FROM transfer ORDER BY transfer_id DESC LIMIT 1") == "expire"
    kept = await shop.rows("SELECT kind, reason, occurred_at FROM fact WHERE fact_id = $1", left.fact_id)
    assert kept == [("closing", "asked to", NOW)]
    assert await shop.rows("SELECT remaining, expired FROM lot") == [(0, 600)]
    await assert_sound(shop)


async def test_points_that_are_pending_are_forfeited_too(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\npending = { days = 30 }')
    await shop.enrol()
    await shop.buy(50, BEFORE, external_id="p1")
    assert await accounts(shop) == {"pending": 50}
    await leave(shop)
    assert await accounts(shop) == {}
    refused(await shop.confirm("p1", NOW), RefusalCode.MEMBER_BLOCKED, "activity")
    await shop.set_clock(NOW + timedelta(days=60))
    assert await shop.advance() == 0
    await assert_sound(shop)


async def test_open_holds_are_given_back_and_forfeited_with_the_rest(shop: PointsShop) -> None:
    hold = done(await shop.hold(200), Recorded).fact_id
    await leave(shop)
    assert await accounts(shop) == {}
    assert await shop.rows("SELECT state, captured, closed_at FROM hold") == [("voided", 0, NOW + TICK)]
    refused(await shop.capture(hold), RefusalCode.HOLD_CLOSED, "hold")
    refused(await shop.void(hold), RefusalCode.HOLD_CLOSED, "hold")
    await assert_sound(shop)


TICK = timedelta(microseconds=1)
"""What is decided happens behind all that happened."""


async def test_claims_end_and_the_base_tier_is_held_for_good(shop: PointsShop) -> None:
    await set_by_hand(shop, "silver", locked=True)
    left = await leave(shop)
    assert await claimed(shop) == []
    query = """
        SELECT s.from_tier, s.to_tier, s.ruling ->> 'by_hand' FROM standing s
        JOIN effect e ON e.business_id = s.business_id AND e.effect_id = s.effect_id WHERE e.activity_id = $1
        """
    assert await shop.rows(query, left.fact_id) == [("silver", "basic", "closing")]
    query = "SELECT tier, until_at, next_review_at FROM current_standing JOIN member USING (member_id)"
    assert await shop.rows(f"{query} WHERE external_id = 'ann'") == [("basic", None, None)]
    await shop.set_clock(NOW + timedelta(days=900))
    await shop.advance()
    assert await shop.rows("SELECT folded_until, next_boundary_at FROM member WHERE external_id = 'ann'") == [
        (NOW + TICK, None)
    ]
    await assert_sound(shop)


async def test_it_is_told_once_and_the_status_says_so(shop: PointsShop) -> None:
    await leave(shop)
    query = "SELECT status, closed_at FROM member WHERE external_id = 'ann'"
    assert await shop.rows(query) == [("closed", NOW)]
    await shop.give_back("p1", 100, NOW)
    told = "SELECT type FROM outbox WHERE type LIKE 'member.%'"
    assert await shop.rows(told) == [("member.closed",)]


Wanted = Callable[[PointsShop], Awaitable[object]]


async def _merged(shop: PointsShop, absorbed: str, survivor: str) -> MembersMerged | Refusal:
    command = MergeMembers(named(absorbed), named(survivor))
    return await merge_members(shop.engine, shop.caller, shop.key(), command)


WANTED: dict[str, tuple[str, Wanted]] = {
    "a purchase": ("member", lambda shop: shop.send(purchase(10, NOW))),
    "a purchase before that arrives late": ("member", lambda shop: shop.send(purchase(10, BEFORE))),
    "an unlinked return": ("member", lambda shop: shop.send(purchase(-10, NOW, kind="return"))),
    "a redemption that was reported": ("member", lambda shop: shop.redeem(10, BEFORE)),
    "a dated value": ("member", lambda shop: shop.note(value_of("vip", True, NOW))),
    "a hold": ("member", lambda shop: shop.hold(1)),
    "points sent": ("sender", lambda shop: shop.transfer(1)),
    "points received": ("receiver", lambda shop: shop.transfer(1, sender="bob", receiver="ann")),
    "points added": ("member", lambda shop: shop.adjust(1)),
    "points taken away": ("member", lambda shop: shop.adjust(-1)),
    "points as payment": ("member", lambda shop: shop.pay(points=Decimal(1))),
    "a standing set by hand": ("member", lambda shop: send_standing(shop, setting("gold"))),
    "a pause": (
        "member",
        lambda shop: pause_member(shop.engine, shop.caller, shop.key(), PauseMember(ANN, "abroad")),
    ),
    "the end of a pause": (
        "member",
        lambda shop: resume_member(shop.engine, shop.caller, shop.key(), ResumeMember(ANN)),
    ),
    "a merge into another": ("absorbed", lambda shop: _merged(shop, "ann", "bob")),
    "a merge of another": ("survivor", lambda shop: _merged(shop, "bob", "ann")),
    "leaving again": ("member", ask_to_leave),
}


@pytest.mark.parametrize("what", WANTED)
async def test_nothing_is_added_any_more(shop: PointsShop, what: str) -> None:
    path, wanted = WANTED[what]
    await leave(shop)
    rows = await shop.row_counts()
    refusal = refused(await wanted(shop), RefusalCode.MEMBER_BLOCKED, path)
    assert (refusal.word, refusal.retryable) == ("member-closed", False)
    assert await shop.row_counts() == rows


async def test_of_a_batch_only_her_items_are_refused_and_what_is_known_is_replayed(shop: PointsShop) -> None:
    known = purchase(600, BEFORE, external_id="p1")
    await leave(shop)
    hers, bobs, again = await shop.send_batch([purchase(10, NOW), purchase(10, NOW, member="bob"), known])
    refused(hers, RefusalCode.MEMBER_BLOCKED, "member")
    assert not done(bobs, Recorded).replayed
    assert done(again, Recorded).replayed


async def test_an_adjustment_that_waits_can_be_declined_alone(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\napproval_above = "5"')
    await shop.enrol()
    waiting = done(await shop.adjust(10), Adjusted).adjustment_id
    await leave(shop)
    other = replace(shop.caller, credential_id=await shop.credential())
    refused(await shop.decide(waiting, caller=other), RefusalCode.MEMBER_BLOCKED, "adjustment")
    done(await shop.decide(waiting, approve=False, caller=other), Adjusted)
    await assert_sound(shop)


async def test_so_is_one_of_whoever_went_into_her(app_database: Database) -> None:
    shop = await points_shop(app_database, 'expiry = "never"\napproval_above = "5"')
    await shop.enrol()
    await shop.enrol("bob")
    waiting = done(await shop.adjust(10, member="bob"), Adjusted).adjustment_id
    done(await _merged(shop, "bob", "ann"), MembersMerged)
    await leave(shop)
    other = replace(shop.caller, credential_id=await shop.credential())
    refused(await shop.decide(waiting, caller=other), RefusalCode.MEMBER_BLOCKED, "adjustment")
    done(await shop.decide(waiting, approve=False, caller=other), Adjusted)
    await assert_sound(shop)


async def test_what_was_bought_before_and_is_returned_was_never_forfeited(
    shop: PointsShop,
) -> None:
    await leave(shop)
    await shop.set_clock(NOW + timedelta(days=3))
    back = await shop.give_back("p1", at=NOW + timedelta(days=2))
    assert (back.taken, back.debt) == ({"points": Decimal(600)}, {"points": Decimal(0)})
    assert await accounts(shop) == {}
    assert await shop.value("SELECT sum(value)::int FROM effect WHERE slot LIKE '%/expired'") == 0
    assert await shop.tier() == "basic"
    await assert_sound(shop)


async def test_of_what_was_spent_a_return_leaves_a_debt(app_database: Database) -> None:
    shop = await points_shop(app_database)
    await shop.enrol()
    await shop.buy(100, BEFORE, external_id="p1")
    await shop.redeem(70, BEFORE + timedelta(hours=1))
    await leave(shop)
    await shop.set_clock(NOW + timedelta(days=3))
    back = await shop.give_back("p1", at=NOW + timedelta(days=2))
    assert (back.taken, back.debt) == ({"points": Decimal(100)}, {"points": Decimal(70)})
    assert await accounts(shop) == {"debt": -70}
    await assert_sound(shop)


async def test_a_return_of_before_that_comes_late_corrects_what_was_forfeited(shop: PointsShop) -> None:
    await leave(shop)
    await shop.set_clock(NOW + timedelta(days=3))
    await shop.give_back("p1", 450, BEFORE + timedelta(hours=2))
    assert await accounts(shop) == {}
    assert await shop.value("SELECT sum(value)::int FROM effect WHERE slot LIKE '%/expired'") == 150
    query = """
        SELECT t.effective_at, t.reverses_transfer_id IS NOT NULL FROM transfer t
        WHERE t.code = 'expire' ORDER BY t.transfer_id
        """
    assert await shop.rows(query) == [(NOW, False), (NOW, True)]
    tiers = "SELECT from_tier, to_tier FROM standing WHERE withdrawn_effect_id IS NULL AND from_tier <> ''"
    assert await shop.rows(f"{tiers} ORDER BY effective_at") == [("basic", "silver"), ("silver", "basic")]
    await assert_sound(shop)


async def test_what_a_redemption_gives_back_pays_what_is_owed_and_is_forfeited(
    app_database: Database,
) -> None:
    shop = await points_shop(app_database)
    await shop.enrol()
    await shop.buy(100, BEFORE, external_id="p1")
    await shop.redeem(70, BEFORE + timedelta(hours=1), external_id="r1")
    await leave(shop)
    await shop.give_back("p1", 40, NOW)
    assert await accounts(shop) == {"debt": -10}
    await shop.give_back("r1", at=NOW + timedelta(minutes=1))
    assert await accounts(shop) == {}
    assert await shop.value("SELECT sum(value)::int FROM effect WHERE slot LIKE '%/expired'") == 60
    await assert_sound(shop)


async def test_sent_points_that_are_returned_leave_the_receiver_and_are_forfeited(shop: PointsShop) -> None:
    sent = await shop.transfer(100)
    await leave(shop)
    assert not isinstance(sent, Refusal)
    back = ReverseActivity(ActivityBy(id=sent.fact_id), "desk", "back", NOW + timedelta(minutes=1))
    done(await shop.reverse(back), Recorded)
    assert (await accounts(shop), await accounts(shop, "bob")) == ({}, {})
    await assert_sound(shop)


async def test_a_retry_is_answered_as_the_first_time_and_another_reason_is_a_conflict(
    shop: PointsShop,
) -> None:
    first = done(await ask_to_leave(shop, key="k"), Recorded)
    again = done(await ask_to_leave(shop, key="k"), Recorded)
    assert (again.fact_id, again.effect_ids, again.replayed) == (first.fact_id, first.effect_ids, True)
    refused(await ask_to_leave(shop, key="k", reason="other"), RefusalCode.IDEMPOTENCY_CONFLICT)
    refused(await ask_to_leave(shop, "bob", reason=" "), RefusalCode.INVALID_INPUT, "reason")
    refused(await ask_to_leave(shop, "nobody"), RefusalCode.NOT_FOUND, "member")


async def test_the_closing_itself_is_not_returned(shop: PointsShop) -> None:
    left = await leave(shop)
    back = ReverseActivity(ActivityBy(id=left.fact_id), "desk", "back", NOW)
    answer = refused(await shop.reverse(back), RefusalCode.INVALID_INPUT, "activity")
    assert answer.word == "return-of-a-closing"


async def test_who_was_merged_or_erased_cannot_leave(shop: PointsShop) -> None:
    await shop.enrol("cy")
    done(await _merged(shop, "cy", "bob"), MembersMerged)
    refused(await ask_to_leave(shop, "cy"), RefusalCode.MEMBER_MERGED, "member")
    done(await erase_member(shop.engine, shop.caller, "e", EraseMember(named("bob"))), Erased)
    refused(await ask_to_leave(shop, "bob"), RefusalCode.NOT_FOUND, "member")


async def test_who_left_may_be_erased_and_no_time_passes_then_either(shop: PointsShop) -> None:
    await leave(shop)
    done(await erase_member(shop.engine, shop.caller, "e", EraseMember(ANN)), Erased)
    query = "SELECT status, closed_at FROM member WHERE external_id = 'ann'"
    assert await shop.rows(query) == [("erased", NOW)]
    await shop.set_clock(NOW + timedelta(days=1))
    await _publish(shop, PROGRAM.replace('silver = "100"', 'silver = "90"'))
    await shop.set_clock(NOW + timedelta(days=900))
    await shop.advance()
    assert await shop.value("SELECT folded_until FROM member WHERE external_id = 'ann'") == NOW
    await assert_sound(shop)


async def _publish(shop: Shop, program: str) -> None:
    source = program.replace("SLUG", shop.slug)
    done(await publish_program(shop.engine, shop.caller, source), Published)


CLUB = """
[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }]
combine = "visits"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "RETURNS"

[[rules]]
id = "visits"
rule = "tier_frequency"
config = { count = "activities", window = "lifetime", thresholds = { friend = 1 } }
"""


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review"])
async def test_a_version_with_another_ladder_after_it_begins_nothing(
    app_database: Database, returns: str
) -> None:
    program = PROGRAM.replace('"undo"', f'"{returns}"')
    shop = await new_shop(app_database, program)
    await shop.enrol()
    await shop.buy(600, BEFORE, external_id="p1")
    await leave(shop)
    await shop.set_clock(NOW + timedelta(days=1))
    await _publish(
        shop,
        program.replace('{ currency = "points", rates', '{ ladder = "status", currency = "points", rates')
        + CLUB.replace("RETURNS", returns),
    )
    await shop.set_clock(NOW + timedelta(days=5))
    await shop.advance()
    await shop.give_back("p1", 550, NOW + timedelta(days=4))
    assert await shop.rows("SELECT ladder, tier FROM current_standing") == [("status", "basic")]
    await assert_sound(shop)


async def test_a_pause_ends_and_moves_nothing(shop: PointsShop) -> None:
    resting = PauseMember(ANN, "abroad", date(2026, 7, 1))
    done(await pause_member(shop.engine, shop.caller, "p", resting), Recorded)
    await shop.set_clock(NOW + timedelta(days=2))
    await leave(shop)
    query = "SELECT status, paused_at, paused_until FROM member WHERE external_id = 'ann'"
    assert await shop.rows(query) == [("closed", None, None)]
    assert await claimed(shop) == []
    await shop.set_clock(datetime(2026, 8, 1, tzinfo=UTC))
    await shop.advance()
    await assert_sound(shop)


async def test_who_went_into_her_before_leaves_with_her(shop: PointsShop) -> None:
    """What is returned of Bob's purchase afterwards is owed by her, who had his points."""
    await shop.buy(50, BEFORE, member="bob", external_id="bobs")
    done(await _merged(shop, "bob", "ann"), MembersMerged)
    await shop.redeem(640, NOW + timedelta(seconds=1))
    await leave(shop)
    assert await accounts(shop) == {}
    await shop.reverse(linked_return("bobs", at=NOW + timedelta(seconds=30)))
    assert await accounts(shop) == {"debt": -50}
    await assert_sound(shop)


async def test_she_is_not_counted_on_any_tier(shop: PointsShop) -> None:
    await leave(shop)
    async with shop.engine.database.reading(shop.business_id) as connection:
        assert await tier_counts(connection, View(shop.business_id, None)) == {("status", "basic"): 1}


async def test_members_join_before_they_leave(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await shop.enrol(enrolled_at=START)
    await leave(shop)
    assert await shop.value("SELECT count(*) FROM effect WHERE kind <> 'standing'") == 0
    await assert_sound(shop)
