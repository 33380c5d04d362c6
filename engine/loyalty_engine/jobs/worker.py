"""The worker: does what has come due until nothing is, and looks again after a pause."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from loyalty_engine.clock import Clock, ClockJumped, SteadyClock, WatchedClock
from loyalty_engine.jobs.relay import publish_events
from loyalty_engine.services.due import Pace, advance_members, refold_parked
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.proposing import Proposals
from loyalty_engine.services.simulating import continue_simulation
from loyalty_engine.services.votes import close_votes

AT_ONCE = 1000
PAUSE_SECONDS = 1.0
TROUBLE_PAUSE_SECONDS = 10.0

_logger = logging.getLogger(__name__)


async def work(
    engine: Engine,
    stop: asyncio.Event,
    *,
    pause_seconds: float = PAUSE_SECONDS,
    sweeping: SteadyClock | None = None,
) -> None:
    """Works until `stop` is set, which ends it after the transaction at hand.

    Members at which a rule failed are folded again once by each worker, when it first sees their business: a
    repaired rule comes with a new process. While the database does not answer the worker waits and tries
    again; any other error ends it. While the host's clock is not believed no time passes for any member, but
    for those of sandboxes with clocks of their own.
    """
    repaired, pace, proposals = set[UUID](), Pace(), Proposals()
    watched = WatchedClock(sweeping or SteadyClock(engine.clock), "Members that are due wait")
    while not stop.is_set():
        try:
            with contextlib.suppress(ClockJumped):
                watched.now()
            if not await work_once(engine, repaired, watched, pace, proposals):
                await _pause(stop, pause_seconds)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
            _logger.exception("The database does not answer; trying again.")
            await _pause(stop, TROUBLE_PAUSE_SECONDS)


async def work_once(
    engine: Engine,
    repaired: set[UUID],
    sweeping: Clock | None = None,
    pace: Pace | None = None,
    proposals: Proposals | None = None,
) -> bool:
    """Does a chunk of what is due in all businesses, and then one of a simulation.

    Says whether there was anything.
    `repaired` are the businesses whose members with failed rules need not be folded again; it grows.
    """
    due = await engine.database.due(engine.clock.now(), AT_ONCE)
    done = 0
    for row in due:
        business_id = row["business_id"]
        if row["work"] == "repair" and business_id not in repaired:
            repaired.add(business_id)
            done += await refold_parked(engine, business_id, pace)
        elif row["work"] == "events":
            done += await publish_events(engine, business_id)
    done += await close_votes(engine, due, sweeping)
    done += await advance_members(engine, due, sweeping, pace, proposals)
    done += await _simulate(engine, [row["business_id"] for row in due if row["work"] == "simulation"])
    return done > 0


async def _simulate(engine: Engine, business_ids: Sequence[UUID]) -> int:
    """One chunk of a simulation, of a business by lot, so that what comes due never waits for many."""
    for business_id in random.sample(business_ids, len(business_ids)):
        if await continue_simulation(engine, business_id):
            return 1
    return 0


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Waits, but no longer than until the worker is to stop."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
