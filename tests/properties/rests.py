"""Members who rest now and then, made by Hypothesis, and how their pauses are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from loyalty_engine.services import pause_member, resume_member
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from tests.properties.histories import END, JOINED, MEMBERS
from tests.services.shop import Shop, done


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
def rests(draw: st.DrawFn, members: Sequence[str] = MEMBERS) -> list[Rest]:
    """Pauses one after another, of days and of months, at instants at which nothing else happens."""
    found = []
    for member in members:
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


Moment = tuple[datetime, str, PauseMember | ResumeMember]


def moments_of(taken: Sequence[Rest]) -> list[Moment]:
    """When something is to be sent, in that order: at what instant, about whom, and what."""
    found: list[Moment] = []
    for each in taken:
        member = MemberBy(external_id=each.member)
        found.append((each.since, each.member, PauseMember(member, "abroad", each.until)))
        if each.ended is not None:
            found.append((each.ended, each.member, ResumeMember(member)))
    return sorted(found, key=lambda moment: moment[:2])


async def rest_until(shop: Shop, moments: list[Moment], until: datetime) -> None:
    """Send what is due up to an instant, each at its own."""
    while moments and moments[0][0] <= until:
        at, _, command = moments.pop(0)
        await shop.set_clock(at)
        if isinstance(command, PauseMember):
            done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)
        else:
            done(await resume_member(shop.engine, shop.caller, shop.key(), command), Recorded)
