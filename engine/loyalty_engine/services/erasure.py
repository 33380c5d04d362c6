"""Erasing a member's personal data; what its points and tiers came from stays (BEHAVIOUR L49)."""

from __future__ import annotations

from datetime import datetime

from loyalty_engine.entities import Outbox
from loyalty_engine.services.application_history import withdraw
from loyalty_engine.services.commands import Erased, EraseMember
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.services.events import Events
from loyalty_engine.services.finding import checked_member, found_members, member_not_found
from loyalty_engine.services.merged import refuse_merged
from loyalty_engine.services.operations import once
from loyalty_engine.services.posting import Rows
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.votes import close_over
from loyalty_engine.store.applications import open_applications
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.erasure import erase_personal_data
from loyalty_engine.store.members import MemberRow, lock_members
from loyalty_engine.store.merges import absorbed_by
from loyalty_engine.store.rows import insert_rows


async def erase_member(engine: Engine, caller: Caller, key: str, command: EraseMember) -> Erased | Refusal:
    """Delete what names the member, who is told of as erased from then on, and what names whom it absorbed.

    Its facts, points and tiers stay, and time goes on for them; nothing more is recorded of it, and its open
    applications are withdrawn. Erasing again changes nothing.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Erased:
        return await _erase(engine, caller, connection, business, command)

    return await once(engine, caller, key, "eraseMember", command, work)


async def _erase(
    engine: Engine, caller: Caller, connection: Connection, business: Business, command: EraseMember
) -> Erased:
    by = checked_member(command.member)
    found = await found_members(connection, engine, caller, [by])
    if by not in found:
        raise member_not_found()
    business_id, member_id = business.business_id, found[by]
    member = (await lock_members(connection, business_id, [member_id], erased=True))[member_id]
    if member.status == "erased":
        return Erased(member_id)
    await refuse_merged(connection, business_id, [member])
    applications = await open_applications(connection, business_id, member_id)
    if any(each.closes_at is not None and each.closes_at <= business.now() for each in applications):
        member = await _without_votes_over(engine, caller, connection, business, member)
    for application in await open_applications(connection, business_id, member_id):
        at = member.not_before(business.now())
        await withdraw(connection, business_id, application, at, at, caller)
    now, rows = member.not_before(business.now()), Rows()
    events = Events({"business_id": business_id, "member_id": member_id}, rows, now, member.event_count)
    events.add("member.erased", None, {})
    await insert_rows(connection, Outbox, rows.events)
    absorbed = (await absorbed_by(connection, business_id, [member_id])).get(member_id, [])
    await erase_personal_data(connection, business_id, member_id, absorbed, events.count, now)
    return Erased(member_id)


async def _without_votes_over(
    engine: Engine, caller: Caller, connection: Connection, business: Business, member: MemberRow
) -> MemberRow:
    """A locked member once votes that are over are closed, which takes a program that loads."""
    deciding = Deciding(engine, caller, connection, business)
    try:
        (member,) = await deciding.lock_ids([member.member_id])
    except ProgramUnavailable:
        return member
    return (await close_over(deciding, connection, member))[0]
