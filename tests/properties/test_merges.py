"""Any two histories merged at any point: every total stays, tiers do not fall, and all promises hold."""

from __future__ import annotations

from datetime import datetime
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services import RefusalCode, merge_members
from loyalty_engine.services.commands import MemberBy, MembersMerged, MergeMembers, Recorded
from loyalty_engine.store.database import Database
from tests.properties.histories import END, JOINED, Event, enrol_all, histories, place, send
from tests.properties.invariants import broken
from tests.properties.programs import programs
from tests.properties.rests import Rest, moments_of, rest_until, rests
from tests.services.shop import Shop, done, new_shop, refused

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
TOTALS = """
SELECT currency, kind = 'pending', sum(balance)::bigint FROM account WHERE member_id IS NOT NULL
GROUP BY 1, 2 HAVING sum(balance) <> 0 ORDER BY 1, 2
"""
ENDS = """
SELECT currency, expires_at, earned_at, pending, releases_at, funding::text, sum(remaining)::bigint
FROM lot WHERE remaining > 0 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""
RANKS = {name: rank for rank, name in enumerate(("basic", "silver", "gold"))} | {"guest": 0, "friend": 1}


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(source=programs(), events=histories(most=8), seed=st.integers(0, 10**6), taken=rests(["bob"]))
async def test_two_histories_are_merged_at_any_point(
    app_database: Database, source: str, events: list[Event], seed: int, taken: list[Rest]
) -> None:
    """Whoever goes on may rest before and after it."""
    chance, moments = Random(seed), moments_of(taken)
    shop = await new_shop(app_database, source, clock_at=JOINED)
    await enrol_all(shop)
    ordered = sorted(events, key=place)
    merged_after = chance.randint(0, len(ordered))
    late = [event for event in ordered if chance.random() < 0.2 and event.after is None]
    late = [event for event in late if not any(_is_of(other, event, events) for other in ordered)]
    for event in [event for event in ordered[:merged_after] if event not in late]:
        await rest_until(shop, moments, event.at)
        await shop.set_clock(max(event.at, JOINED))
        done(await send(shop, event.command), Recorded)
    await _merge(shop)
    rest = [*(event for event in ordered[merged_after:] if event not in late), *late]
    for event in rest:
        await rest_until(shop, moments, event.at)
        await shop.set_clock(max(event.at, await _now(shop)))
        await _send_after(shop, event)
    await rest_until(shop, moments, END)
    await shop.set_clock(END)
    await shop.advance()
    assert await broken(shop) == {}
    rows = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == rows


def _is_of(other: Event, event: Event, events: list[Event]) -> bool:
    return other.after is not None and events[other.after] is event


async def _now(shop: Shop) -> datetime:
    now: datetime = await shop.value("SELECT clock_at FROM business")
    return now


async def _send_after(shop: Shop, event: Event) -> None:
    member = getattr(event.command, "member", None)
    if member is not None and member.external_id == "ann":
        refused(await send(shop, event.command), RefusalCode.MEMBER_MERGED)
    else:
        answer = await send(shop, event.command)
        if not isinstance(answer, Recorded):
            refused(answer, RefusalCode.ORIGINAL_NOT_FOUND)


async def _merge(shop: Shop) -> None:
    await shop.advance()
    before = await shop.rows(TOTALS)
    ends, tiers = await shop.rows(ENDS), await _tiers(shop)
    command = MergeMembers(MemberBy(external_id="ann"), MemberBy(external_id="bob"))
    done(await merge_members(shop.engine, shop.caller, "merge", command), MembersMerged)
    assert await shop.rows(TOTALS) == before
    if not await shop.value("SELECT count(*) FROM transfer WHERE code IN ('repay_debt', 'owe')"):
        assert await shop.rows(ENDS) == ends
    assert (
        await shop.rows(
            "SELECT balance FROM account JOIN member USING (business_id, member_id)"
            " WHERE external_id = 'ann' AND balance <> 0"
        )
        == []
    )
    after = await _tiers(shop)
    if await shop.value("SELECT count(*) FROM claim WHERE locked"):
        tiers = {}  # A lock may put a member lower than either stood.
    for (member, ladder), tier in tiers.items():
        assert RANKS[after["bob", ladder]] >= RANKS[tier], (member, ladder)
    assert await broken(shop) == {}


async def _tiers(shop: Shop) -> dict[tuple[str, str], str]:
    rows = await shop.rows(
        "SELECT external_id, ladder, tier FROM current_standing JOIN member USING (business_id, member_id)"
    )
    return {(member, ladder): tier for member, ladder, tier in rows}
