"""Renewing a membership just before, at and after its end: lapse, grace, notices, and votes closed late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty_engine.services import RefusalCode
from loyalty_engine.services.application_commands import ApplicationChanged
from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.store.database import Database
from tests.services.admission import applied, ask, close, clubs, decide, decided, example, stands, voted
from tests.services.by_hand import assert_verified, set_by_hand
from tests.services.shop import Shop, done, refused
from tests.services.test_admission_over_versions import renamed
from tests.services.test_merges_of_memberships import ends, merge, pause, resume

BEGUN = datetime(2026, 1, 31, 18, tzinfo=UTC)
END = datetime(2027, 1, 31, 6, tzinfo=UTC)
"""00:00 in Chicago, a year after BEGUN."""
NEXT_END = datetime(2028, 1, 31, 6, tzinfo=UTC)
JUST = timedelta(microseconds=1)
DAY = timedelta(days=1)
FEE: dict[str, Any] = {"paid": "139"}
RENEWAL: dict[str, Any] = {"paid": "119"}


async def prime(database: Database, downgrade: str = '{ to = "base" }', **changes: str) -> Shop:
    """A paid membership, with ann, who has paid for a year."""
    shop = await example(database, "paid_prime", BEGUN, None, downgrade=downgrade, **changes)
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    return shop


async def at(shop: Shop, when: datetime) -> None:
    """Time passes."""
    await shop.set_clock(when)
    await shop.advance()


async def kinds(shop: Shop) -> list[tuple[str, str]]:
    """The kinds of all applications and how they stand, the first one first."""
    return [(kind, state) for kind, state in await shop.rows(
        "SELECT kind, state FROM application ORDER BY opened_at"
    )]  # fmt: skip


async def test_a_renewal_is_paid_until_just_before_the_membership_lapses(app_database: Database) -> None:
    shop = await prime(app_database)
    renewal = await applied(shop, "subscription")
    await at(shop, END - JUST)
    await decided(shop, renewal, "pay", **RENEWAL)
    await at(shop, END)
    assert await ends(shop, "ann") == [END, NEXT_END]
    assert await shop.rows("SELECT count(*) FROM standing") == [(2,)]
    await assert_verified(shop)


@pytest.mark.parametrize("is_folded", [True, False])
async def test_a_renewal_is_not_paid_when_the_membership_has_lapsed(
    app_database: Database, is_folded: bool
) -> None:
    shop = await prime(app_database)
    late = await applied(shop, "subscription")
    await shop.set_clock(END)
    if is_folded:
        await shop.advance()
    refused(await decide(shop, late, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "step")
    assert await stands(shop, late) == ("open", "pay")
    assert await ends(shop, "ann") == [END]
    await assert_verified(shop)


async def test_who_applied_in_time_and_lapsed_applies_anew_at_the_full_fee(app_database: Database) -> None:
    shop = await prime(app_database)
    await shop.set_clock(END - DAY)
    late = await applied(shop, "subscription")
    refused(await ask(shop, "subscription"), RefusalCode.ALREADY_EXISTS, "rule")
    await at(shop, END + 100 * DAY)
    refused(await decide(shop, late, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "step")
    anew = await applied(shop, "subscription")
    assert await stands(shop, late) == ("withdrawn", None)
    refused(await decide(shop, anew, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, anew, "pay", **FEE)
    assert await kinds(shop) == [("entry", "admitted"), ("renewal", "withdrawn"), ("entry", "admitted")]
    assert await shop.tier(ladder="prime") == "prime"
    await assert_verified(shop)


async def test_a_renewal_that_came_too_late_can_be_rejected(app_database: Database) -> None:
    shop = await prime(app_database)
    await shop.set_clock(END - DAY)
    late = await applied(shop, "subscription")
    await at(shop, END)
    done(await decide(shop, late, "pay", approved=False, reason="too late"), ApplicationChanged)
    assert await stands(shop, late) == ("rejected", None)
    await assert_verified(shop)


async def test_a_membership_that_was_ended_by_hand_is_not_renewed_by_what_was_applied_for_before(
    app_database: Database,
) -> None:
    shop = await prime(app_database)
    await shop.set_clock(END - 40 * DAY)
    renewal = await applied(shop, "subscription")
    await set_by_hand(shop, None, END - 39 * DAY - DAY, ladder="prime", origin="grant")
    refused(await decide(shop, renewal, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "step")
    await assert_verified(shop)


async def test_grace_is_time_to_renew_in_and_the_next_term_is_counted_from_the_first_day(
    app_database: Database,
) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 30 }')
    early = END - DAY
    await shop.set_clock(early)
    renewal = await applied(shop, "subscription")
    await at(shop, END + 30 * DAY - JUST)
    assert await shop.tier(ladder="prime") == "prime"
    await decided(shop, renewal, "pay", **RENEWAL)
    await at(shop, NEXT_END - JUST)
    assert await shop.tier(ladder="prime") == "prime"
    assert await shop.rows("SELECT count(*) FROM standing") == [(2,)]
    await assert_verified(shop)
    await at(shop, NEXT_END + 10 * DAY)
    await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    assert (await ends(shop, "ann"))[-1] == datetime(2029, 1, 31, 6, tzinfo=UTC)
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "renewal", "renewal"]
    await assert_verified(shop)


async def test_after_grace_one_applies_anew(app_database: Database) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 30 }')
    await at(shop, END + 30 * DAY - JUST)
    renewal = await applied(shop, "subscription")
    await shop.set_clock(END + 30 * DAY)
    refused(await decide(shop, renewal, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "step")
    await applied(shop, "subscription")
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "renewal", "entry"]
    await assert_verified(shop)


@pytest.mark.parametrize("grace", ["", "grace_days = 10, "])
async def test_while_a_notice_puts_the_end_off_one_renews(app_database: Database, grace: str) -> None:
    downgrade = '{ to = "base", ' + grace + "notice_days = 45 }"
    shop = await prime(app_database, downgrade, term="{ months = 1 }")
    await at(shop, BEGUN + 44 * DAY)
    assert await shop.tier(ladder="prime") == "prime"
    assert await shop.value("SELECT count(*) FROM claim WHERE origin = 'notice'") == 1
    await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    assert datetime(2026, 3, 31, 5, tzinfo=UTC) in await ends(shop, "ann")
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "renewal"]
    await assert_verified(shop)


async def test_a_grace_that_is_paused_or_whose_tier_gets_another_name_is_grace(
    app_database: Database,
) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 30 }')
    await at(shop, END + 10 * DAY)
    await pause(shop, "ann")
    await at(shop, END + 20 * DAY)
    await renamed(shop, "prime", "prime", "plus")
    await at(shop, END + 35 * DAY)
    assert await shop.tier(ladder="prime") == "plus"
    await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    await at(shop, END + 36 * DAY)
    await resume(shop, "ann")
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "renewal"]
    assert max(await ends(shop, "ann")) >= NEXT_END
    await assert_verified(shop)


async def test_a_grace_longer_than_the_term_gives_no_term_that_is_over(app_database: Database) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 90 }', term="{ months = 1 }")
    await at(shop, BEGUN + 80 * DAY)
    await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "renewal"]
    assert max(await ends(shop, "ann")) == datetime(2026, 5, 29, 5, tzinfo=UTC)
    await assert_verified(shop)


async def test_who_stands_by_another_claim_after_the_end_has_lapsed(app_database: Database) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 30 }')
    by_hand = {"ladder": "prime", "until": (END + 50 * DAY).date()}
    await set_by_hand(shop, "prime", BEGUN, **by_hand)
    await at(shop, END + 55 * DAY)
    assert await shop.tier(ladder="prime") == "prime"  # in the grace of what was set by hand
    await applied(shop, "subscription")
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "entry"]
    await assert_verified(shop)


async def test_who_goes_on_with_a_member_in_its_grace_applies_anew(app_database: Database) -> None:
    shop = await prime(app_database, '{ to = "base", grace_days = 30 }')
    await shop.enrol("bob")
    await at(shop, END + 10 * DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await applied(shop, "subscription", "bob")
    assert [kind for kind, _ in await kinds(shop)] == ["entry", "entry"]
    await assert_verified(shop)


async def friend(shop: Shop) -> tuple[UUID, datetime]:
    """Ann, a friend by a vote of the last days, has applied again and m0 votes for her; and her end."""
    first = await applied(shop, "chess")
    await voted(shop, first, "in_favour")
    await shop.set_clock(datetime(2026, 6, 4, 22, tzinfo=UTC))
    await close(shop)
    (end,) = await ends(shop, "ann")
    await at(shop, end - 10 * DAY)
    renewal = await applied(shop, "chess")
    await voted(shop, renewal, "in_favour")
    return renewal, end


@pytest.mark.parametrize("days_late", [0, 5, 20])
async def test_a_vote_renews_from_its_own_end_however_late_it_is_closed(
    app_database: Database, days_late: int
) -> None:
    shop = await clubs(app_database, datetime(2026, 6, 1, 10, tzinfo=UTC), "chess")
    renewal, end = await friend(shop)
    ((closes_at,),) = await shop.rows("SELECT closes_at FROM application WHERE application_id = $1", renewal)
    assert closes_at < end
    await at(shop, closes_at + days_late * DAY)
    assert await close(shop) == 1
    assert await ends(shop, "ann") == [end, datetime(2026, 10, 4, 22, tzinfo=UTC)]
    assert await shop.tier(ladder="chess") == "friend"
    await assert_verified(shop)


async def test_a_vote_that_ends_after_the_membership_admits_for_a_term_of_its_own(
    app_database: Database,
) -> None:
    shop = await clubs(app_database, datetime(2026, 6, 1, 10, tzinfo=UTC), "chess")
    first = await applied(shop, "chess")
    await voted(shop, first, "in_favour")
    await shop.set_clock(datetime(2026, 6, 4, 22, tzinfo=UTC))
    await close(shop)
    (end,) = await ends(shop, "ann")
    await at(shop, end - DAY)
    renewal = await applied(shop, "chess")
    await voted(shop, renewal, "in_favour")
    await at(shop, end + DAY)
    refused(await ask(shop, "chess"), RefusalCode.ALREADY_EXISTS, "rule")
    await at(shop, end + 10 * DAY)
    await close(shop)
    assert await ends(shop, "ann") == [end, datetime(2026, 10, 7, 22, tzinfo=UTC)]
    await assert_verified(shop)


async def test_of_several_who_take_the_same_payment_one_does(app_database: Database) -> None:
    shop = await prime(app_database)
    await shop.set_clock(END - DAY)
    renewal = await applied(shop, "subscription")
    answers = await asyncio.gather(*(decide(shop, renewal, "pay", **RENEWAL) for _ in range(4)))
    assert len([answer for answer in answers if isinstance(answer, ApplicationChanged)]) == 1
    assert await ends(shop, "ann") == [END, NEXT_END]
    await assert_verified(shop)


async def test_two_terms_are_renewed_one_after_another_before_the_end(app_database: Database) -> None:
    shop = await prime(app_database)
    for _ in range(2):
        await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    assert await ends(shop, "ann") == [END, NEXT_END, datetime(2029, 1, 31, 6, tzinfo=UTC)]
    await assert_verified(shop)
