"""Closing periods: nothing is recorded in them any more (BEHAVIOUR L21)."""

from __future__ import annotations

from datetime import datetime

from loyalty_engine.entities import Settlement
from loyalty_engine.ids import new_id
from loyalty_engine.services import checks
from loyalty_engine.services.commands import CloseSettlement, Settled
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.finding import checked_partner, named_partners
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import insert_rows
from loyalty_engine.store.settlements import closed_until, lock_settlements


async def close_settlement(
    engine: Engine, caller: Caller, key: str, command: CloseSettlement
) -> Settled | Refusal:
    """Close what occurred before an instant, of the business or of one partner's activities.

    It waits for what is being recorded. Refused with INVALID_INPUT for an instant that is not over yet, or
    not after what is closed already.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Settled:
        return await _close(caller, connection, business, command)

    return await once(engine, caller, key, "closeSettlement", command, work)


async def _close(
    caller: Caller, connection: Connection, business: Business, command: CloseSettlement
) -> Settled:
    partners = await named_partners(connection, caller, [command.partner])
    _, partner_id = checked_partner(command.partner, partners)
    await lock_settlements(connection, business.business_id)
    now = business.now()  # after the lock, so that all that is recorded later is recorded after it
    until = checks.instant(command.until, now, "until")
    if until > now:
        raise invalid("settlement-not-over", "until", now=now.isoformat())
    closed = await closed_until(connection, business.business_id)
    before = max((at for key in {None, partner_id} if (at := closed.get(key)) is not None), default=None)
    if before is not None and until <= before:
        raise invalid("settlement-goes-forward", "until", until=before.isoformat())
    settlement_id = new_id()
    row = {
        "business_id": business.business_id,
        "settlement_id": settlement_id,
        "partner_id": partner_id,
        "until_at": until,
        "closed_at": now,
        "credential_id": caller.credential_id,
    }
    await insert_rows(connection, Settlement, [row])
    return Settled(settlement_id)
