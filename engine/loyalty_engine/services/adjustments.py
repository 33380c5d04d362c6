"""Adjustments: points added or taken away by the business, with a reason; large ones need a second person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from loyalty_engine.entities import Adjustment
from loyalty_engine.ids import new_id
from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.program.file import PointsSection
from loyalty_engine.rating import Moved, Portion
from loyalty_engine.services import checks
from loyalty_engine.services.commands import Adjusted, AdjustPoints, DecideAdjustment, MemberBy, Recorded
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.ended import refuse_left
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import insufficient, points_section, signed_units_of
from loyalty_engine.services.refusals import Forbidden, Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.adjustments import adjustment_by_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.rows import insert_rows, update_rows


async def adjust_points(
    engine: Engine, caller: Caller, key: str, command: AdjustPoints
) -> Adjusted | Refusal:
    """Add points, or take some away; above the program's limit it waits for somebody else's approval.

    Refused with INSUFFICIENT_POINTS where more is taken away than can be spent.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Adjusted:
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        section = points_section(deciding.program, command.points.currency, "points", "currency")
        units = signed_units_of(section, command.points.amount, "points", "amount")
        if not units:
            raise invalid("adjustment-of-nothing", "points", "amount")
        reason = checks.text(command.reason, "reason", longest=500)
        needs_approval = _needs_approval(section, units)
        adjustment_id = new_id()
        made = None
        if not needs_approval:
            made = await _make(deciding, member, section, units, reason)
        row = {
            "business_id": business.business_id,
            "adjustment_id": adjustment_id,
            "member_id": member.member_id,
            "currency": section.key,
            "amount": units,
            "reason": reason,
            "needs_approval": needs_approval,
            "asked_by": caller.actor,
            "asked_at": deciding.now,
            **_decision("approved", caller, deciding, made),
        }
        await insert_rows(connection, Adjustment, [row])
        return _adjusted(adjustment_id, member.member_id, made)

    return await once(engine, caller, key, "adjustPoints", command, work)


async def decide_adjustment(
    engine: Engine, caller: Caller, key: str, command: DecideAdjustment
) -> Adjusted | Refusal:
    """Approve or decline an adjustment that waits; nobody approves what they asked for (Forbidden).

    Refused with NOT_FOUND, INVALID_INPUT where it was decided before, INSUFFICIENT_POINTS, or MEMBER_BLOCKED
    where the member has left: then it can be declined.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Adjusted:
        named = await adjustment_by_id(connection, business.business_id, command.adjustment)
        by = None if named is None else MemberBy(id=named["member_id"])
        if named is None or by not in await found_members(connection, engine, caller, [by] if by else []):
            raise _not_found()
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock_ids([named["member_id"]])
        row = await adjustment_by_id(connection, business.business_id, command.adjustment)
        if row is None:
            raise _not_found()
        if row["decision"] is not None:
            raise invalid("adjustment-decided", "adjustment")
        made = None
        if command.approve:
            if row["asked_by"] == caller.actor:
                raise Forbidden("approve-own-adjustment")
            await refuse_left(connection, business.business_id, member, "adjustment")
            section = points_section(deciding.program, row["currency"])
            made = await _make(deciding, member, section, row["amount"], row["reason"])
        decision = "approved" if command.approve else "declined"
        change = _decision(decision, caller, deciding, made, decided=True)
        own = {"business_id": business.business_id, "adjustment_id": row["adjustment_id"]}
        await update_rows(connection, Adjustment, [{**own, **change}])
        return _adjusted(row["adjustment_id"], member.member_id, made)

    return await once(engine, caller, key, "decideAdjustment", command, work)


def _needs_approval(section: PointsSection, units: int) -> bool:
    limit = section.approval_above
    return limit is not None and abs(from_smallest_units(units, section.decimals)) > limit


async def _make(
    deciding: Deciding, member: MemberRow, section: PointsSection, units: int, reason: str
) -> Recorded:
    """Post it: what is added expires like what is earned today."""
    if units < 0:
        available = (await deciding.state(member)).wallet(section.key).available
        if available < -units:
            raise insufficient(section, available, -units)
    lots = (Portion(units, by_program=True),) if units > 0 else ()
    (made,) = await deciding.record(
        Decided(member, "adjustment", Moved(section.key, units, lots=lots), reason=reason)
    )
    return made


def _decision(
    decision: str, caller: Caller, deciding: Deciding, made: Recorded | None, *, decided: bool = False
) -> dict[str, object]:
    if made is None and not decided:
        return {"decision": None, "decided_by": None, "decided_at": None, "fact_id": None}
    return {
        "decision": decision,
        "decided_by": caller.actor,
        "decided_at": deciding.now,
        "fact_id": None if made is None else made.fact_id,
    }


def _adjusted(adjustment_id: UUID, member_id: UUID, made: Recorded | None) -> Adjusted:
    if made is None:
        return Adjusted(adjustment_id, member_id)
    return Adjusted(adjustment_id, member_id, made.fact_id, made.effect_ids)


def _not_found() -> Refused:
    return Refused(Refusal(RefusalCode.NOT_FOUND, "adjustment-not-found", {}, ("adjustment",)))
