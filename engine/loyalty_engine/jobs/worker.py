"""The worker: does what has come due until nothing is, and looks again after a pause."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.jobs.relay import publish_events
from loyalty_engine.services.due import advance_due, refold_parked
from loyalty_engine.services.engine import Engine

MEMBERS_AT_ONCE = 1000
PAUSE_SECONDS = 1.0
TROUBLE_PAUSE_SECONDS = 10.0

Businesses = Callable[[], Awaitable[Sequence[UUID]]]
"""The businesses whose events are published and whose repaired rules are folded.

The application's role sees one business at a time, so whoever starts the worker says which there are. Members
that are due are found in all of them without it.
"""

_logger = logging.getLogger(__name__)


async def work(
    engine: Engine, businesses: Businesses, stop: asyncio.Event, *, pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Works until `stop` is set, which ends it after the transaction at hand.

    The first time that it sees a business it folds again the members whose rules had failed, since these may
    be repaired. While the database does not answer it waits and tries again; any other error ends it.
    """
    seen: set[UUID] = set()
    while not stop.is_set():
        try:
            present = await businesses()
            for business_id in present:
                if business_id not in seen:
                    await refold_parked(engine, business_id)
                    seen.add(business_id)
            if not await work_once(engine, present):
                await _pause(stop, pause_seconds)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            _logger.exception("The database does not answer; trying again.")
            await _pause(stop, TROUBLE_PAUSE_SECONDS)


async def work_once(engine: Engine, businesses: Sequence[UUID]) -> bool:
    """Advances a chunk of due members and publishes a chunk of events; says whether there was anything."""
    done = await advance_due(engine, at_most=MEMBERS_AT_ONCE)
    for business_id in businesses:
        done += await publish_events(engine, business_id)
    return done > 0


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Waits, but no longer than until the worker is to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
