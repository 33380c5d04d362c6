"""Applications for membership, through the services: steps, votes, terms, renewal and lapse."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from loyalty_engine.clock import FixedClock, SteadyClock
from loyalty_engine.jobs.worker import work_once
from loyalty_engine.rules import AdmissionEvent, Application
from loyalty_engine.services import Refusal, RefusalCode, erase_member, pause_member, resume_member
from loyalty_engine.services.application_commands import ApplicationChanged, VoteCast
from loyalty_engine.services.commands import Erased, EraseMember, MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from loyalty_tier_grant.rule import TierGrant
from tests.services.admission import (
    applied,
    ask,
    chamber,
    close,
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

OPENED = datetime(2026, 6, 1, 10, tzinfo=UTC)
CLOSES = datetime(2026, 6, 15, 22, tzinfo=UTC)
"""00:00 in Vienna of the day after the fourteenth whole day after OPENED."""

FEE: dict[str, Any] = {"paid": "139"}


async def opened(shop: Shop) -> Any:
    """An application that is voted on."""
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    return application


async def test_a_company_is_reviewed_inspected_voted_on_and_signs(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    assert await stands(shop, application) == ("open", "review")
    await decided(shop, application, "review", "inspect")
    assert await stands(shop, application) == ("open", "vote")
    await voted(shop, application, "in_favour", "in_favour", "against")
    await shop.set_clock(CLOSES)
    assert await close(shop) == 1
    assert await stands(shop, application) == ("open", "sign")
    assert await tally(shop, application) == (4, 2, 1, 0, "carried")
    assert await shop.tier(ladder="membership") == "guest"
    admitted = await decided(shop, application, "sign")
    assert admitted.fact_id is not None
    assert await shop.tier(ladder="membership") == "member"
    await assert_verified(shop)


async def test_a_vote_closes_at_its_instant_and_not_before(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await voted(shop, application, "in_favour", "in_favour")
    await shop.set_clock(CLOSES - timedelta(microseconds=1))
    assert await close(shop) == 0
    done(await vote(shop, application, "m2", "against"), VoteCast)
    await shop.set_clock(CLOSES)
    refused(await vote(shop, application, "m3", "against"), RefusalCode.INVALID_INPUT, "application")
    assert await stands(shop, application) == ("open", "sign")
    assert await close(shop) == 0
    assert await tally(shop, application) == (4, 2, 1, 0, "carried")


async def test_a_vote_may_be_replaced_and_the_last_one_counts(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await voted(shop, application, "in_favour", "in_favour", "in_favour", "in_favour")
    await voted(shop, application, "against", "against", "abstained")
    await voted(shop, application, "in_favour")
    await shop.set_clock(CLOSES)
    await close(shop)
    assert await tally(shop, application) == (4, 2, 1, 1, "carried")
    assert await shop.value("SELECT count(*) FROM application_vote") == 8


async def test_the_electorate_is_fixed_when_the_vote_opens(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await shop.enrol("late")
    at = OPENED + timedelta(days=1)
    await shop.set_clock(at)
    member: dict[str, Any] = {"ladder": "membership", "occurred_at": at}
    await set_by_hand(shop, "member", member=MemberBy(external_id="late"), **member)
    await set_by_hand(shop, None, member=MemberBy(external_id="m0"), **member)
    refused(await vote(shop, application, "late"), RefusalCode.INVALID_INPUT, "voter")
    refused(await vote(shop, application, "ann"), RefusalCode.INVALID_INPUT, "voter")
    refused(await vote(shop, application, "nobody"), RefusalCode.NOT_FOUND, "voter")
    done(await vote(shop, application, "m0"), VoteCast)


@pytest.mark.parametrize(
    ("choices", "result", "then"),
    [
        (("in_favour",), "no_quorum", ("rejected", None)),
        (("in_favour", "abstained"), "carried", ("open", "sign")),
        (("in_favour", "against"), "tie", ("open", "vote")),
        (("in_favour", "against", "against"), "lost", ("rejected", None)),
        (("in_favour", "in_favour", "against", "abstained"), "carried", ("open", "sign")),
    ],
)
async def test_a_vote_ends_as_the_programme_says(
    app_database: Database, choices: tuple[str, ...], result: str, then: tuple[str, str | None]
) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await voted(shop, application, *choices)
    await shop.set_clock(CLOSES)
    await close(shop)
    assert (await tally(shop, application))[-1] == result
    assert await stands(shop, application) == then
    assert await shop.tier(ladder="membership") == "guest"


async def test_a_tie_is_decided_by_hand_once_the_vote_is_over(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    refused(await decide(shop, application, "vote"), RefusalCode.INVALID_INPUT, "step")
    await voted(shop, application, "in_favour", "against")
    await shop.set_clock(CLOSES)
    await decided(shop, application, "vote")
    assert await stands(shop, application) == ("open", "sign")


async def test_a_vote_that_is_the_last_step_admits_at_its_end_however_late_it_is_closed(
    app_database: Database,
) -> None:
    shop = await chamber(app_database, OPENED, steps='["review", "vote"]')
    application = await applied(shop, "admission")
    await decided(shop, application, "review")
    await voted(shop, application, "in_favour", "in_favour")
    await shop.set_clock(CLOSES + timedelta(days=3))
    await shop.advance()
    assert await close(shop) == 1
    assert await stands(shop, application) == ("admitted", None)
    claimed = await shop.rows("SELECT from_at, until_at, origin FROM claim WHERE until_at IS NOT NULL")
    assert claimed == [(CLOSES, datetime(2028, 6, 15, 22, tzinfo=UTC), "grant")]
    assert await close(shop) == 0
    await assert_verified(shop)


async def test_a_worker_closes_votes(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await shop.set_clock(CLOSES)
    assert await work_once(shop.engine, set())
    assert await stands(shop, application) == ("rejected", None)


async def test_votes_wait_while_the_host_s_clock_is_not_believed(app_database: Database) -> None:
    host = FixedClock(OPENED)
    shop = await chamber(app_database, OPENED, clock=host)
    application = await opened(shop)
    believed = SteadyClock(host, lambda: 100.0)
    host.set(CLOSES)
    assert await close(shop, believed) == 0
    assert await stands(shop, application) == ("open", "vote")
    assert await close(shop) == 1


async def test_who_is_rejected_or_withdraws_may_apply_again_and_nobody_twice(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    first = await applied(shop, "admission")
    again = refused(await ask(shop, "admission"), RefusalCode.ALREADY_EXISTS, "rule")
    assert again.existing_id == first
    done(await decide(shop, first, "review", approved=False, reason="too small"), ApplicationChanged)
    assert await stands(shop, first) == ("rejected", None)
    refused(await decide(shop, first, "review"), RefusalCode.INVALID_INPUT, "application")
    second = await applied(shop, "admission")
    done(await withdraw(shop, second), ApplicationChanged)
    refused(await withdraw(shop, second), RefusalCode.INVALID_INPUT, "application")
    await applied(shop, "admission")
    refused(await ask(shop, "anything"), RefusalCode.INVALID_INPUT, "rule")


@pytest.mark.parametrize("answers", [None, "admitted"])
async def test_a_rule_that_fails_refuses_and_the_same_request_succeeds_once_it_is_repaired(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, answers: str | None
) -> None:
    decides, is_broken = TierGrant.transition, True

    def transition(rule: TierGrant, application: Application, event: AdmissionEvent) -> Any:
        if not is_broken:
            return decides(rule, application, event)
        if answers is None:
            raise ValueError("no admissions today")
        return answers

    monkeypatch.setattr(TierGrant, "transition", transition)
    shop = await chamber(app_database, OPENED)
    refusal = refused(await ask(shop, "admission", key="one"), RefusalCode.RULE_FAILED)
    assert (refusal.word, dict(refusal.parameters)) == ("rule-failed", {"rule": "admission"})
    assert await shop.value("SELECT count(*) FROM application") == 0
    is_broken = False
    done(await ask(shop, "admission", key="one"), ApplicationChanged)


async def test_the_same_request_is_answered_again(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    first = done(await ask(shop, "admission", key="once"), ApplicationChanged)
    again = done(await ask(shop, "admission", key="once"), ApplicationChanged)
    assert (again.application_id, again.replayed) == (first.application_id, True)


async def test_steps_are_decided_in_their_order(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    refused(await decide(shop, application, "sign"), RefusalCode.INVALID_INPUT, "step")
    refused(await decide(shop, application, "haggle"), RefusalCode.INVALID_INPUT, "step")
    refused(await decide(shop, application, "review", paid="1"), RefusalCode.INVALID_INPUT, "paid")
    refused(await vote(shop, application, "m0"), RefusalCode.INVALID_INPUT, "application")
    refused(await vote(shop, application, "m0", "maybe"), RefusalCode.INVALID_INPUT, "choice")


async def test_a_paid_year_ends_at_its_day_unless_the_next_was_paid(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", datetime(2026, 1, 31, 18, tzinfo=UTC))
    await shop.enrol("ann")
    first = await applied(shop, "subscription")
    refused(await decide(shop, first, "pay", paid="100"), RefusalCode.INVALID_INPUT, "paid")
    refused(await decide(shop, first, "pay"), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, first, "pay", **FEE)
    assert await shop.tier(ladder="prime") == "prime"
    end = datetime(2027, 1, 31, 6, tzinfo=UTC)
    await shop.set_clock(end - timedelta(days=40))
    renewal = await applied(shop, "subscription")
    refused(await decide(shop, renewal, "pay", **FEE), RefusalCode.INVALID_INPUT, "paid")
    await decided(shop, renewal, "pay", paid="119.00")
    await shop.set_clock(end)
    await shop.advance()
    assert await shop.tier(ladder="prime") == "prime"
    await shop.set_clock(end + timedelta(days=365) - timedelta(microseconds=1))
    await shop.advance()
    assert await shop.tier(ladder="prime") == "prime"
    await shop.set_clock(end + timedelta(days=365))
    await shop.advance()
    assert await shop.tier(ladder="prime") == "free"
    await assert_verified(shop)


async def test_who_lapsed_applies_anew_for_a_term_from_the_new_day(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", datetime(2026, 1, 31, 18, tzinfo=UTC))
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    await shop.set_clock(datetime(2027, 1, 31, 6, tzinfo=UTC))
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    kinds = await shop.rows("SELECT kind FROM application ORDER BY opened_at")
    assert kinds == [("entry",), ("entry",)]
    assert await shop.tier(ladder="prime") == "prime"
    latest = await shop.value("SELECT max(until_at) FROM claim")
    assert latest == datetime(2028, 1, 31, 6, tzinfo=UTC)


async def test_terms_are_counted_from_the_first_day_and_not_chained(app_database: Database) -> None:
    shop = await example(
        app_database, "paid_prime", datetime(2026, 1, 31, 18, tzinfo=UTC), term="{ months = 1 }"
    )
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    await decided(shop, await applied(shop, "subscription"), "pay", paid="119")
    ends = await shop.rows("SELECT until_at FROM claim ORDER BY until_at")
    assert ends == [(datetime(2026, 2, 28, 6, tzinfo=UTC),), (datetime(2026, 3, 31, 5, tzinfo=UTC),)]


@pytest.mark.parametrize("renewed_on", [5, 15, 25])
async def test_a_pause_prolongs_a_membership_and_its_renewal_by_its_days(
    app_database: Database, renewed_on: int
) -> None:
    shop = await example(app_database, "paid_prime", datetime(2026, 1, 1, 18, tzinfo=UTC))
    await shop.enrol("ann", enrolled_at=datetime(2026, 1, 1, 18, tzinfo=UTC))
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    what_happens: dict[int, PauseMember | ResumeMember | None] = {
        10: PauseMember(MemberBy(external_id="ann"), "away"),
        20: ResumeMember(MemberBy(external_id="ann")),
        renewed_on: None,
    }
    for day, command in sorted(what_happens.items()):
        await shop.set_clock(datetime(2026, 12, day, 18, tzinfo=UTC))
        if isinstance(command, PauseMember):
            done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)
        elif isinstance(command, ResumeMember):
            done(await resume_member(shop.engine, shop.caller, shop.key(), command), Recorded)
        else:
            await decided(shop, await applied(shop, "subscription"), "pay", paid="119")
    (state,) = (await shop.states()).values()
    ends = {claim.until_at for claim in state.ladders["prime"].claims}
    assert ends == {datetime(2027, 1, 11, 6, tzinfo=UTC), datetime(2028, 1, 11, 6, tzinfo=UTC)}
    await assert_verified(shop)


async def test_a_grant_that_was_ended_by_hand_is_not_renewed(app_database: Database) -> None:
    shop = await example(app_database, "paid_prime", datetime(2026, 1, 31, 18, tzinfo=UTC))
    await shop.enrol("ann")
    await decided(shop, await applied(shop, "subscription"), "pay", **FEE)
    at = datetime(2026, 3, 1, 18, tzinfo=UTC)
    await shop.set_clock(at)
    await set_by_hand(shop, None, at, ladder="prime", origin="grant")
    assert await shop.tier(ladder="prime") == "free"
    await applied(shop, "subscription")
    assert await shop.rows("SELECT kind FROM application ORDER BY opened_at") == [("entry",), ("entry",)]


async def test_a_vip_is_invited_and_signs_and_has_nothing_to_renew(app_database: Database) -> None:
    shop = await example(app_database, "vip_recruiting", OPENED)
    await shop.enrol("ann")
    application = await applied(shop, "card")
    await decided(shop, application, "invite")
    assert await shop.tier(ladder="card") == "guest"
    await decided(shop, application, "sign")
    assert await shop.tier(ladder="card") == "vip"
    assert await shop.rows("SELECT until_at FROM claim") == [(None,)]
    refused(await ask(shop, "card"), RefusalCode.INVALID_INPUT, "rule")


async def test_who_is_erased_applies_no_more(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    command = EraseMember(MemberBy(external_id="ann"))
    done(await erase_member(shop.engine, shop.caller, shop.key(), command), Erased)
    assert await stands(shop, application) == ("withdrawn", None)
    await shop.set_clock(CLOSES)
    assert await close(shop) == 0
    refused(await ask(shop, "admission"), RefusalCode.NOT_FOUND)


async def test_an_ended_application_stays_as_it_is(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await applied(shop, "admission")
    done(await withdraw(shop, application), ApplicationChanged)
    with pytest.raises(asyncpg.RestrictViolationError):
        async with shop.engine.database.writing(shop.business_id) as connection:
            await connection.execute(
                "UPDATE application SET event_count = 9 WHERE application_id = $1", application
            )


async def test_of_several_who_apply_at_once_one_application_is_made(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED, members=0)
    answers = await asyncio.gather(*(ask(shop, "admission") for _ in range(4)))
    made = [answer for answer in answers if isinstance(answer, ApplicationChanged)]
    assert len(made) == 1
    others = [answer for answer in answers if isinstance(answer, Refusal)]
    assert {other.code for other in others} == {RefusalCode.ALREADY_EXISTS}
    assert await shop.value("SELECT count(*) FROM application") == 1


async def test_several_workers_and_a_vote_at_its_end_close_it_once(app_database: Database) -> None:
    shop = await chamber(app_database, OPENED)
    application = await opened(shop)
    await voted(shop, application, "in_favour", "in_favour")
    await shop.set_clock(CLOSES)
    late = vote(shop, application, "m3", "against")
    *closed, answer = await asyncio.gather(close(shop), close(shop), close(shop), late)
    refused(answer, RefusalCode.INVALID_INPUT, "application")
    assert await tally(shop, application) == (4, 2, 0, 0, "carried")
    assert sum(closed) <= 1
