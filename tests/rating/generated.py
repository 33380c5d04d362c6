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

from loyalty_engine.localtime import first_instant
from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact, Fact, ReturnFact, State, ValueFact
from loyalty_engine.rating.facts import place_of
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
expiries = st.sampled_from(
    [
        '"never"',
        "{ days = 40 }",
        '{ months = 3, then = "end_of_month" }',
        '{ day = "10-01", after_months = 2 }',
    ]
)


@st.composite
def ladders(draw: st.DrawFn, key: str, policies: Sequence[str], net: bool) -> str:
    """One ladder, with a rule for spend and one for visits."""
    gross = "" if net else draw(st.sampled_from(["", "", "net = false, "]))
    counted = draw(st.sampled_from(["activities", "local_days", "units"]))
    return ladder(
        draw(trees).replace("SPEND", f"{key}_spend").replace("VISITS", f"{key}_visits"),
        key=key,
        at=draw(st.sampled_from(["activity", "activity", "review"])),
        until=draw(untils),
        review=draw(st.sampled_from([None, "month", "quarter", "year", "cycle"])),
        cycle=draw(cycles),
        downgrade=draw(st.sampled_from(["qualified", "one_step", "base"])),
        returns=draw(st.sampled_from(policies)),
    ) + (
        rule(
            f"{key}_spend",
            "tier_spend",
            f"{{ {draw(filters)}{gross}window = {draw(windows)}, thresholds = {{ {draw(thresholds)} }} }}",
        )
        + rule(
            f"{key}_visits",
            "tier_frequency",
            f'{{ {draw(filters)}count = "{counted}", window = {draw(windows)}, '
            f"thresholds = {{ {draw(counts)} }} }}",
        )
    )


@st.composite
def points(draw: st.DrawFn) -> str:
    """One points currency."""
    return (
        f'[[points]]\nkey = "points"\ndecimals = {draw(st.integers(0, 2))}\n'
        f'rounding = "{draw(st.sampled_from(["floor", "toward_zero", "half_up", "half_even"]))}"\n'
        f"expiry = {draw(expiries)}\n"
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
def programs(draw: st.DrawFn, policies: Sequence[str] = POLICIES, *, net: bool = False) -> Program:
    """A program with nothing rationed; ``net`` leaves out measures that ignore returns."""
    source = (
        draw(points())
        + draw(ladders("status", policies, net))
        + (draw(ladders("circle", policies, net)) if draw(st.booleans()) else "")
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


@st.composite
def histories(
    draw: st.DrawFn, of: st.SearchStrategy[Program] | None = None, *, linked: bool = True, most: int = 9
) -> History:
    """Purchases, returns and dated values under a program."""
    program = draw(of if of is not None else programs())
    zone = program.zone
    facts: list[Fact] = []
    for number in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["purchase"] * 5 + ["unlinked", "value"]))
        if kind == "purchase":
            facts.append(bought(draw, zone, number))
        elif kind == "unlinked":
            facts.append(unlinked(draw, zone, number))
        else:
            facts.append(value(draw(instants(zone)), "vip", draw(st.booleans())))
    if linked:
        for fact in [
            each for each in facts if isinstance(each, ActivityFact) and each.activity.kind == "purchase"
        ]:
            if draw(st.integers(0, 2)) == 0:
                facts += draw(returns_of(fact, zone))
    unique = {fact.natural_key: fact for fact in facts}
    return History(program, tuple(unique.values()))


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
