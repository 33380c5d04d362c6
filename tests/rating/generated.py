"""Programs from a small grammar over the four built-in rules, and histories to fold under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact, Fact, Moved, Portion, ReturnFact, State, ValueFact
from loyalty_engine.rating.facts import place_of
from loyalty_engine.rating.overrides import OVERRIDE, ByHand
from loyalty_engine.rating.pauses import PAUSE, RESUME, pause_attributes
from loyalty_engine.rules import Activity, FundingShare
from tests.rating.histories import (
    JOINED,
    ladder,
    line,
    linked_return,
    new_member,
    program_of,
    purchase,
    rule,
    value,
)

POLICIES = ("undo", "from_now", "at_review", "never")
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Havana")
LAST_DAY = 500
UNTIL_DAY = 900
"""Long enough for every claim and lot of a history to end."""


@lru_cache(maxsize=4096)
def compiled(source: str, zone: str) -> Program:
    """A generated program; the same text is compiled once."""
    return program_of(source, zone=zone)


windows = st.sampled_from(
    [
        '"lifetime"',
        '"anniversary"',
        '{ calendar = "month" }',
        '{ calendar = "year" }',
        '{ fiscal_year = "04-01" }',
        "{ rolling_days = 30 }",
        "{ rolling_months = 3 }",
        '{ previous = { calendar = "quarter" } }',
        '"cycle"',
    ]
)
thresholds = st.sampled_from(['silver = "50", gold = "120"', 'gold = "80"', 'silver = "100"'])
counts = st.sampled_from(["silver = 2, gold = 4", "silver = 3"])
filters = st.sampled_from(["", 'categories = ["tea"], ', 'channels = ["web"], '])
trees = st.sampled_from(
    [
        '"SPEND"',
        '"VISITS"',
        '{ op = "any_of", of = ["SPEND", "VISITS"] }',
        '{ op = "all_of", of = ["SPEND", "VISITS"] }',
        '{ op = "weighted", of = ["SPEND", "VISITS"], weights = { SPEND = 2, VISITS = 1 }, at_least = 2 }',
        '{ op = "any_of", of = ["VISITS", { op = "all_of", of = ["SPEND"] }] }',
    ]
)
untils = st.sampled_from(
    ['"lifetime"', "{ months = 1 }", '{ end_of = "quarter" }', '{ end_of = "year", plus_months = 2 }']
)
cycles = st.sampled_from(
    ['{ months = 3, restart = ["upgrade", "downgrade"] }', "{ months = 1, restart = [] }"]
)
keeps = st.sampled_from([None, None, '"KEPT"', '{ op = "all_of", of = ["KEPT", "VISITS"] }'])
prolongings = st.sampled_from(
    ["", "", "grace_days = 5", "grace_days = 40", "notice_days = 10", "grace_days = 10, notice_days = 20"]
)
announcements = st.sampled_from(["notice_days = 10", "notice_days = 45", "grace_days = 5, notice_days = 20"])
expiries = st.sampled_from(
    [
        '"never"',
        "{ days = 40 }",
        '{ months = 3, then = "end_of_month" }',
        '{ day = "10-01", after_months = 2 }',
        '{ idle_months = 1, kept_by = ["purchase", "redemption"] }',
    ]
)
pendings = st.sampled_from(
    [
        "",
        "",
        "pending = { days = 14 }\n",
        "pending = { days = 50, confirmed = true }\n",
        "pending = { confirmed = true }\n",
    ]
)


@st.composite
def ladders(draw: st.DrawFn, key: str, policies: Sequence[str], net: bool, announcing: bool) -> str:
    """One ladder, with a rule for spend and one for visits."""
    gross = "" if net else draw(st.sampled_from(["", "", "net = false, "]))
    counted = draw(st.sampled_from(["activities", "local_days", "units", *VISITS, *VISITS]))
    keep, reviews = draw(keeps), draw(st.sampled_from([None, "month", "quarter", "year", "cycle", "dates"]))
    return ladder(
        draw(trees).replace("SPEND", f"{key}_spend").replace("VISITS", f"{key}_visits"),
        key=key,
        at=draw(st.sampled_from(["activity", "activity", "review"])),
        until=draw(untils),
        review=None if reviews == "dates" else reviews,
        dates='["02-15", "06-01", "11-30"]' if reviews == "dates" else None,
        keep=None if keep is None else keep.replace("KEPT", f"{key}_kept").replace("VISITS", f"{key}_visits"),
        prolonging=draw(announcements if announcing else prolongings),
        cycle=draw(cycles),
        downgrade=draw(st.sampled_from(["qualified", "one_step", "base"])),
        returns=draw(st.sampled_from(policies)),
    ) + (
        rule(
            f"{key}_spend",
            "tier_spend",
            f"{{ {draw(filters)}{gross}window = {draw(windows)}, thresholds = {{ {draw(thresholds)} }} }}",
        )
        + VISITS.get(counted, visited)(draw, f"{key}_visits", counted, gross)
        + rule(f"{key}_kept", "tier_spend", f"{{ window = {draw(windows)}, thresholds = {{ gold = 30 }} }}")
    )


def visited(draw: st.DrawFn, rule_id: str, counted: str, _gross: str) -> str:
    """Tiers by how often something was done."""
    named = f"{{ {draw(counts)} }}"
    config = f'{{ {draw(filters)}count = "{counted}", window = {draw(windows)}, thresholds = {named} }}'
    return rule(rule_id, "tier_frequency", config)


def earned(draw: st.DrawFn, rule_id: str, _counted: str, gross: str) -> str:
    """Tiers by points, of all rules or of some."""
    rules = draw(st.sampled_from(["", 'rules = ["earn"], ', 'rules = ["offer_0", "earn"], ']))
    named = f"{{ {draw(thresholds)} }}"
    config = f'{{ currency = "points", {rules}{gross}window = {draw(windows)}, thresholds = {named} }}'
    return rule(rule_id, "tier_points", config)


def scored(draw: st.DrawFn, rule_id: str, _counted: str, gross: str) -> str:
    """Tiers by a score of the largest or the last purchase and of a dated value."""
    take = draw(st.sampled_from(["largest", "last"]))
    chosen = f"{draw(filters)}{gross}window = {draw(windows)}"
    part = f'key = "m", weight = 1, of = "amount", take = "{take}", {chosen}'
    named = f"{{ {draw(thresholds)} }}"
    return rule(
        rule_id,
        "tier_score",
        f"{{ measures = [{{ {part} }}], scores = {{ luck = 2 }}, thresholds = {named} }}",
    )


def aged(draw: st.DrawFn, rule_id: str, _counted: str, _gross: str) -> str:
    """Tiers by tenure."""
    named = draw(st.sampled_from(["silver = 2, gold = 14", "gold = 1"]))
    return rule(rule_id, "tier_tenure", f'{{ unit = "months", thresholds = {{ {named} }} }}')


VISITS = {"points": earned, "score": scored, "tenure": aged}
"""What else may stand for visits."""


@st.composite
def points(draw: st.DrawFn) -> str:
    """One points currency."""
    return (
        f'[[points]]\nkey = "points"\ndecimals = {draw(st.integers(0, 2))}\n'
        f'rounding = "{draw(st.sampled_from(["floor", "toward_zero", "half_up", "half_even"]))}"\n'
        f"expiry = {draw(expiries)}\n{draw(pendings)}"
        f'offers = {{ choose = "{draw(st.sampled_from(["best", "all"]))}" }}\n'
    )


def earning(bonus: str, caps: str) -> str:
    """Points for purchases, at rates and with a bonus by tier."""
    rates = 'ladder = "status", rates = { basic = "1", gold = "1.5" }'
    written = f'{{ currency = "points", negative = "take_back", {rates}{bonus}{caps} }}'
    return rule("earn", "earn_purchase", written)


def promotion(rule_id: str, award: str, *, extra: str = "") -> str:
    """A promotion whose budget has no limit."""
    funding = 'funding = [{ partner = "bank", percent = "60", unlimited = true }]'
    return rule(
        rule_id, "partner_rewards", f'{{ partner = "bank", currency = "points", {award}, {extra}{funding} }}'
    )


bonuses = st.sampled_from(["", ', bonus_percent = { silver = "10", gold = "25" }'])
line_caps = st.sampled_from(
    ["", ', caps = [{ period = "month", points = 60 }]', ', caps = [{ period = "activity", points = 25 }]']
)
awards = st.sampled_from(['multiple = "2"', "points = 15", 'multiple = "1.5"'])
offer_extras = st.sampled_from(
    [
        "",
        'minimum = "30", ',
        "once_per_member = true, ",
        'caps = [{ period = "quarter", points = 40, times = 2 }], ',
        "audience = { attributes = { vip = true } }, ",
        'audience = { tiers = ["status.silver", "status.gold"] }, ',
    ]
)


@st.composite
def programs(
    draw: st.DrawFn, policies: Sequence[str] = POLICIES, *, net: bool = False, announcing: bool = False
) -> Program:
    """A program with nothing rationed; ``net`` leaves out measures that ignore returns.

    With ``announcing`` every ladder gives notice before a downgrade.
    """
    source = (
        draw(points())
        + draw(ladders("status", policies, net, announcing))
        + (draw(ladders("circle", policies, net, announcing)) if draw(st.booleans()) else "")
        + earning(draw(bonuses), draw(line_caps))
        + "".join(promotion(f"offer_{index}", draw(awards), extra=draw(offer_extras)) for index in range(2))
    )
    return compiled(source, draw(st.sampled_from(ZONES)))


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """Facts of one member under one program."""

    program: Program
    facts: tuple[Fact, ...]

    def __repr__(self) -> str:
        """The file and the facts, to read when a property fails."""
        facts = "\n  ".join(str(fact) for fact in sorted(self.facts, key=place_of))
        return f"{self.program.source}\n  {facts}\n"

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


__all__ = ["History", "ReturnFact", "ValueFact", "compiled", "histories", "programs", "returns_of", "without"]
