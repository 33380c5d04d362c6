"""Memberships that rest now and then: facts decide, whenever the rest of them arrives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.services import pause_member, resume_member
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from tests.properties.histories import (
    END,
    JOINED,
    MEMBERS,
    Event,
    deliver_anyhow,
    enrol_all,
    histories,
    place,
    send,
)
from tests.properties.invariants import broken
from tests.properties.programs import programs
from tests.properties.snapshots import snapshot
from tests.services.shop import Shop, done, new_shop

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Rest:
    """A member's pause, which ends by itself on a day, or when it is ended, or not at all."""

    member: str
    since: datetime
    until: date | None
    ended: datetime | None

    def __repr__(self) -> str:
        """In one line."""
        return (
            f"{self.member} rests {self.since:%Y-%m-%d %H:%M} until {self.until or self.ended or 'further'}"
        )


@st.composite
def rests(draw: st.DrawFn) -> list[Rest]:
    """Pauses one after another, of days and of months, at instants at which nothing else happens."""
    found = []
    for member in MEMBERS:
        at = JOINED + timedelta(seconds=17)
        for _ in range(draw(st.integers(0, 3))):
            at += timedelta(days=draw(st.one_of(st.integers(0, 30), st.integers(0, 200))), hours=1)
            days = draw(st.sampled_from((1, 2, 15, 40, 120, 300)))
            back, kind = (
                at + timedelta(days=days),
                draw(st.sampled_from(("planned", "ended", "ended", "open"))),
            )
            if back >= END or kind == "open":
                found += [Rest(member, at, None, None)] if at < END else []
                break
            planned = kind == "planned"
            found.append(Rest(member, at, back.date() if planned else None, None if planned else back))
            at = back
    return found


def _moments(taken: Sequence[Rest]) -> list[tuple[datetime, str, PauseMember | ResumeMember]]:
    found: list[tuple[datetime, str, PauseMember | ResumeMember]] = []
    for each in taken:
        member = MemberBy(external_id=each.member)
        found.append((each.since, each.member, PauseMember(member, "abroad", each.until)))
        if each.ended is not None:
            found.append((each.ended, each.member, ResumeMember(member)))
    return sorted(found, key=lambda moment: moment[:2])


async def _rest(shop: Shop, at: datetime, command: PauseMember | ResumeMember) -> None:
    await shop.set_clock(at)
    if isinstance(command, PauseMember):
        done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)
    else:
        done(await resume_member(shop.engine, shop.caller, shop.key(), command), Recorded)


async def _live(shop: Shop, events: Sequence[Event], taken: Sequence[Rest]) -> None:
    """Each at its own time, and time passes in between."""
    moments = _moments(taken)
    for event in sorted(events, key=place):
        while moments and moments[0][0] <= event.at:
            at, _, command = moments.pop(0)
            await _rest(shop, at, command)
        await shop.set_clock(max(event.at, JOINED))
        if int(event.command.external_id) % 2 == 0:
            await shop.advance()
        done(await send(shop, event.command), Recorded)
    for at, _, command in moments:
        await _rest(shop, at, command)
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
