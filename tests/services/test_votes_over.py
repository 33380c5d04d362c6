"""Votes whose time is up before a worker has closed them, whatever comes first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from loyalty_engine.rules import AdmissionEvent, Application, VoteClosed
from loyalty_engine.services import RefusalCode, erase_member
from loyalty_engine.services.application_commands import ApplicationChanged, VoteCast
from loyalty_engine.services.commands import Erased, EraseMember, MemberBy, MembersMerged, Recorded
from loyalty_engine.store.database import Database
from loyalty_tier_grant.rule import TierGrant
from tests.services.admission import (
    applied,
    ask,
    chamber,
    close,
    clubs,
    decide,
    decided,
    stands,
    tally,
    vote,
    voted,
)
from tests.services.by_hand import assert_verified
from tests.services.leaving import ask_to_leave, leave
from tests.services.shop import Shop, done, refused
from tests.services.test_merges_of_memberships import merge

OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)
CLOSES = datetime(2026, 6, 4, 22, tzinfo=UTC)
"""00:00 in Berlin of the day after the third whole day after OPENED."""
DAY = timedelta(days=1)


async def carried(shop: Shop, rule: str = "chess", member: str = "ann") -> UUID:
    """An application that m0 voted for."""
    application = await applied(shop, rule, member)
    await voted(shop, application, "in_favour")
    return application


async def erase(shop: Shop, member: str) -> None:
    """Delete what names a member."""
    command = EraseMember(MemberBy(external_id=member))
    done(await erase_member(shop.engine, shop.caller, shop.key(), command), Erased)


async def claims(shop: Shop) -> list[tuple[Any, ...]]:
    """The tiers that were granted, since when."""
    return await shop.rows("SELECT ladder, tier, from_at FROM claim WHERE origin = 'grant' ORDER BY ladder")


async def test_several_votes_on_one_member_are_closed_in_one_go(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess", "rowing")
    both = [await carried(shop, rule) for rule in ("chess", "rowing")]
    await shop.set_clock(CLOSES + DAY)
    assert await close(shop) >= 1
    assert [await stands(shop, each) for each in both] == [("admitted", None)] * 2
    assert await claims(shop) == [("chess", "friend", CLOSES), ("rowing", "friend", CLOSES)]
    assert await close(shop) == 0
    await assert_verified(shop)


async def test_who_leaves_after_a_vote_was_a_member_until_then(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    application = await carried(shop)
    await shop.set_clock(CLOSES + DAY)
    await leave(shop)
    assert await stands(shop, application) == ("admitted", None)
    assert await claims(shop) == [("chess", "friend", CLOSES)]
    assert await shop.tier(ladder="chess") == "stranger"
    await assert_verified(shop)


async def test_whoever_is_erased_after_a_vote_was_admitted_by_it(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    application = await carried(shop)
    await shop.set_clock(CLOSES + DAY)
    await erase(shop, "ann")
    assert await stands(shop, application) == ("admitted", None)
    assert await close(shop) == 0
    await assert_verified(shop)


async def test_what_a_vote_granted_goes_with_a_merge(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    await carried(shop)
    await shop.set_clock(CLOSES + DAY)
    done(await merge(shop, "ann", "m1"), MembersMerged)
    assert await shop.tier("m1", ladder="chess") == "friend"
    await assert_verified(shop)


async def test_a_vote_on_who_goes_on_is_closed_before_a_merge(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    application = await carried(shop)
    await shop.enrol("zoe")
    await shop.set_clock(CLOSES + DAY)
    done(await merge(shop, "zoe", "ann"), MembersMerged)
    assert await stands(shop, application) == ("admitted", None)
    assert await shop.tier(ladder="chess") == "friend"
    await assert_verified(shop)


async def test_a_vote_that_rejected_holds_up_no_merge(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    application = await applied(shop, "chess")
    await shop.set_clock(CLOSES - timedelta(microseconds=1))
    refused(await merge(shop, "ann", "m1"), RefusalCode.INVALID_INPUT, "absorbed")
    await shop.set_clock(CLOSES)
    done(await merge(shop, "ann", "m1"), MembersMerged)
    assert await stands(shop, application) == ("rejected", None)
    await assert_verified(shop)


async def test_who_applies_after_a_vote_that_admitted_renews(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    await carried(shop)
    await shop.set_clock(CLOSES + DAY)
    await applied(shop, "chess")
    assert await shop.rows("SELECT kind FROM application ORDER BY opened_at") == [("entry",), ("renewal",)]
    await assert_verified(shop)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tiers at whose votes the rule fails; none, until a test puts some in."""
    decides, tiers = TierGrant.transition, set[str]()

    def transition(rule: TierGrant, application: Application, event: AdmissionEvent) -> Any:
        if isinstance(event, VoteClosed) and rule.config.tier in tiers:
            raise RuntimeError("no admissions today")
        return decides(rule, application, event)

    monkeypatch.setattr(TierGrant, "transition", transition)
    return tiers


@pytest.mark.parametrize("how", ["leaves", "is erased"])
async def test_a_rule_that_fails_at_a_vote_keeps_nobody(
    app_database: Database, failing: set[str], how: str
) -> None:
    failing.add("chess.friend")
    shop = await clubs(app_database, OPENED, "chess")
    application = await carried(shop)
    await shop.set_clock(CLOSES)
    assert await close(shop) == 0
    refused(await decide(shop, application, "vote"), RefusalCode.RULE_FAILED)
    refused(await ask(shop, "chess"), RefusalCode.RULE_FAILED)
    await (leave(shop) if how == "leaves" else erase(shop, "ann"))
    assert await stands(shop, application) == ("withdrawn", None)
    await assert_verified(shop)


async def test_of_two_votes_the_one_whose_rule_works_is_closed(
    app_database: Database, failing: set[str]
) -> None:
    failing.add("chess.friend")
    shop = await clubs(app_database, OPENED, "chess", "rowing")
    waits, goes_on = await carried(shop, "chess"), await carried(shop, "rowing")
    await shop.set_clock(CLOSES)
    assert await close(shop) >= 1
    assert (await stands(shop, waits), await stands(shop, goes_on)) == (("open", "vote"), ("admitted", None))
    assert await close(shop) == 0
    failing.clear()
    assert await close(shop) == 1
    assert await stands(shop, waits) == ("admitted", None)
    await assert_verified(shop)


async def test_who_is_not_there_any_more_is_named_by_its_field(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, "in_favour", "in_favour")
    await erase(shop, "m0")
    await erase(shop, "m3")
    await leave(shop, "m1")
    refused(await vote(shop, application, "m3"), RefusalCode.NOT_FOUND, "voter")
    await shop.set_clock(datetime(2026, 6, 15, 22, tzinfo=UTC))
    await decided(shop, application, "sign")
    assert await tally(shop, application) == (4, 2, 0, 0, "carried")
    await assert_verified(shop)
    await erase(shop, "ann")
    refused(await vote(shop, application, "m2"), RefusalCode.NOT_FOUND, "application")
    refused(await decide(shop, application, "sign"), RefusalCode.NOT_FOUND, "application")


async def test_of_many_who_vote_leave_and_close_at_the_end_each_finds_the_same(
    app_database: Database,
) -> None:
    shop = await clubs(app_database, OPENED, "chess", "rowing")
    chess, rowing = await carried(shop, "chess"), await carried(shop, "rowing")
    done(await vote(shop, rowing, "m1", "against"), VoteCast)
    await shop.set_clock(CLOSES)
    late = [vote(shop, each, "m1", "against") for each in (chess, rowing)]
    *_, left, first, second = await asyncio.gather(close(shop), close(shop), ask_to_leave(shop), *late)
    done(left, Recorded)
    refused(first, RefusalCode.INVALID_INPUT, "application")
    refused(second, RefusalCode.INVALID_INPUT, "application")
    assert [await stands(shop, each) for each in (chess, rowing)] == [
        ("admitted", None), ("rejected", None)
    ]  # fmt: skip
    assert await shop.tier(ladder="chess") == "stranger"
    await assert_verified(shop)


async def test_of_several_who_decide_a_step_at_once_one_does(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED, members=0)
    application = await applied(shop, "admission")
    answers = await asyncio.gather(
        *(decide(shop, application, "review", approved=number % 2 == 0) for number in range(6))
    )
    assert len([answer for answer in answers if isinstance(answer, ApplicationChanged)]) == 1
    events = await shop.rows("SELECT number, kind FROM application_event ORDER BY number")
    assert events == [(1, "applied"), (2, "decided")]
    await assert_verified(shop)
