"""Closing memberships on request: a fact of the history, with a reason, that happens now and ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loyalty_engine.rating.facts import CLOSING
from loyalty_engine.services import checks
from loyalty_engine.services.application_history import withdraw
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.votes import close_over
from loyalty_engine.store.applications import open_applications
from loyalty_engine.store.connection import Connection


@dataclass(frozen=True, slots=True)
class CloseMember:
    """End a membership now, for good."""

    member: MemberBy
    reason: str


async def close_member(engine: Engine, caller: Caller, key: str, command: CloseMember) -> Recorded | Refusal:
    """Let a member leave: what is left of its points is forfeited, and it stands on no tier above the base.

    Votes that are over are closed first, open holds given back, and open applications withdrawn. Refused with
    NOT_FOUND, MEMBER_MERGED, or MEMBER_BLOCKED for one who has left.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        reason = checks.text(command.reason, "reason", longest=500)
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        member, _ = await close_over(deciding, connection, member)
        at, business_id = deciding.instant(member), business.business_id
        for application in await open_applications(connection, business_id, member.member_id):
            await withdraw(connection, business_id, application, at, deciding.now, caller)
        (recorded,) = await deciding.record(Decided(member, CLOSING, reason=reason))
        return recorded

    return await once(engine, caller, key, "closeMember", command, work)
