"""Ladders that ask for something of every kind of rule, and what somebody does who follows a route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from hypothesis import strategies as st

from loyalty_engine.localtime import first_instant, local_day
from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact, Fact, State, ValueFact
from loyalty_engine.rating.overrides import OVERRIDE, ByHand
from loyalty_engine.rating.sights import Condition
from loyalty_engine.rating.windows import Days
from loyalty_engine.rules import (
    Activity,
    AtLeast,
    DatedValue,
    Figure,
    Ladder,
    Measure,
    Requirement,
    Rule,
    RuleConfig,
    Term,
    TierHooks,
)
from tests.rating.histories import LONDON as ZONE
from tests.rating.histories import (
    POINTS,
    folded,
    ladder,
    line,
    program_of,
    purchase,
    rule,
    value,
    with_rules,
)

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class InSegment(Rule[RuleConfig], TierHooks):
    """Supports silver for whoever is in a segment, and gold for whoever has an attribute too."""

    name = "in_segment"
    version = "1"
    Config = RuleConfig

    def measures(self) -> Sequence[Measure]:
        """Both, 1 where they are so."""
        return (self._segment(), self._attribute())

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """One of both for silver, both of them for gold."""
        terms = (Term(self._segment()), Term(self._attribute()))
        return {
            tier: AtLeast(terms, Decimal(bound))
            for tier, bound in (("silver", 1), ("gold", 2))
            if tier in ladder.tiers
        }

    def _segment(self) -> Measure:
        return Measure("segment", DatedValue("segment", "tea_lovers", ("in",)))

    def _attribute(self) -> Measure:
        return Measure("attribute", DatedValue("attribute", "vip", ("true",)))


EARNING = """
[[rules]]
id = "bring"
rule = "referral_reward"
config = { currency = "points", referrer_points = 10, minimum_amount = "1" }

[[rules]]
id = "guide"
rule = "earn_purchase"
config = { currency = "points", kinds = ["tour"], rate = "1", negative = "zero" }
"""
windows = st.sampled_from(
    [
        '"lifetime"',
        '{ calendar = "month" }',
        '{ calendar = "year" }',
        '{ fiscal_year = "10-15" }',
        "{ rolling_days = 90 }",
        "{ rolling_months = 2 }",
        '{ previous = { calendar = "quarter" } }',
        '"anniversary"',
        '"cycle"',
    ]
)


@st.composite
def bounds(draw: st.DrawFn, low: int, high: int) -> str:
    """What silver asks for, and mostly gold."""
    first = draw(st.integers(low, high))
    gold = f", gold = {first + draw(st.integers(1, high))}" if draw(st.integers(0, 3)) else ""
    return f"thresholds = {{ silver = {first}{gold} }}"


SCORE = (
    'measures = [{ key = "lessons", weight = 3, of = "activities", kinds = ["lesson"], WINDOW }], '
    'points = [{ key = "tours", weight = "0.5", currency = "points", rules = ["guide"], WINDOW }], '
    "scores = { luck = 2 }"
)
LARGEST = 'key = "large", weight = 1, of = "amount", kinds = ["trade"], take = "largest", WINDOW'
ASKING: Mapping[str, tuple[str, str, int, int]] = {
    "tea": ("tier_spend", 'categories = ["tea"], WINDOW', 10, 90),
    "visits": ("tier_frequency", 'count = "activities", channels = ["app"], WINDOW', 1, 5),
    "steps": ("tier_frequency", 'count = { attribute = "steps" }, kinds = ["walk"], WINDOW', 50, 900),
    "days": ("tier_frequency", 'count = "local_days", kinds = ["gym"], WINDOW', 1, 6),
    "years": ("tier_tenure", 'unit = "months"', 5, 14),
    "friends": ("tier_referral", 'rewards = ["bring"], WINDOW', 1, 3),
    "largest": ("tier_score", f"measures = [{{ {LARGEST} }}]", 10, 90),
    "score": ("tier_score", SCORE, 5, 60),
    "points": ("tier_points", 'currency = "points", kinds = ["trip"], WINDOW', 20, 90),
}
"""What rules ask for, each with the least that silver may ask for and the most that is added to it."""

GIVEN = {
    "airline": rule(
        "airline", "tier_partner_status", '{ key = "air", statuses = { a = "gold", b = "silver" } }'
    ),
    "known": rule("known", "in_segment", "{}"),
}
NAMES = (*ASKING, *GIVEN)


@st.composite
def written(draw: st.DrawFn, name: str) -> str:
    """One rule, which its id names."""
    if name in GIVEN:
        return GIVEN[name]
    plugin, config, low, high = ASKING[name]
    window = f"window = {draw(windows)}"
    return rule(name, plugin, f"{{ {config.replace('WINDOW', window)}, {draw(bounds(low, high))} }}")


@st.composite
def trees(draw: st.DrawFn, names: Sequence[str]) -> str:
    """A tree over some rules."""
    of = ", ".join(f'"{name}"' for name in names)
    first, rest = f'"{names[0]}"', ", ".join(f'"{name}"' for name in names[1:])
    weights = ", ".join(f"{name} = {1 + (place == 0)}" for place, name in enumerate(names))
    found = [
        f'{{ op = "all_of", of = [{of}] }}',
        f'{{ op = "any_of", of = [{of}], at_least = {draw(st.integers(1, len(names)))} }}',
        f'{{ op = "weighted", of = [{of}], weights = {{ {weights} }}, at_least = 2 }}',
    ]
    if rest:
        found += [
            f'{{ op = "{outer}", of = [{first}, {{ op = "{inner}", of = [{rest}] }}] }}'
            for outer, inner in (("any_of", "all_of"), ("all_of", "any_of"))
        ]
    return draw(st.sampled_from(found))


@lru_cache(maxsize=1024)
def compiled(source: str) -> Program:
    """A generated program; the same text is compiled once."""
    return program_of(source, installed=with_rules(InSegment))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A ladder over one to four rules of any kind, at activities or reviews."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    at = draw(st.sampled_from(["activity", "activity", "review"]))
    reviews = draw(st.sampled_from(["month", "quarter", "year", "cycle", "dates"]))
    if at == "activity":
        reviews = draw(st.sampled_from([reviews, ""]))
    restart = draw(st.sampled_from(["[]", "[]", '["upgrade"]', '["downgrade"]', '["upgrade", "downgrade"]']))
    cap = draw(
        st.sampled_from(
            [
                "",
                'caps = [{ period = "activity", points = 15 }], ',
                'caps = [{ period = "month", points = 40 }], ',
            ]
        )
    )
    text = ladder(
        draw(trees(names)),
        at=at,
        until=draw(st.sampled_from(['"lifetime"', '"lifetime"', '{ end_of = "quarter" }', "{ months = 3 }"])),
        review=None if reviews in ("dates", "") else reviews,
        dates='["02-15", "06-01", "11-30"]' if reviews == "dates" else None,
        cycle=f"{{ months = {draw(st.sampled_from([2, 5, 12]))}, restart = {restart} }}",
        returns=draw(st.sampled_from(["undo", "at_review"])),
        downgrade=draw(st.sampled_from(["qualified", "base"])),
    )
    rates = "rates = { basic = 1, silver = 2 }"
    earn = f'{{ currency = "points", kinds = ["trip"], {cap}negative = "zero", {rates} }}'
    text += POINTS + EARNING + rule("earn", "earn_purchase", earn)
    return compiled(text + "".join(draw(written(name)) for name in names))


def done(what: str, amount: Decimal, at: datetime) -> list[Fact]:
    """What raises one figure by an amount, and no other one; days are as many in a row."""
    if what in ("tea", "steps", "points", "largest"):
        return [at_once(what, amount, at)] if amount else []
    if what == "airline":
        return [value(at, "air", "ab"[int(amount) % 2], "partner_status")]
    if what == "known":
        member = "in" if amount > 1 else "out"
        return [value(at, "vip", bool(amount % 2)), value(at, "tea_lovers", member, "segment")]
    apart = timedelta(days=1) if what == "days" else timedelta(seconds=1)
    return [one_of(what, at + number * apart) for number in range(int(amount))] if what != "years" else []


def at_once(what: str, amount: Decimal, at: datetime) -> ActivityFact:
    """An activity of that size."""
    if what == "tea":
        return purchase(at, str(amount), lines=[line("1", str(amount), category="tea")])
    if what == "steps":
        return purchase(at, None, kind="walk", attributes={"steps": str(amount)})
    return purchase(at, str(amount), kind="trip" if what == "points" else "trade")


def one_of(what: str, at: datetime) -> ActivityFact:
    """One of those that are counted."""
    if what == "visits":
        return purchase(at, "1.00", channel="app")
    if what == "friends":
        return purchase(at, None, kind="gift", attributes={"rule": "bring"})
    return purchase(at, None, kind="gym" if what == "days" else "lesson")


def lucky(much: int, at: datetime) -> ValueFact:
    """A score from outside, which may end."""
    until = {"value": much, "until": "2024-10-10"}
    return value(at, "luck", until if much % 3 == 0 else much, "score")


@dataclass(frozen=True, slots=True, repr=False)
class Past:
    """What a member did so far under a program."""

    program: Program
    facts: tuple[Fact, ...]

    def __repr__(self) -> str:
        """The file and the facts, to read when a property fails."""
        return "\n  ".join([self.program.source, *map(str, self.facts)])


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """What a member did on some days, and what was recorded of it."""
    program = draw(programs())
    facts: list[Fact] = []
    for number in range(draw(st.integers(0, 9))):
        at = datetime(2024, 1, 1, 9, number, tzinfo=UTC) + timedelta(days=draw(st.integers(1, 240)))
        what, much = draw(st.sampled_from([*NAMES, "luck"])), draw(st.integers(1, 40))
        few = what in ("visits", "days", "friends", "score")
        facts += (
            [lucky(much, at)] if what == "luck" else done(what, Decimal(min(much, 3) if few else much), at)
        )
    if draw(st.integers(0, 3)) == 0:
        facts.append(locking(draw))
    unique = {fact.natural_key: fact for fact in facts if fact.occurred_at < NOW}
    return Past(program, tuple(unique.values()))


def locking(draw: st.DrawFn) -> ActivityFact:
    """A standing set by hand that alone counts until a day, or for good."""
    at = NOW - timedelta(days=draw(st.integers(1, 100)))
    ends = draw(st.sampled_from([None, datetime(2024, 9, 20, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)]))
    said = ByHand("status", draw(st.sampled_from(["basic", "silver"])), ends, True)
    name = f"by hand {at.isoformat()}"
    return ActivityFact(
        Activity("desk", name, OVERRIDE, at, local_day(at, ZONE), attributes=said.attributes())
    )


@dataclass(frozen=True, slots=True)
class Following:
    """Who follows the conditions of a route under a program, after what came before."""

    program: Program
    facts: tuple[Fact, ...]
    read_at: datetime | None
    """When the tier is decided at the earliest; None: at once."""

    def met(self, each: Condition, at: datetime, *, short: bool, tier: str) -> list[Fact] | None:
        """What is missing of one condition, from an instant on, or a unit less; None: it cannot be had."""
        missing, less = each.missing, int(short)
        match each.rule:
            case "years":
                return []
            case "airline":
                return [] if short else done("airline", Decimal(tier != "gold"), at)
            case "known":
                return list(self._known(each, at, less))
            case "score":
                return list(self._scored(each, at, short))
            case "points":
                return self._earned(missing - less, at)
            case "largest":
                return done("largest", each.need - less * Decimal("0.01"), at)
            case "tea":
                return done("tea", missing - less * Decimal("0.01"), at)
        return done(each.rule, missing - less, at)

    def _known(self, each: Condition, at: datetime, less: int) -> Iterator[Fact]:
        """The attribute first, which may be so already, then the segment."""
        values = self._state(at).values
        wanted = int(each.have + each.missing) - less
        has = [values.get(("attribute", "vip")) is True, values.get(("segment", "tea_lovers")) == "in"]
        so_far = sum(has)
        for fact, is_so in zip(
            (value(at, "vip", True), value(at, "tea_lovers", "in", "segment")), has, strict=True
        ):
            if not is_so and so_far < wanted:
                so_far += 1
                yield fact

    def _scored(self, each: Condition, at: datetime, short: bool) -> Iterator[Fact]:
        """The score from outside, raised by half of what is missing, for it weighs 2."""
        ends = first_instant(date(2024, 10, 10), ZONE)
        read_now = each.by is not None and each.by <= ends
        read_on = local_day(at if read_now else max(at, self.read_at or at), ZONE)
        known = DatedValue("score", "luck").read(self._state(at).values, read_on)
        yield value(at, "luck", str(known + each.missing / 2 - (Decimal("0.01") if short else 0)), "score")

    def _earned(self, wanted: Decimal, at: datetime) -> list[Fact] | None:
        """Trips that earn so many points, as the rates of the tier held then and the caps let them."""
        facts: list[Fact] = []
        for number in range(12):
            then = at + timedelta(minutes=number)
            left = wanted - (self._points([*self.facts, *facts], then) - self._points(self.facts, then))
            if not left:
                return facts
            held = folded(self.program, [*self.facts, *facts], then).state.ladders["status"].tier
            facts.append(purchase(then, str(left / (1 if held == "basic" else 2)), kind="trip"))
        return None

    def _points(self, facts: Sequence[Fact], at: datetime) -> Decimal:
        return folded(self.program, facts, at + timedelta(seconds=1)).state.tallies.over(
            Figure("earned", kinds=("trip",), currency="points"), "at_review", Days(None, None)
        )

    def _state(self, at: datetime) -> State:
        return folded(self.program, self.facts, at).state
