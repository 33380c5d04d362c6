"""The clock of a sandbox business, which only goes forward."""

from __future__ import annotations

from datetime import UTC, datetime

from loyalty_engine.services.commands import ClockSet
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.refusals import Refusal, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.programs import set_business_clock

LATEST = datetime(2200, 1, 1, tzinfo=UTC)


async def set_clock(engine: Engine, caller: Caller, key: str, instant: datetime) -> ClockSet | Refusal:
    """Set a sandbox's clock; members that are due then are advanced by the worker.

    Refused for a business that is no sandbox, and for an instant before the clock's own.
    """

    async def work(connection: Connection, business: Business, now: datetime) -> ClockSet:
        if not business.row.sandbox:
            raise invalid("clock-of-a-sandbox-only")
        if instant.tzinfo is None:
            raise invalid("instant-without-zone", "now")
        if business.row.clock_at is not None and instant < now:
            raise invalid("clock-goes-forward", "now", now=now.isoformat())
        if instant > LATEST:
            raise invalid("instant-too-late", "now", latest=LATEST.isoformat())
        await set_business_clock(connection, business.business_id, instant)
        return ClockSet(instant.astimezone(UTC))

    return await once(engine, caller, key, "setClock", instant, work)
