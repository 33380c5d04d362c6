"""Applications, and what else happens meanwhile: closed periods, versions, pauses, returns, other ladders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import RefusalCode
from loyalty_engine.services.application_commands import ApplicationChanged, VoteCast
from loyalty_engine.services.commands import ActivityBy, ReverseActivity, Settled
from loyalty_engine.services.programs import Published, publish_program, show_programs
from loyalty_engine.store.database import Database
from tests.services.admission import (
    applied,
    ask,
    chamber,
    close,
    clubs,
    decide,
    decided,
    example,
    stands,
    tally,
    vote,
    voted,
    withdraw,
)
from tests.services.by_hand import assert_verified, set_by_hand
from tests.services.shop import Shop, done, refused
from tests.services.test_merges_of_memberships import ends, pause, resume
from tests.services.test_votes_over import CLOSES, OPENED

DAY = timedelta(days=1)
BEGUN = datetime(2026, 1, 31, 18, tzinfo=UTC)
END = datetime(2027, 1, 31, 6, tzinfo=UTC)
FEE: dict[str, Any] = {"paid": "139"}
RENEWAL: dict[str, Any] = {"paid": "119"}


async def republished(shop: Shop, before: str, after: str) -> None:
    """Publish the shop's program with one thing otherwise, in force at once."""
    last = max(await show_programs(shop.engine, shop.caller), key=lambda each: each.version)
    assert before in last.source
    source = last.source.replace(before, after)
    done(await publish_program(shop.engine, shop.caller, source, None, plan_of({})), Published)
    await shop.advance()


async def test_a_vote_whose_end_is_settled_when_it_is_closed_admits_now(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    application = await applied(shop, "chess")
    await voted(shop, application, "in_favour")
    late = CLOSES + 40 * DAY
    await shop.set_clock(late)
    done(await shop.close(CLOSES + 30 * DAY), Settled)
    assert await close(shop) == 1
    assert await shop.rows("SELECT from_at FROM claim WHERE origin = 'grant'") == [(late,)]
    assert await tally(shop, application) == (2, 1, 0, 0, "carried")
    await assert_verified(shop)


async def test_who_is_paused_applies_is_voted_on_and_is_a_member_whose_term_rests(
    app_database: Database,
) -> None:
    shop = await clubs(app_database, OPENED, "chess")
    await pause(shop, "ann")
    application = await applied(shop, "chess")
    await voted(shop, application, "in_favour")
    await shop.set_clock(CLOSES)
    assert await close(shop) == 1
    assert await shop.tier(ladder="chess") == "friend"
    await shop.set_clock(CLOSES + 10 * DAY)
    await resume(shop, "ann")
    assert await ends(shop, "ann") == [datetime(2026, 8, 14, 22, tzinfo=UTC)]
    await assert_verified(shop)


async def test_an_elector_who_is_paused_meanwhile_votes_and_one_who_was_paused_before_does_not(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED)
    await pause(shop, "m0")
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await pause(shop, "m1")
    await resume(shop, "m0")
    refused(await vote(shop, application, "m0"), RefusalCode.INVALID_INPUT, "voter")
    done(await vote(shop, application, "m1"), VoteCast)


@pytest.mark.parametrize(
    ("members", "choices", "result"),
    [
        (0, (), "no_quorum"),
        (1, ("in_favour",), "carried"),
        (1, ("abstained",), "tie"),
        (3, ("in_favour",), "no_quorum"),
        (3, ("in_favour", "in_favour"), "carried"),
        (4, ("in_favour",), "no_quorum"),
        (4, ("in_favour", "in_favour"), "carried"),
        (4, ("abstained", "abstained", "abstained", "abstained"), "tie"),
        (5, ("in_favour", "against"), "no_quorum"),
        (5, ("in_favour", "in_favour", "against"), "carried"),
    ],
)
async def test_half_of_an_odd_or_even_electorate_is_half(
    app_database: Database, members: int, choices: tuple[str, ...], result: str
) -> None:
    shop = await chamber(app_database, OPENED, members=members)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, *choices)
    await shop.set_clock(OPENED + 20 * DAY)
    await close(shop)
    assert await tally(shop, application) == (
        members,
        *(choices.count(choice) for choice in ("in_favour", "against", "abstained")),
        result,
    )
    await assert_verified(shop)


@pytest.mark.parametrize("then", ["pass", "reject", "decide"])
@pytest.mark.parametrize(("key", "choices"), [("tie", ("in_favour", "against")), ("no_quorum", ())])
async def test_a_tie_and_a_missed_quorum_go_where_the_programme_says(
    app_database: Database, key: str, choices: tuple[str, ...], then: str
) -> None:
    shop = await chamber(app_database, OPENED, 4, None, **{key: f'"{then}"'})
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, *choices)
    await shop.set_clock(OPENED + 20 * DAY)
    assert await close(shop) == 1
    after = {"pass": ("open", "sign"), "reject": ("rejected", None), "decide": ("open", "vote")}
    assert await stands(shop, application) == after[then]
    assert (await tally(shop, application))[-1] == key
    if then == "decide":
        refused(await vote(shop, application, "m2"), RefusalCode.INVALID_INPUT, "application")
        done(await decide(shop, application, "vote", approved=False), ApplicationChanged)
        assert await stands(shop, application) == ("rejected", None)
    await assert_verified(shop)


async def test_the_fee_is_that_of_the_version_under_which_one_applied(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", BEGUN)
    await shop.enrol("ann")
    application = await applied(shop, "subscription")
    await shop.set_clock(BEGUN + DAY)
    await republished(shop, 'fee = "139.00"', 'fee = "149.00"')
    refused(await decide(shop, application, "pay", paid="149"), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, application, "pay", **FEE)
    renewal = await applied(shop, "subscription")
    await republished(shop, 'fee = "119.00"', 'fee = "129.00"')
    await decided(shop, renewal, "pay", **RENEWAL)
    await shop.set_clock(BEGUN + 2 * DAY)
    later = await applied(shop, "subscription")
    refused(await decide(shop, later, "pay", **RENEWAL), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, later, "pay", paid="129")
    assert max(await ends(shop, "ann")) == datetime(2029, 2, 1, 6, tzinfo=UTC)
    await assert_verified(shop)


async def test_a_term_ends_though_nobody_can_renew_it_any_more_and_is_renewed_where_one_can_again(
    app_database: Database,
) -> None:
    renewable = 'renewal = { steps = ["pay"], fee = "119.00" }'
    shop = await example(app_database, "paid_prime", BEGUN)
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    await shop.set_clock(BEGUN + DAY)
    await republished(shop, renewable, "")
    refused(await ask(shop, "subscription"), RefusalCode.INVALID_INPUT, "rule")
    await shop.set_clock(BEGUN + 2 * DAY)
    await republished(shop, "term = { months = 12 }", f"term = {{ months = 6 }}\n{renewable}")
    await decided(shop, await applied(shop, "subscription"), "pay", **RENEWAL)
    assert await ends(shop, "ann") == [END, datetime(2027, 7, 31, 5, tzinfo=UTC)]
    await assert_verified(shop)


async def test_a_rule_that_a_version_drops_admits_whoever_applied_before(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess", "rowing")
    application = await applied(shop, "chess")
    await voted(shop, application, "in_favour")
    await shop.set_clock(OPENED + DAY)
    last = max(await show_programs(shop.engine, shop.caller), key=lambda each: each.version)
    begins = last.source.index('[[rules]]\nid = "chess"')
    dropped = last.source[:begins] + last.source[last.source.index("[[ladders]]", begins) :]
    dropped = dropped.replace('combine = "chess"', 'combine = "rowing"')
    done(await publish_program(shop.engine, shop.caller, dropped, None, plan_of({})), Published)
    await shop.set_clock(CLOSES)
    await shop.advance()
    assert await close(shop) == 1
    assert await shop.tier(ladder="chess") == "friend"
    refused(await ask(shop, "chess"), RefusalCode.INVALID_INPUT, "rule")
    await shop.set_clock(CLOSES + 70 * DAY)
    await shop.advance()
    assert await shop.tier(ladder="chess") == "stranger"
    await assert_verified(shop)


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review", "never"])
async def test_a_membership_is_given_back_by_ending_it_and_no_return_touches_it(
    app_database: Database, returns: str
) -> None:
    shop = await example(app_database, "paid_prime", BEGUN, None, returns=f'"{returns}"')
    await shop.enrol("ann")
    await shop.buy(500, BEGUN - DAY, external_id="tv")
    admitted = await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    await shop.set_clock(BEGUN + DAY)
    await shop.give_back("tv", at=BEGUN + DAY)
    assert await shop.tier(ladder="prime") == "prime"
    back = ReverseActivity(ActivityBy(id=admitted.fact_id), "desk", "refund", BEGUN + DAY)
    refused(await shop.reverse(back), RefusalCode.INVALID_INPUT, "activity")
    await set_by_hand(shop, None, BEGUN + DAY, ladder="prime", origin="grant", reason="fee returned")
    assert await shop.tier(ladder="prime") == "free"
    await assert_verified(shop)
    await applied(shop, "subscription")
    assert await shop.rows("SELECT kind FROM application ORDER BY opened_at") == [("entry",), ("entry",)]


async def test_applications_to_two_ladders_do_not_know_of_one_another(app_database: Database) -> None:
    shop = await clubs(app_database, OPENED, "chess", "rowing")
    chess, rowing = await applied(shop, "chess"), await applied(shop, "rowing")
    done(await withdraw(shop, chess), ApplicationChanged)
    await voted(shop, rowing, "in_favour", "against")
    await shop.set_clock(CLOSES)
    await close(shop)
    assert (await stands(shop, chess), await stands(shop, rowing)) == (
        ("withdrawn", None),
        ("rejected", None),
    )
    await applied(shop, "chess")
    await applied(shop, "rowing")
    await assert_verified(shop)


async def test_a_payment_is_not_taken_before_the_signature_nor_in_another_amount(
    app_database: Database,
) -> None:
    shop = await example(
        app_database, "paid_prime", BEGUN, None, steps='["sign", "pay"]', renewal='{ steps = ["sign"] }'
    )
    await shop.enrol("ann")
    application = await applied(shop, "subscription")
    refused(await decide(shop, application, "pay", **FEE), RefusalCode.INVALID_INPUT, "step")
    refused(await decide(shop, application, "sign", **FEE), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, application, "sign")
    for paid in ("138.99", "139.01", "0", "-139"):
        refused(await decide(shop, application, "pay", paid=paid), RefusalCode.INVALID_INPUT, "paid")
    refused(await decide(shop, application, "pay", approved=False, **FEE), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, application, "pay", **FEE)
    refused(await decide(shop, application, "pay", **FEE), RefusalCode.INVALID_INPUT, "application")
    await assert_verified(shop)
