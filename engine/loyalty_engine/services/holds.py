"""Holds: points set aside for somebody who captures them later, wholly or in part, or gives them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.wallet import Hold
from loyalty_engine.rating import Moved
from loyalty_engine.services import checks
from loyalty_engine.services.commands import CaptureHold, HoldPoints, MemberBy, Recorded, VoidHold
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import found_members
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import points_section, units_of
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.wallets import hold_by_id

LONGEST_HOLD = timedelta(days=366)
SECOND = timedelta(seconds=1)


async def hold_points(engine: Engine, caller: Caller, key: str, command: HoldPoints) -> Recorded | Refusal:
    """Set points aside; the activity that does so is the hold. Refused with INSUFFICIENT_POINTS."""

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        section = points_section(deciding.program, command.points.currency, "points", "currency")
        units = units_of(section, command.points.amount, "points", "amount")
        expires_at = _end(command.expires_at, deciding.instant(member))
        await deciding.spendable(member, section, units, "points", "currency")
        (recorded,) = await deciding.record(
            Decided(
                member,
                "hold",
                Moved(section.key, -units, expires_at),
                reason=checks.optional_text(command.reason, "reason", longest=500),
            )
        )
        return recorded

    return await once(engine, caller, key, "holdPoints", command, work)


async def capture_hold(engine: Engine, caller: Caller, key: str, command: CaptureHold) -> Recorded | Refusal:
    """Spend what a hold set aside, and give back what is left over.

    Refused with HOLD_CLOSED or HOLD_EXPIRED.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        return await _close(engine, caller, connection, business, command.hold, "capture", command.points)

    return await once(engine, caller, key, "captureHold", command, work)


async def void_hold(engine: Engine, caller: Caller, key: str, command: VoidHold) -> Recorded | Refusal:
    """Give back what a hold set aside; what ran out meanwhile is gone.

    Refused with HOLD_CLOSED or HOLD_EXPIRED.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Recorded:
        return await _close(engine, caller, connection, business, command.hold, "void", None)

    return await once(engine, caller, key, "voidHold", command, work)


async def _close(
    engine: Engine,
    caller: Caller,
    connection: Connection,
    business: Business,
    hold_id: UUID,
    kind: str,
    points: Decimal | None,
) -> Recorded:
    named = await hold_by_id(connection, business.business_id, hold_id)
    by = None if named is None else MemberBy(id=named["member_id"])
    if named is None or by not in await found_members(connection, engine, caller, [by] if by else []):
        raise Refused(Refusal(RefusalCode.NOT_FOUND, "hold-not-found", {}, ("hold",)))
    deciding = Deciding(engine, caller, connection, business)
    (member,) = await deciding.lock_ids([named["member_id"]])
    hold = await _open(deciding, connection, member, hold_id)
    natural, currency = (named["source"], named["external_id"]), named["currency"]
    units = 0
    if kind == "capture":
        units = _captured(deciding, currency, hold, points)
    (recorded,) = await deciding.record(
        Decided(member, kind, Moved(currency, -units), about=(hold_id, natural))
    )
    return Recorded(
        recorded.fact_id, recorded.member_id, recorded.effect_ids, recorded.parked, original_id=hold_id
    )


async def _open(deciding: Deciding, connection: Connection, member: MemberRow, hold_id: UUID) -> Hold:
    """The hold as it is now, under its member's lock, if it is still open."""
    row: Any = await hold_by_id(connection, deciding.business.business_id, hold_id)
    if row["state"] in ("captured", "voided"):
        raise Refused(Refusal(RefusalCode.HOLD_CLOSED, "hold-closed", {}, ("hold",)))
    if row["state"] == "expired" or row["expires_at"] <= deciding.instant(member):
        raise _expired(row)
    wallet = (await deciding.state(member)).wallet(row["currency"])
    return wallet.open_holds()[row["source"], row["external_id"]]


def _expired(row: asyncpg.Record) -> Refused:
    at = {"expiresAt": row["expires_at"].isoformat()}
    return Refused(Refusal(RefusalCode.HOLD_EXPIRED, "hold-expired", at, ("hold",)))


def _captured(deciding: Deciding, currency: str, hold: Hold, points: Decimal | None) -> int:
    if points is None:
        return hold.amount
    section = points_section(deciding.program, currency)
    units = units_of(section, points, "points")
    if units > hold.amount:
        left = format(from_smallest_units(hold.amount, section.decimals), "f")
        raise invalid("capture-exceeds-hold", "points", left=left)
    return units


def _end(expires_at: datetime, opened_at: datetime) -> datetime:
    """The end of a hold, on a whole second: boundaries are named by the second."""
    if expires_at.tzinfo is None:
        raise invalid("instant-without-zone", "expiresAt")
    if not opened_at < expires_at <= opened_at + LONGEST_HOLD:
        raise invalid("hold-ends-after-it-begins", "expiresAt", days=str(LONGEST_HOLD.days))
    whole = expires_at.replace(microsecond=0)
    return whole if whole == expires_at else whole + SECOND
