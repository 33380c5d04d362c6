"""The outbox relay: events become readable in one order for each business, without gaps."""

from __future__ import annotations

from uuid import UUID

from loyalty_engine.services.engine import Engine
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.outbox import publish_waiting


async def publish_events(engine: Engine, business_id: UUID) -> int:
    """Publishes a chunk of a business's waiting events; returns how many.

    Any number of processes may run it; one of them publishes for a business at a time.
    """

    async def work(connection: Connection) -> int:
        business = await engine.business(connection, business_id)
        return await publish_waiting(connection, business_id, business.now())

    return await engine.database.write(business_id, work)
