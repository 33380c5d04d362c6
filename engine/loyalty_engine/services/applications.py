"""Applying for membership, deciding steps of applications, and taking applications back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from loyalty_engine.entities.application import APPLICATION_STEPS
from loyalty_engine.rating.admission import ApplicationState, admits
from loyalty_engine.rules import Applied, StepDecided
from loyalty_engine.services import checks
from loyalty_engine.services.application_commands import (
    ApplicationChanged,
    Apply,
    DecideApplication,
    WithdrawApplication,
)
from loyalty_engine.services.application_history import (
    ApplicationHistory,
    Happened,
    ended,
    state_of,
    withdraw,
)
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members
from loyalty_engine.services.memberships import held
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.services.votes import close_over, closed_in_time
from loyalty_engine.store.applications import ApplicationRow, application, open_applications
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow


async def apply(engine: Engine, caller: Caller, key: str, command: Apply) -> ApplicationChanged | Refusal:
    """Apply for what a rule grants; who holds it already applies for another term.

    A renewal that nobody decided before the membership lapsed is withdrawn. Refused with NOT_FOUND,
    ALREADY_EXISTS while an application by the rule is open, or INVALID_INPUT where there is no such rule, or
    no renewal.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> ApplicationChanged:
        wanted = replace(command, rule=checks.text(command.rule, "rule", longest=64))
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=wanted.member)
        return await _apply(deciding, connection, caller, member, wanted.rule)

    return await once(engine, caller, key, "apply", command, work)


async def _apply(
    deciding: Deciding, connection: Connection, caller: Caller, member: MemberRow, rule: str
) -> ApplicationChanged:
    business_id, at = deciding.business.business_id, deciding.instant(member)
    version = deciding.rulebook.in_force(at)
    if rule not in admits(version.program):
        raise invalid("application-rule-unknown", "rule", rule=rule, known=", ".join(admits(version.program)))
    member, _ = await close_over(deciding, connection, member)
    history = ApplicationHistory(deciding, connection, caller, member)
    term, _ = await held(deciding, connection, member, rule, at)
    opened = await open_applications(connection, business_id, member.member_id)
    late = [row for row in opened if row.rule == rule]
    for row in late:
        if row.kind == "entry" or term is not None or row.closes_at is not None:
            await closed_in_time(deciding, connection, member, row)  # which a rule that fails refuses
            existing = row.application_id
            raise Refused(Refusal(RefusalCode.ALREADY_EXISTS, "application-open", {}, ("rule",), existing))
    state = ApplicationState("entry" if term is None else "renewal")
    transition = history.ask(version.program, rule, state, Applied())
    if transition.state == "refused" or (term is not None and term.until is None):
        raise invalid("application-not-possible", "rule", rule=rule)
    for row in late:
        await withdraw(connection, business_id, row, at, deciding.now, caller)
    happened = Happened("applied", at)
    identity = history.begin(rule, state.kind, version.id, happened)
    return await history.follow(identity, version.program, state, transition, happened)


async def decide_application(
    engine: Engine, caller: Caller, key: str, command: DecideApplication
) -> ApplicationChanged | Refusal:
    """Approve or reject the step at hand; the last approval admits the member.

    Refused with NOT_FOUND, or INVALID_INPUT where the application has ended, waits for another step or for
    votes, where what was paid is not the fee, or to approve a renewal when the membership has lapsed.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> ApplicationChanged:
        wanted = _checked(command)
        deciding = Deciding(engine, caller, connection, business)
        member, row = await _open(deciding, engine, caller, connection, wanted.application)
        return await _decide(deciding, connection, caller, member, row, wanted)

    return await once(engine, caller, key, "decideApplication", command, work)


def _checked(command: DecideApplication) -> DecideApplication:
    if command.step not in APPLICATION_STEPS:
        raise invalid("kind-unknown", "step", kinds=", ".join(APPLICATION_STEPS))
    reason = checks.optional_text(command.reason, "reason", longest=500)
    return replace(command, reason=reason, paid=checks.amount(command.paid, "paid"))


async def _decide(
    deciding: Deciding,
    connection: Connection,
    caller: Caller,
    member: MemberRow,
    row: ApplicationRow,
    wanted: DecideApplication,
) -> ApplicationChanged:
    if row.step != wanted.step:
        raise invalid("application-other-step", "step", step=str(row.step))
    if row.closes_at is not None:
        raise invalid("application-vote-open", "step", closesAt=row.closes_at.isoformat())
    _refuse_payment(row.fee if wanted.approved else None, wanted.paid)
    history, state = ApplicationHistory(deciding, connection, caller, member), state_of(row)
    program = history.program(row)
    transition = history.ask(program, row.rule, state, StepDecided(wanted.approved))
    at = deciding.instant(member)
    is_late = wanted.approved and row.kind == "renewal"
    if is_late:
        term, _ = await held(deciding, connection, member, row.rule, at)
        is_late = term is None
    if is_late or transition.state == "refused":
        raise invalid("application-not-possible", "step", rule=row.rule)
    happened = Happened("decided", at, wanted.step, wanted.approved, wanted.paid, wanted.reason)
    identity = history.identity(row)
    return await history.follow(identity, program, state, transition, happened, row.event_count + 1)


def _refuse_payment(fee: Decimal | None, paid: Decimal | None) -> None:
    if paid != fee:
        raise invalid("application-fee", "paid", fee="0" if fee is None else f"{fee:f}")


async def withdraw_application(
    engine: Engine, caller: Caller, key: str, command: WithdrawApplication
) -> ApplicationChanged | Refusal:
    """End an application without an answer; refused with INVALID_INPUT where it has ended."""

    async def work(connection: Connection, business: Business, _now: datetime) -> ApplicationChanged:
        deciding = Deciding(engine, caller, connection, business)
        member, row = await _open(deciding, engine, caller, connection, command.application)
        at, business_id = deciding.instant(member), business.business_id
        return await withdraw(connection, business_id, row, at, deciding.now, caller)

    return await once(engine, caller, key, "withdrawApplication", command, work)


async def _open(
    deciding: Deciding, engine: Engine, caller: Caller, connection: Connection, application_id: UUID
) -> tuple[MemberRow, ApplicationRow]:
    """An application and its member, locked, if it is still open once votes that are over are closed."""
    business_id = deciding.business.business_id
    named = await application(connection, business_id, application_id)
    by = [] if named is None else [MemberBy(id=named.member_id)]
    if named is None or not await found_members(connection, engine, caller, by):
        raise application_not_found()
    (member,) = await deciding.lock_ids([named.member_id], "application")
    row = await application(connection, business_id, application_id)
    if row is None:
        raise LookupError("an application is never removed")
    row = await closed_in_time(deciding, connection, member, row)
    if row.state != "open":
        raise ended(row)
    return member, row


def application_not_found() -> Refused:
    """The one answer for unknown, foreign and invisible applications."""
    return Refused(Refusal(RefusalCode.NOT_FOUND, "application-not-found", {}, ("application",)))
