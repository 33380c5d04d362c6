"""Histories as they might come, made by Hypothesis, and the ways in which they are delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from hypothesis import strategies as st

from loyalty_engine.services import Refusal, RefusalCode
from loyalty_engine.services.commands import (
    ActivityBy,
    LineInput,
    MemberBy,
    PointsInput,
    RecordActivity,
    Recorded,
    RecordFact,
    ReverseActivity,
)
from loyalty_engine.services.overrides import SetStanding
from tests.services.by_hand import send_standing
from tests.services.shop import Shop, done

MEMBERS = ("ann", "bob")
JOINED = datetime(2025, 1, 10, 9, tzinfo=UTC)
END = datetime(2026, 9, 1, 12, tzinfo=UTC)
LOCAL_MIDNIGHTS = [datetime(2025, month, 1, 0, tzinfo=UTC) - timedelta(hours=1) for month in (2, 3, 12)]
"""Instants of boundaries in Berlin."""

BUSY = datetime(2025, 1, 25, 9, tzinfo=UTC)
"""An instant at which many things happen, so that their keys decide their order."""

Command = RecordActivity | ReverseActivity | RecordFact | SetStanding


@dataclass(frozen=True)
class Event:
    """A fact that is sent; a linked return comes after the event `after`."""

    at: datetime
    command: Command
    after: int | None = None

    def __repr__(self) -> str:
        """In one line, with what tells it from others."""
        command, at = self.command, f"{self.at:%Y-%m-%d %H:%M}"
        of = f"{command.source} {command.external_id}"
        match command:
            case RecordActivity():
                lines = [f"{line.category} {line.amount}" for line in command.lines]
                who = command.member.external_id
                return f"{at} {of}: {who} {command.kind} {command.amount} {lines} {command.channel}"
            case ReverseActivity():
                taken = command.amount or [f"{line.category} {line.amount}" for line in command.lines]
                return f"{at} {of}: {taken} of {command.activity.natural} back"
            case SetStanding():
                told = f"{command.ladder} {command.tier} until {command.until} locked {command.locked}"
                return f"{at} {of}: {command.member.external_id} set to {told}"
        return f"{at} {of}: {command.member.external_id} {command.key}={command.value}"


Amounts = st.integers(1, 9000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def instants(draw: st.DrawFn, since: datetime = JOINED) -> datetime:
    """Few enough that some are the same, some at boundaries, most in the first months."""
    if since == JOINED and draw(st.integers(0, 3)) == 0:
        return BUSY
    if draw(st.integers(0, 5)) == 0:
        return max(since, draw(st.sampled_from(LOCAL_MIDNIGHTS)))
    days = draw(st.one_of(st.integers(0, 60), st.integers(0, 400)))
    return min(END, since + timedelta(days=days, hours=draw(st.sampled_from((0, 0, 3)))))


@st.composite
def histories(draw: st.DrawFn, most: int = 9) -> list[Event]:
    """Purchases with and without lines, parts of them returned, unlinked returns, values."""
    numbers, events = count(), list[Event]()
    for _ in range(draw(st.integers(1, most))):
        member = MemberBy(external_id=draw(st.sampled_from(MEMBERS)))
        at = draw(instants())
        source = draw(st.sampled_from(("till", "web")))
        natural: dict[str, Any] = {"source": source, "external_id": f"{next(numbers):02}"}
        match draw(
            st.sampled_from(("purchase", "purchase", "purchase", "redemption", "return", "value", "by hand"))
        ):
            case "redemption":
                events += draw(_redemptions(member, at, natural, numbers, len(events)))
            case "purchase":
                events += draw(_purchases(member, at, natural, numbers, len(events)))
            case "return":
                amount = -draw(Amounts)
                given: dict[str, Any] = {"amount": amount, "channel": draw(st.sampled_from((None, "web")))}
                events.append(Event(at, RecordActivity(member, "return", **natural, occurred_at=at, **given)))
            case "by hand":
                events.append(draw(_settings(member, at, natural)))
            case _:
                value = draw(st.booleans())
                fact = RecordFact(member, "segment", "vip", value, **natural, occurred_at=at)
                events.append(Event(at, fact))
    return events


@st.composite
def _purchases(
    draw: st.DrawFn, member: MemberBy, at: datetime, natural: dict[str, Any], numbers: count[int], index: int
) -> list[Event]:
    amounts = draw(st.lists(Amounts, min_size=1, max_size=2))
    has_lines = draw(st.booleans()) or len(amounts) > 1
    lines = tuple(
        LineInput(str(number), amount, category=category)
        for number, (amount, category) in enumerate(zip(amounts, ("books", "toys"), strict=False))
    )
    command = RecordActivity(
        member,
        draw(st.sampled_from(("purchase", "purchase", "visit"))),
        **natural,
        occurred_at=at,
        amount=sum(amounts, Decimal(0)),
        lines=lines if has_lines else (),
        channel=draw(st.sampled_from((None, "web", "shop"))),
    )
    found = [Event(at, command)]
    for line in lines if has_lines else lines[:1]:
        for part in draw(parts(line.amount)):
            later = draw(instants(at))
            taken = (replace(line, amount=part),) if has_lines else ()
            back = ReverseActivity(
                ActivityBy(natural=(natural["source"], natural["external_id"])),
                natural["source"],
                f"{next(numbers):02}",
                later,
                None if has_lines else part,
                taken,
            )
            found.append(Event(later, back, index))
    return found


@st.composite
def _redemptions(
    draw: st.DrawFn, member: MemberBy, at: datetime, natural: dict[str, Any], numbers: count[int], index: int
) -> list[Event]:
    """A redemption that happened already, which may be given back."""
    points = PointsInput(Decimal(draw(st.integers(1, 120))), "points")
    found = [Event(at, RecordActivity(member, "redemption", **natural, occurred_at=at, points=points))]
    if draw(st.integers(0, 2)) == 0:
        later, of = draw(instants(at)), (natural["source"], natural["external_id"])
        back = ReverseActivity(ActivityBy(natural=of), natural["source"], f"{next(numbers):02}", later)
        found.append(Event(later, back, index))
    return found


@st.composite
def _settings(draw: st.DrawFn, member: MemberBy, at: datetime, natural: dict[str, Any]) -> Event:
    """A standing set by hand, or the end of what was."""
    ladder, tiers = draw(
        st.sampled_from((("status", ("silver", "gold", "gold", None)), ("club", ("friend", None))))
    )
    tier = draw(st.sampled_from(tiers))
    given: dict[str, Any] = {}
    if tier is not None:
        given["locked"] = draw(st.booleans())
        days = draw(st.sampled_from((None, 1, 40, 200)))
        given["until"] = None if days is None else at.date() + timedelta(days=1 + days)
    if given.get("locked") and draw(st.booleans()):
        tier = {"status": "basic", "club": "guest"}[ladder]
    return Event(at, SetStanding(member, ladder, tier, "why", **natural, occurred_at=at, **given))


@st.composite
def parts(draw: st.DrawFn, whole: Decimal) -> list[Decimal]:
    """Up to three parts that together are at most the whole."""
    left, found = whole, []
    for _ in range(draw(st.sampled_from((0, 0, 1, 2, 3)))):
        part = left if draw(st.booleans()) else Decimal(draw(st.integers(1, int(left * 100)))) / 100
        found.append(part)
        left -= part
        if not left:
            break
    return found


async def enrol_all(shop: Shop) -> None:
    """The members of every history."""
    for name in MEMBERS:
        await shop.enrol(name, enrolled_at=JOINED)


def place(event: Event) -> tuple[datetime, str, str]:
    """Where it stands in the order of the fold."""
    return (event.at, event.command.source, event.command.external_id)


async def deliver_in_order(shop: Shop, events: Sequence[Event]) -> None:
    """Each at its own time, and time passes in between."""
    for event in sorted(events, key=place):
        await shop.set_clock(max(event.at, JOINED))
        if int(event.command.external_id) % 2 == 0:
            await shop.advance()
        done(await send(shop, event.command), Recorded)
    await shop.set_clock(END)
    await shop.advance()


async def deliver_anyhow(shop: Shop, events: Sequence[Event], chance: Random) -> None:
    """Long afterwards, in any order and any batches, some of it more than once, with workers in between."""
    await shop.set_clock(END)
    waiting, sent = list(range(len(events))), list[int]()
    while waiting:
        ready = [index for index in waiting if events[index].after in (None, *sent)]
        some = chance.sample(ready, chance.randint(1, min(4, len(ready))))
        again = chance.sample(sent, chance.randint(0, min(2, len(sent))))
        await _send_some(shop, [events[index].command for index in some], must=True, chance=chance)
        await _send_some(shop, [events[index].command for index in again], must=False, chance=chance)
        waiting = [index for index in waiting if index not in some]
        sent += some
        if chance.random() < 0.2:
            await shop.advance()
    await shop.advance()


async def _send_some(shop: Shop, commands: Sequence[Command], *, must: bool, chance: Random) -> None:
    activities = [command for command in commands if isinstance(command, RecordActivity)]
    if activities and chance.random() < 0.7:
        repeated = [*activities, *chance.sample(activities, chance.randint(0, 1))]
        for answer in await shop.send_batch(repeated):
            assert isinstance(answer, Recorded), answer
        commands = [command for command in commands if not isinstance(command, RecordActivity)]
    for command in commands:
        answer = await send(shop, command)
        if must:
            done(answer, Recorded)
        else:
            assert isinstance(answer, Refusal), answer
            assert answer.code == RefusalCode.ALREADY_EXISTS


async def send(shop: Shop, command: Command) -> Recorded | Refusal:
    """Record whatever it is."""
    match command:
        case RecordActivity():
            return await shop.send(command)
        case ReverseActivity():
            return await shop.reverse(command)
        case SetStanding():
            return await send_standing(shop, command)
    return await shop.note(command)
