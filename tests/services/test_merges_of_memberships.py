"""Merging members who are paused, who have applied, or whom an application admitted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from loyalty_engine.services import Refusal, RefusalCode, merge_members, pause_member, resume_member
from loyalty_engine.services.application_commands import ApplicationChanged, VoteCast
from loyalty_engine.services.commands import MembersMerged, MergeMembers, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from tests.services.admission import applied, ask, chamber, decide, decided, example, vote, voted, withdraw
from tests.services.by_hand import assert_verified, set_by_hand
from tests.services.points_shop import named
from tests.services.shop import Shop, done, refused

OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
FEE: dict[str, Any] = {"paid": "139"}
RENEWAL: dict[str, Any] = {"paid": "119"}


async def merge(shop: Shop, absorbed: str, survivor: str) -> MembersMerged | Refusal:
    """Merge two members."""
    command = MergeMembers(named(absorbed), named(survivor))
    return await merge_members(shop.engine, shop.caller, shop.key(), command)


async def pause(shop: Shop, member: str) -> None:
    """Pause a member until it is resumed."""
    command = PauseMember(named(member), "abroad")
    done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)


async def resume(shop: Shop, member: str) -> None:
    """Resume a member."""
    done(await resume_member(shop.engine, shop.caller, shop.key(), ResumeMember(named(member))), Recorded)


async def prime(database: Database) -> Shop:
    """A paid membership, with ann and bob, neither of whom has paid."""
    shop = await example(database, "paid_prime", OPENED)
    await shop.enrol("ann")
    await shop.enrol("bob")
    return shop


async def pay(shop: Shop, member: str, **given: Any) -> None:
    """Apply and pay."""
    await decided(shop, await applied(shop, "subscription", member), "pay", **(given or FEE))


async def ends(shop: Shop, member: str) -> list[datetime]:
    """The ends of what the member holds."""
    rows = await shop.rows(
        """SELECT c.until_at FROM claim c JOIN member m USING (business_id, member_id)
           WHERE m.external_id = $1 AND c.withdrawn_effect_id IS NULL ORDER BY 1""",
        member,
    )
    return [until for (until,) in rows]


async def at(shop: Shop, when: datetime) -> None:
    """Time passes."""
    await shop.set_clock(when)
    await shop.advance()


async def test_who_is_paused_is_resumed_before_it_goes_into_another_one(app_database: Database) -> None:
    shop = await prime(app_database)
    await pay(shop, "ann")
    await pause(shop, "ann")
    refused(await merge(shop, "ann", "bob"), RefusalCode.INVALID_INPUT, "absorbed")
    await at(shop, OPENED + 10 * DAY)
    await resume(shop, "ann")
    moved = await ends(shop, "ann")
    done(await merge(shop, "ann", "bob"), MembersMerged)
    assert await ends(shop, "bob") == moved
    assert await shop.tier("bob", "prime") == "prime"
    await assert_verified(shop)


async def test_a_pause_that_has_ended_by_itself_is_no_pause(app_database: Database) -> None:
    shop = await prime(app_database)
    command = PauseMember(named("ann"), "abroad", (OPENED + 2 * DAY).date())
    done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)
    await shop.set_clock(OPENED + 3 * DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await assert_verified(shop)


async def test_what_comes_into_a_paused_membership_rests_with_it_from_then_on(
    app_database: Database,
) -> None:
    shop = await prime(app_database)
    await pay(shop, "ann")
    (before,) = await ends(shop, "ann")
    await pause(shop, "bob")
    await at(shop, OPENED + 10 * DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    assert await shop.tier("bob", "prime") == "prime"
    await assert_verified(shop)
    await at(shop, OPENED + 500 * DAY)
    assert await shop.tier("bob", "prime") == "prime"
    await resume(shop, "bob")
    assert await ends(shop, "bob") == [before + 490 * DAY]
    await assert_verified(shop)


async def test_who_has_applied_is_not_merged_until_the_application_has_ended(app_database: Database) -> None:
    shop = await prime(app_database)
    application = await applied(shop, "subscription", "ann")
    refused(await merge(shop, "ann", "bob"), RefusalCode.INVALID_INPUT, "absorbed")
    done(await withdraw(shop, application), ApplicationChanged)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    refused(await ask(shop, "subscription", "ann"), RefusalCode.MEMBER_MERGED)
    refused(await decide(shop, application, "pay", **FEE), RefusalCode.INVALID_INPUT, "application")
    await assert_verified(shop)


async def test_an_application_of_who_goes_on_goes_on(app_database: Database) -> None:
    shop = await prime(app_database)
    application = await applied(shop, "subscription", "bob")
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await decided(shop, application, "pay", **FEE)
    assert await shop.tier("bob", "prime") == "prime"
    await assert_verified(shop)


async def test_a_term_of_the_absorbed_member_is_renewed_by_who_goes_on_also_twice_removed(
    app_database: Database,
) -> None:
    shop = await prime(app_database)
    await shop.enrol("cid")
    await pay(shop, "ann")
    (end,) = await ends(shop, "ann")
    await at(shop, OPENED + 100 * DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    done(await merge(shop, "bob", "cid"), MembersMerged)
    assert await ends(shop, "cid") == [end]
    application = await applied(shop, "subscription", "cid")
    assert (
        await shop.value("SELECT kind FROM application WHERE application_id = $1", application) == "renewal"
    )
    refused(await decide(shop, application, "pay", paid=Decimal(139)), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, application, "pay", **RENEWAL)
    assert await ends(shop, "cid") == [end, end.replace(year=end.year + 1)]
    await assert_verified(shop)
    await at(shop, end + DAY)
    await at(shop, end.replace(year=end.year + 1))
    assert await shop.tier("cid", "prime") == "free"
    await assert_verified(shop)


async def test_of_two_terms_the_one_granted_last_is_renewed(app_database: Database) -> None:
    shop = await prime(app_database)
    await pay(shop, "ann")
    await shop.set_clock(OPENED + 30 * DAY)
    await pay(shop, "bob")
    (of_ann,), (of_bob,) = await ends(shop, "ann"), await ends(shop, "bob")
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await pay(shop, "bob", **RENEWAL)
    assert await ends(shop, "bob") == [of_ann, of_bob, of_bob.replace(year=of_bob.year + 1)]
    await assert_verified(shop)


async def test_a_term_renewed_while_the_membership_rests_has_the_days_that_a_merge_left_of_the_pause(
    app_database: Database,
) -> None:
    shop = await prime(app_database)
    await pay(shop, "ann")
    (end,) = await ends(shop, "ann")
    await pause(shop, "bob")
    await at(shop, OPENED + 10 * DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await at(shop, OPENED + 20 * DAY)
    await pay(shop, "bob", **RENEWAL)
    await at(shop, OPENED + 50 * DAY)
    await resume(shop, "bob")
    assert await ends(shop, "bob") == [end + 40 * DAY, end.replace(year=end.year + 1) + 40 * DAY]
    await assert_verified(shop)


async def test_what_was_granted_by_hand_is_no_term_of_an_application(app_database: Database) -> None:
    shop = await prime(app_database)
    await set_by_hand(shop, "prime", ladder="prime", member=named("ann"), origin="grant", occurred_at=OPENED)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    assert await shop.tier("bob", "prime") == "prime"
    application = await applied(shop, "subscription", "bob")
    assert await shop.value("SELECT kind FROM application WHERE application_id = $1", application) == "entry"
    await shop.set_clock(OPENED + DAY)
    await set_by_hand(
        shop, None, ladder="prime", member=named("bob"), origin="grant", occurred_at=OPENED + DAY
    )
    assert await shop.tier("bob", "prime") == "free"
    await assert_verified(shop)


async def test_a_term_comes_with_a_merge_though_something_else_until_its_end_was_set_by_hand(
    app_database: Database,
) -> None:
    shop = await prime(app_database)
    await pay(shop, "ann")
    (end,) = await ends(shop, "ann")
    await set_by_hand(shop, "prime", OPENED, ladder="prime", until=end.date())
    await shop.set_clock(OPENED + DAY)
    done(await merge(shop, "ann", "bob"), MembersMerged)
    await pay(shop, "bob", **RENEWAL)
    assert await ends(shop, "bob") == [end, end.replace(year=end.year + 1)]
    await assert_verified(shop)


async def test_an_elector_who_was_merged_votes_no_more_and_what_it_voted_counts(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, "in_favour", "in_favour")
    done(await merge(shop, "m0", "m1"), MembersMerged)
    refused(await vote(shop, application, "m0", "against"), RefusalCode.MEMBER_MERGED)
    done(await vote(shop, application, "m1", "in_favour"), VoteCast)
    done(await vote(shop, application, "m2", "against"), VoteCast)
    await shop.set_clock(datetime(2026, 6, 15, 22, tzinfo=UTC))
    await decided(shop, application, "sign")
    assert await shop.tier(ladder="membership") == "member"
    await assert_verified(shop)
