"""Histories to fold under generated programs, and the returns in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import Program
from loyalty_engine.program.plan import Plan
from loyalty_engine.rating import ActivityFact, Fact, Moved, Portion, ReturnFact, Rulebook, State
from loyalty_engine.rating.facts import place_of
from loyalty_engine.rating.overrides import OVERRIDE, ByHand
from loyalty_engine.rating.pauses import PAUSE, RESUME, pause_attributes
from loyalty_engine.rules import Activity, FundingShare
from tests.rating.generated_programs import programs
from tests.rating.histories import (
    JOINED,
    line,
    linked_return,
    new_member,
    purchase,
    rulebook_of,
    value,
)

LAST_DAY = 500
UNTIL_DAY = 900
"""Long enough for every claim and lot of a history to end."""


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """Facts of one member under one program, or under that one and those that ``later`` say."""

    program: Program
    facts: tuple[Fact, ...]
    later: tuple[tuple[str, Program, Plan], ...] = ()

    def __repr__(self) -> str:
        """The files and the facts, to read when a property fails."""
        files = [self.program.source, *(f"{at} {plan.text}\n{each.source}" for at, each, plan in self.later)]
        facts = "\n  ".join(str(fact) for fact in sorted(self.facts, key=place_of))
        return "\n".join(files) + f"\n  {facts}\n"

    @property
    def rulebook(self) -> Rulebook:
        """The versions that its facts are folded by."""
        return rulebook_of(self.program, *self.later)

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin."""
        return self.program.zone

    @property
    def until(self) -> datetime:
        """An instant after everything."""
        return first_instant(JOINED + timedelta(days=UNTIL_DAY), self.zone)

    def member(self) -> State:
        """The member before anything happened."""
        return new_member(JOINED, self.zone)


amounts = st.sampled_from(["0", "9.99", "20", "33.33", "50", "70.50", "130"])
offsets = st.sampled_from(
    [timedelta(0), timedelta(hours=12), timedelta(hours=12), timedelta(hours=23, minutes=59)]
)


@st.composite
def instants(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """An instant of one of few days, so that several facts meet at one; boundaries are among them."""
    day = draw(st.sampled_from([0, 1, 27, 28, 59, 60, 91, 92, 150, 182, 274, 366, 400, LAST_DAY]))
    return first_instant(JOINED + timedelta(days=day), zone) + draw(offsets)


def bought(draw: st.DrawFn, zone: ZoneInfo, number: int) -> ActivityFact:
    """A purchase, with lines of which some are of a category."""
    amount = Decimal(draw(amounts))
    tea = draw(st.sampled_from([Decimal(0), amount, (amount / 2).quantize(Decimal("0.01"))]))
    lines = [line("1", str(tea), "tea"), line("2", str(amount - tea), "cake")]
    return purchase(
        draw(instants(zone)),
        str(amount),
        f"{draw(st.sampled_from('abc'))}{number}",
        units=str(draw(st.integers(0, 3))),
        channel=draw(st.sampled_from([None, "web"])),
        lines=lines if draw(st.booleans()) else (),
        zone=zone,
    )


def unlinked(draw: st.DrawFn, zone: ZoneInfo, number: int) -> ActivityFact:
    """A return that names no purchase."""
    amount = draw(st.sampled_from(["-9.99", "-40", "-130"]))
    return purchase(draw(instants(zone)), amount, f"u{number}", kind="return", units="-1", zone=zone)


def moving(
    at: datetime, kind: str, name: str, moved: Moved | None, zone: ZoneInfo, about: Fact | None = None
) -> ActivityFact:
    """An activity that itself moves points."""
    activity = Activity("till", name, kind, at, local_day(at, zone))
    return ActivityFact(activity, moved, None if about is None else about.natural_key)


def spent_or_received(draw: st.DrawFn, zone: ZoneInfo, number: int) -> ActivityFact:
    """A redemption, an adjustment either way, or points from another member."""
    at, units = draw(instants(zone)), draw(st.integers(1, 9000))
    match draw(st.sampled_from(["redemption", "redemption", "adjustment", "receipt"])):
        case "redemption":
            return moving(at, "redemption", f"m{number}", Moved("points", -units), zone)
        case "adjustment" if draw(st.booleans()):
            return moving(at, "adjustment", f"m{number}", Moved("points", -units), zone)
        case "adjustment":
            added = Moved("points", units, lots=(Portion(units, by_program=True),))
            return moving(at, "adjustment", f"m{number}", added, zone)
        case kind:
            ends = at + timedelta(days=draw(st.integers(1, 90)))
            share = FundingShare("bank", Decimal(40))
            lots = (Portion(units, ends, (share,)), Portion(7))
            return moving(at, kind, f"m{number}", Moved("points", units + 7, lots=lots), zone)


def held(draw: st.DrawFn, zone: ZoneInfo, number: int) -> list[ActivityFact]:
    """A hold, which may be captured or voided before its time is up."""
    at, units, days = draw(instants(zone)), draw(st.integers(1, 9000)), draw(st.integers(1, 100))
    hold = moving(at, "hold", f"h{number}", Moved("points", -units, at + timedelta(days=days)), zone)
    close = draw(st.sampled_from([None, "capture", "void"]))
    if close is None:
        return [hold]
    later = at + timedelta(hours=draw(st.integers(1, days * 24 - 1)))
    captured = draw(st.integers(1, units)) if close == "capture" else 0
    return [hold, moving(later, close, f"h{number} closed", Moved("points", -captured), zone, hold)]


def told(draw: st.DrawFn, zone: ZoneInfo, _number: int) -> list[Fact]:
    """A dated value: an attribute, or a score that may end."""
    if draw(st.booleans()):
        return [value(draw(instants(zone)), "vip", draw(st.booleans()))]
    score = draw(st.sampled_from([30, "45.5", {"value": 60, "until": "2024-04-01"}, "none"]))
    return [value(draw(instants(zone)), "luck", score, "score")]


def set_by_hand(draw: st.DrawFn, zone: ZoneInfo, number: int) -> list[Fact]:
    """A standing set by hand, or the end of what was."""
    return [setting(draw, draw(instants(zone)), zone, number)]


def setting(draw: st.DrawFn, at: datetime, zone: ZoneInfo, number: int) -> Fact:
    """The same, at an instant."""
    days = draw(st.sampled_from([None, 1, 30, 91, 400]))
    ends = None if days is None else first_instant(local_day(at, zone) + timedelta(days=days), zone)
    said = ByHand(
        draw(st.sampled_from(["status", "status", "circle"])),
        draw(st.sampled_from(["basic", "silver", "gold", None])),
        ends,
        draw(st.booleans()),
        draw(st.sampled_from(["override", "match", "grant"])),
    )
    name = f"{draw(st.sampled_from('ax'))} by hand {number}"
    return ActivityFact(
        Activity("desk", name, OVERRIDE, at, local_day(at, zone), attributes=said.attributes())
    )


def rested(draw: st.DrawFn, zone: ZoneInfo, number: int) -> list[Fact]:
    """A pause, until a day or until it is ended, or its end."""
    return resting(draw, draw(instants(zone)), zone, number)


def resting(draw: st.DrawFn, at: datetime, zone: ZoneInfo, number: int) -> list[Fact]:
    """The same, from an instant on."""
    days = draw(st.sampled_from([None, 1, 30, 91]))
    ends = None if days is None else first_instant(local_day(at, zone) + timedelta(days=days), zone)
    name = f"{draw(st.sampled_from('ax'))} rest {number}"
    began = Activity("desk", name, PAUSE, at, local_day(at, zone), attributes=pause_attributes(ends))
    later = at + timedelta(days=draw(st.integers(0, 120)), hours=draw(st.sampled_from([0, 1, 12])))
    ended = Activity("desk", f"{name} over", RESUME, later, local_day(later, zone), attributes={})
    return [ActivityFact(began), *([ActivityFact(ended)] if draw(st.booleans()) else ())]


Making = Callable[[st.DrawFn, ZoneInfo, int], Sequence[Fact]]
KINDS: tuple[Making, ...] = (
    *[lambda draw, zone, number: [bought(draw, zone, number)]] * 5,
    *[lambda draw, zone, number: [spent_or_received(draw, zone, number)]] * 2,
    lambda draw, zone, number: [unlinked(draw, zone, number)],
    held,
    told,
    set_by_hand,
    rested,
)
"""What happens in a history, the more often the more often it stands here."""


def _undone(draw: st.DrawFn, facts: Sequence[Fact]) -> list[Fact]:
    """Returns of what moved points."""
    found: list[Fact] = []
    for number, fact in enumerate(_of_kinds(facts, "redemption", "receipt", "adjustment")):
        if draw(st.integers(0, 2)) == 0:
            at = fact.occurred_at + timedelta(days=draw(st.integers(0, 60)))
            found.append(ReturnFact("till", f"z undone {number}", at, fact.natural_key, Decimal(0)))
    return found


@st.composite
def histories(
    draw: st.DrawFn, of: st.SearchStrategy[Program] | None = None, *, linked: bool = True, most: int = 9
) -> History:
    """Purchases, returns, dated values and movements of points under a program."""
    program = draw(of if of is not None else programs())
    zone = program.zone
    facts: list[Fact] = []
    for number in range(draw(st.integers(1, most))):
        facts += draw(st.sampled_from(KINDS))(draw, zone, number)
    for number, fact in enumerate(_of_kinds(facts, "purchase")):
        if draw(st.integers(0, 3)) == 0:
            at = fact.occurred_at + timedelta(days=draw(st.integers(0, 20)))
            facts.append(moving(at, "confirmation", f"z confirmed {number}", None, zone, fact))
    if linked:
        facts += _undone(draw, facts)
        for fact in _of_kinds(facts, "purchase"):
            if draw(st.integers(0, 2)) == 0:
                facts += draw(returns_of(fact, zone))
    unique = {fact.natural_key: fact for fact in facts}
    return History(program, tuple(unique.values()))


def _of_kinds(facts: Sequence[Fact], *kinds: str) -> list[ActivityFact]:
    return [fact for fact in facts if isinstance(fact, ActivityFact) and fact.activity.kind in kinds]


@st.composite
def returns_of(
    draw: st.DrawFn, fact: ActivityFact, zone: ZoneInfo, *, whole: bool | None = None
) -> list[Fact]:
    """Linked returns of a purchase in one to three parts, at or after it; by line where it has lines."""
    whole = draw(st.booleans()) if whole is None else whole
    parts = draw(splits(fact, whole=whole))
    at = fact.occurred_at
    returns: list[Fact] = []
    for number, part in enumerate(parts):
        at += draw(st.sampled_from([timedelta(0), timedelta(days=1), timedelta(days=40)]))
        prefix = draw(st.sampled_from(["0", "z"]))
        returns.append(part(at, f"{prefix} return {fact.activity.external_id} {number}"))
    return returns


Part = Callable[[datetime, str], ReturnFact]


@st.composite
def splits(draw: st.DrawFn, fact: ActivityFact, *, whole: bool) -> list[Part]:
    """The parts in which a purchase comes back, the whole of it or some."""
    activity = fact.activity
    total = activity.amount or Decimal(0)
    count = draw(st.integers(1, 3))
    cuts = sorted(draw(st.lists(st.integers(0, 99), min_size=count - 1, max_size=count - 1)))
    bounds = [0, *cuts, 100 if whole else draw(st.integers(max(cuts, default=0), 99))]
    steps = [(total * bound / 100).quantize(Decimal("0.01")) for bound in bounds]
    steps[0] = Decimal(0)
    amounts = [after - before for before, after in pairwise(steps)]
    if not activity.lines:
        return [_by_amount(fact, amount) for amount in amounts]
    left = {each.key: each.amount for each in activity.lines}
    parts = []
    for amount in amounts:
        first = min(left["1"], amount)
        lines = {"1": first, "2": amount - first}
        left = {key: left[key] - lines[key] for key in left}
        parts.append(_by_line(fact, amount, {key: str(part) for key, part in lines.items() if part}))
    return parts


def _by_amount(fact: ActivityFact, amount: Decimal) -> Part:
    return lambda at, key: linked_return(at, fact, str(amount), key)


def _by_line(fact: ActivityFact, amount: Decimal, lines: dict[str, str]) -> Part:
    return lambda at, key: linked_return(at, fact, str(amount), key, lines=lines)


def without(facts: Sequence[Fact], dropped: ActivityFact) -> list[Fact]:
    """The facts as if a purchase had never been made."""
    return [
        fact
        for fact in facts
        if fact.natural_key != dropped.natural_key
        and not (isinstance(fact, ReturnFact) and fact.of == dropped.natural_key)
    ]
