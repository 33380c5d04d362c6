"""Votes on applications: cast by electors, replaced until the vote closes, and closed when its time is up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from loyalty_engine.clock import Clock, ClockJumped
from loyalty_engine.entities.application import VOTE_CHOICES
from loyalty_engine.rating.admission import Ballot, tally_of
from loyalty_engine.rules import VoteClosed
from loyalty_engine.services.application_commands import CastVote, VoteCast
from loyalty_engine.services.application_history import ApplicationHistory, Happened, ended, state_of
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.ended import refuse_ended
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.services.finding import checked_member, found_members, member_not_found
from loyalty_engine.services.operations import once
from loyalty_engine.services.periods import open_periods
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.applications import (
    ApplicationRow,
    application,
    ballots,
    electors,
    insert_vote,
    is_elector,
    open_applications,
)
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow

_logger = logging.getLogger(__name__)


async def cast_vote(engine: Engine, caller: Caller, key: str, command: CastVote) -> VoteCast | Refusal:
    """Vote on an application; a vote that was cast before is replaced.

    Refused with NOT_FOUND, MEMBER_MERGED, MEMBER_BLOCKED, or INVALID_INPUT where no votes are cast on it now,
    or not by this member.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> VoteCast:
        if command.choice not in VOTE_CHOICES:
            raise invalid("kind-unknown", "choice", kinds=", ".join(VOTE_CHOICES))
        return await _cast(
            Deciding(engine, caller, connection, business), engine, caller, connection, command
        )

    return await once(engine, caller, key, "castVote", command, work)


async def _cast(
    deciding: Deciding, engine: Engine, caller: Caller, connection: Connection, command: CastVote
) -> VoteCast:
    business_id, by = deciding.business.business_id, checked_member(command.voter, "voter")
    named = await application(connection, business_id, command.application)
    if named is None:
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "application-not-found", {}, ("application",)))
    found = await found_members(connection, engine, caller, [by])
    if by not in found:
        raise member_not_found("voter")
    applicant, voter = await deciding.lock_ids([named.member_id, found[by]], "application", "voter")
    await refuse_ended(connection, business_id, [voter], "voter")
    row = await application(connection, business_id, command.application)
    row = await closed_in_time(deciding, connection, applicant, row or named)
    if row.state != "open":
        raise ended(row)
    if row.closes_at is None:
        raise invalid("application-no-vote", "application", step=str(row.step))
    if not await is_elector(connection, business_id, row.application_id, voter.member_id):
        raise invalid("application-not-elector", "voter")
    vote = {
        "business_id": business_id,
        "application_id": row.application_id,
        "member_id": voter.member_id,
        "choice": command.choice,
        "cast_at": deciding.now,
        "credential_id": caller.credential_id,
    }
    return VoteCast(row.application_id, await insert_vote(connection, vote))


async def closed_in_time(
    deciding: Deciding, connection: Connection, member: MemberRow, row: ApplicationRow
) -> ApplicationRow:
    """The application of a locked member, its vote closed if the time of that is up."""
    if row.closes_at is None or row.closes_at > deciding.now:
        return row
    business_id, closes_at = deciding.business.business_id, row.closes_at
    votes = [
        Ballot(vote["member_id"], vote["version"], vote["choice"], vote["cast_at"])
        for vote in await ballots(connection, business_id, row.application_id)
    ]
    tally = tally_of(await electors(connection, business_id, row.application_id), votes, closes_at)
    history, state = ApplicationHistory(deciding, connection, None, member), state_of(row)
    program = history.program(row)
    transition = history.ask(program, row.rule, state, VoteClosed(tally))
    counted = {
        "electors": tally.electors,
        "in_favour": tally.in_favour,
        "against": tally.against,
        "abstained": tally.abstained,
        "result": transition.result,
    }
    at = await _booked_at(deciding, connection, member, closes_at)
    happened = Happened("closed", at, row.step, tally=counted)
    await history.follow(history.identity(row), program, state, transition, happened, row.event_count + 1)
    after = await application(connection, business_id, row.application_id)
    return after or row


async def close_over(
    deciding: Deciding, connection: Connection, member: MemberRow, until: datetime | None = None
) -> tuple[MemberRow, int]:
    """Close the votes on a locked member's applications whose time is up: the member then, and how many.

    It was up ``until`` an instant, which is now where none is given. One at which a rule fails stays open.
    """
    until = until or deciding.now
    rows = await open_applications(connection, deciding.business.business_id, member.member_id)
    over = [row for row in rows if row.closes_at is not None and row.closes_at <= until]
    closed = 0
    for row in sorted(over, key=lambda each: (each.closes_at, each.application_id)):
        try:
            await closed_in_time(deciding, connection, member, row)
        except Refused as refused:
            _logger.warning("application %s stays open: %s", row.application_id, refused.refusal.code)
            continue
        member, closed = await deciding.again(member), closed + 1
    return member, closed


async def _booked_at(
    deciding: Deciding, connection: Connection, member: MemberRow, closes_at: datetime
) -> datetime:
    """When what a vote leads to happens: at its end, or now where nothing is booked there any more."""
    periods = await open_periods(connection, deciding.business, deciding.rulebook, deciding.now)
    try:
        return max(periods.booked_at(closes_at, None), member.enrolled_at)
    except Refused:
        return deciding.instant(member)


async def close_votes(engine: Engine, due: Sequence[asyncpg.Record], sweeping: Clock | None = None) -> int:
    """Close the votes among what is due; of how many members there were some.

    A business whose program does not load, or at whose vote a rule fails, is passed over and tried again.
    """
    closed = 0
    for row in due:
        if row["work"] != "vote":
            continue
        try:
            closed += await _close(engine, row["business_id"], row["member_id"], sweeping or engine.clock)
        except ClockJumped:
            continue
        except (ProgramUnavailable, Refused):
            _logger.exception("business %s: a vote waits to be closed", row["business_id"])
    return closed


async def _close(engine: Engine, business_id: UUID, member_id: UUID, sweeping: Clock) -> int:
    async def work(connection: Connection) -> int:
        business = replace(await engine.business(connection, business_id), clock=sweeping)
        deciding = Deciding(engine, operator(business_id), connection, business)
        (member,) = await deciding.lock_ids([member_id])
        _, closed = await close_over(deciding, connection, member, business.now())
        return closed and 1

    return await engine.database.write(business_id, work)
