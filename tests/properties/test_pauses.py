"""Memberships that rest now and then: facts decide, whenever the rest of them arrives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services.commands import Recorded
from loyalty_engine.store.database import Database
from tests.properties.histories import (
    END,
    JOINED,
    Event,
    deliver_anyhow,
    enrol_all,
    histories,
    place,
    send,
)
from tests.properties.invariants import broken
from tests.properties.programs import programs
from tests.properties.rests import Rest, moments_of, rest_until, rests
from tests.properties.snapshots import snapshot
from tests.services.shop import Shop, done, new_shop

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def _live(shop: Shop, events: Sequence[Event], taken: Sequence[Rest]) -> None:
    """Each at its own time, and time passes in between."""
    moments = moments_of(taken)
    for event in sorted(events, key=place):
        await rest_until(shop, moments, event.at)
        await shop.set_clock(max(event.at, JOINED))
        if int(event.command.external_id) % 2 == 0:
            await shop.advance()
        done(await send(shop, event.command), Recorded)
    await rest_until(shop, moments, END)
    await shop.set_clock(END)
    await shop.advance()


async def _folded_again(shop: Shop) -> str:
    """What is stored, which a fold of everything leaves as it is."""
    assert await broken(shop) == {}
    rows, state = await shop.row_counts(), await snapshot(shop)
    await shop.refold_all()
    assert await shop.row_counts() == rows
    assert await snapshot(shop) == state
    return ID.sub("-", repr(state))


@settings(deadline=None, max_examples=15, suppress_health_check=SLOW)
@given(program=programs(), events=histories(), taken=rests(), chance=st.randoms(use_true_random=False))
async def test_who_rests_comes_to_the_same_whenever_the_rest_becomes_known(
    app_database: Database, program: str, events: list[Event], taken: list[Rest], chance: Random
) -> None:
    live, late = [await new_shop(app_database, program, clock_at=JOINED) for _ in range(2)]
    for shop in (live, late):
        await enrol_all(shop)
    await _live(live, events, taken)
    await _live(late, [], taken)
    await deliver_anyhow(late, events, chance)
    assert await _folded_again(late) == await _folded_again(live)
