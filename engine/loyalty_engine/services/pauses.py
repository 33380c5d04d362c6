"""Pausing and resuming members: facts of their histories, each with a reason, that happen now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.rating.pauses import PAUSE, RESUME, pause_attributes
from loyalty_engine.services import checks
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.overrides import LATEST_YEAR
from loyalty_engine.services.refusals import Refusal, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow


@dataclass(frozen=True, slots=True)
class PauseMember:
    """Let a membership rest from now on; ``until`` is the first local day on which it goes on by itself."""

    member: MemberBy
    reason: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ResumeMember:
    """Let a paused membership go on from now on."""

    member: MemberBy
    reason: str | None = None


async def pause_member(engine: Engine, caller: Caller, key: str, command: PauseMember) -> Recorded | Refusal:
    """Pause a member: no claim ends and no review is held until it goes on, when ends are moved.

    Refused with NOT_FOUND, or INVALID_INPUT for one who is paused, or until a day that is not ahead.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        reason = checks.text(command.reason, "reason", longest=500)
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        if (await deciding.state(member)).pause is not None:
            raise invalid("member-paused", "member")
        attributes = pause_attributes(_end(deciding, member, command.until))
        (recorded,) = await deciding.record(Decided(member, PAUSE, attributes=attributes, reason=reason))
        return recorded

    return await once(engine, caller, key, "pauseMember", command, work)


async def resume_member(
    engine: Engine, caller: Caller, key: str, command: ResumeMember
) -> Recorded | Refusal:
    """End a member's pause: the ends of claims and the cycles move by the days paused.

    Refused with NOT_FOUND, or INVALID_INPUT for one who is not paused.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        reason = checks.optional_text(command.reason, "reason", longest=500)
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        if (await deciding.state(member)).pause is None:
            raise invalid("member-not-paused", "member")
        (recorded,) = await deciding.record(Decided(member, RESUME, reason=reason))
        return recorded

    return await once(engine, caller, key, "resumeMember", command, work)


def _end(deciding: Deciding, member: MemberRow, until: date | None) -> datetime | None:
    if until is None:
        return None
    zone = deciding.program.zone
    if not local_day(deciding.instant(member), zone) < until or until.year > LATEST_YEAR:
        raise invalid("pause-end", "until", latest=str(LATEST_YEAR))
    return first_instant(until, zone)
