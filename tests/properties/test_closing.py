"""A member who leaves at any point of any history: nothing is left, and all promises hold, whatever comes."""

from __future__ import annotations

from datetime import datetime
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services import RefusalCode, close_member, merge_members, pause_member
from loyalty_engine.services.closings import CloseMember
from loyalty_engine.services.commands import MemberBy, MembersMerged, MergeMembers, Recorded, ReverseActivity
from loyalty_engine.services.pauses import PauseMember
from loyalty_engine.store.database import Database
from tests.properties.histories import END, JOINED, Event, enrol_all, histories, place, send
from tests.properties.invariants import broken
from tests.properties.programs import programs
from tests.services.shop import Shop, done, new_shop, refused

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
ANN = MemberBy(external_id="ann")
LEFT = """
SELECT a.kind, a.balance FROM account a JOIN member m USING (business_id, member_id)
WHERE m.closed_at IS NOT NULL AND a.kind <> 'debt' AND a.balance <> 0
"""
IN_FORCE = """
SELECT c.tier, c.until_at FROM claim c JOIN member m USING (business_id, member_id)
WHERE m.closed_at IS NOT NULL AND c.withdrawn_effect_id IS NULL
  AND (c.until_at IS NULL OR c.until_at > m.closed_at)
"""
TIERS = """
SELECT s.tier FROM current_standing s JOIN member m USING (business_id, member_id)
WHERE m.closed_at IS NOT NULL AND s.tier NOT IN ('basic', 'guest')
"""


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(
    source=programs(),
    events=histories(most=8),
    seed=st.integers(0, 10**6),
    absorbs=st.booleans(),
    rests=st.booleans(),
)
async def test_a_member_leaves_at_any_point(
    app_database: Database, source: str, events: list[Event], seed: int, absorbs: bool, rests: bool
) -> None:
    chance = Random(seed)
    shop = await new_shop(app_database, source, clock_at=JOINED)
    await enrol_all(shop)
    ordered = sorted(events, key=place)
    cut = chance.randint(0, len(ordered))
    late = [event for event in ordered[:cut] if event.after is not None and chance.random() < 0.5]
    for event in [event for event in ordered[:cut] if event not in late]:
        await shop.set_clock(max(event.at, JOINED))
        if chance.random() < 0.5:
            await shop.advance()
        done(await send(shop, event.command), Recorded)
    if absorbs:
        merge = MergeMembers(MemberBy(external_id="bob"), ANN)
        done(await merge_members(shop.engine, shop.caller, "merge", merge), MembersMerged)
    if rests:
        done(await pause_member(shop.engine, shop.caller, "pause", PauseMember(ANN, "rests")), Recorded)
    closed = await close_member(shop.engine, shop.caller, "close", CloseMember(ANN, "asked to"))
    done(closed, Recorded)
    await _nothing_is_left(shop)
    rest = [*late, *ordered[cut:]]
    chance.shuffle(rest)
    for event in sorted(rest, key=lambda event: event.after is not None):
        await shop.set_clock(max(event.at, await _now(shop)))
        await _send_after(shop, event, absorbs=absorbs)
        if chance.random() < 0.3:
            await shop.advance()
    await shop.set_clock(END)
    await shop.advance()
    await _nothing_is_left(shop)
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows


async def _send_after(shop: Shop, event: Event, *, absorbs: bool) -> None:
    """Returns are taken where there is something to return; nothing else is for her who left."""
    answer = await send(shop, event.command)
    if isinstance(event.command, ReverseActivity):
        if not isinstance(answer, Recorded):
            refused(answer, RefusalCode.ORIGINAL_NOT_FOUND)
    elif event.command.member == ANN:
        refused(answer, RefusalCode.MEMBER_BLOCKED, "member")
    elif absorbs:
        refused(answer, RefusalCode.MEMBER_MERGED, "member")
    else:
        done(answer, Recorded)


async def _nothing_is_left(shop: Shop) -> None:
    assert await broken(shop) == {}
    for query in (LEFT, IN_FORCE, TIERS):
        assert await shop.rows(query) == []
    query = "SELECT status, next_boundary_at FROM member WHERE external_id = 'ann'"
    assert await shop.rows(query) == [("closed", None)]


async def _now(shop: Shop) -> datetime:
    now: datetime = await shop.value("SELECT clock_at FROM business")
    return now
