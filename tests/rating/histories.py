"""Programs, facts and folds, with defaults for everything that a test does not care about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.localtime import local_day
from loyalty_engine.plugins import Installed, RuleType, discover
from loyalty_engine.program import Program, compile_program
from loyalty_engine.program.plan import Plan, plan_of
from loyalty_engine.rating import (
    ActivityFact,
    Ask,
    Fact,
    Folding,
    LadderState,
    Outcome,
    ProgramVersion,
    ReturnedLine,
    ReturnFact,
    Rulebook,
    State,
    ValueFact,
    enrolled,
    fold,
    run,
)
from loyalty_engine.rating.facts import place_of
from loyalty_engine.rating.state import Pause
from loyalty_engine.rating.tallies import Tallies, View
from loyalty_engine.rules import Activity, ActivityLine, Figure, Rule, RuleConfig

LONDON = ZoneInfo("Europe/London")
TILL = "till"

POINTS = """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"
"""

EARN = """
[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }
"""


def header(zone: str = "Europe/London") -> str:
    """The program's own table."""
    return f'[program]\nbusiness = "shop"\nname = "Shop"\ntimezone = "{zone}"\ncurrency = "GBP"\n'


def ladder(
    combine: str = '"spend"',
    *,
    key: str = "status",
    at: str = "activity",
    until: str = '{ end_of = "year" }',
    review: str | None = None,
    downgrade: str = "qualified",
    returns: str = "at_review",
    cycle: str | None = None,
    keep: str | None = None,
    dates: str | None = None,
    prolonging: str = "",
    tiers: Sequence[str] = ("basic", "silver", "gold"),
) -> str:
    """A ladder of basic, silver and gold; ``review`` is its period, and what it supports holds for one.

    With ``dates`` what a review supports holds for six months; ``prolonging`` goes into ``downgrade``.
    """
    keys = ", ".join(f'{{ key = "{tier}" }}' for tier in tiers)
    held = '"lifetime"' if review == "cycle" else f'{{ end_of = "{review}" }}'
    reviews = "" if review is None else f'review = {{ every = "{review}", until = {held} }}\n'
    if dates is not None:
        reviews = f"review = {{ dates = {dates}, until = {{ months = 6 }} }}\n"
    return (
        f'[[ladders]]\nkey = "{key}"\n'
        f"tiers = [ {keys} ]\n"
        f'combine = {combine}\nupgrade = {{ at = "{at}", until = {until} }}\n{reviews}'
        f'downgrade = {{ to = "{downgrade}"{prolonging and ", " + prolonging} }}\nreturns = "{returns}"\n'
        + ("" if keep is None else f"keep = {keep}\n")
        + ("" if cycle is None else f"cycle = {cycle}\n")
    )


def rule(rule_id: str, name: str, config: str) -> str:
    """A configured rule."""
    return f'[[rules]]\nid = "{rule_id}"\nrule = "{name}"\nconfig = {config}\n'


def spend(
    silver: str = "100", gold: str = "500", *, window: str = '{ calendar = "year" }', rule_id: str = "spend"
) -> str:
    """Tiers by spend."""
    return rule(
        rule_id,
        "tier_spend",
        f'{{ window = {window}, thresholds = {{ silver = "{silver}", gold = "{gold}" }} }}',
    )


@cache
def built_in() -> Installed:
    """The installed rules."""
    return discover()


def with_rules(*rule_classes: type[Rule[RuleConfig]]) -> Installed:
    """The installed rules, and some of a test."""
    own = {each.name: RuleType(each.name, "test", each.version, each) for each in rule_classes}
    return {**built_in(), **own}


def program_of(*parts: str, zone: str = "Europe/London", installed: Installed | None = None) -> Program:
    """The program of a file made of parts, after its own table."""
    return compile_program(header(zone) + "".join(parts), installed or built_in())


def rulebook_of(first: Program, *later: tuple[str, Program] | tuple[str, Program, Plan]) -> Rulebook:
    """One program, and others from an instant on, each with the plan that it was published with."""
    versions = [ProgramVersion(UUID(int=1), 1, None, first)]
    for number, (at, program, *plan) in enumerate(later, start=2):
        versions.append(ProgramVersion(UUID(int=number), number, instant(at), program, *plan))
    return Rulebook(tuple(versions))


def plan_for(key: str = "status", **written: object) -> Plan:
    """The plan of one ladder."""
    return plan_of({"ladders": {key: written}})


def instant(written: str) -> datetime:
    """An instant, in UTC unless it says otherwise; a date is its 00:00."""
    found = datetime.fromisoformat(written)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def purchase(
    at: str | datetime,
    amount: str | None,
    external_id: str | None = None,
    *,
    kind: str = "purchase",
    units: str | None = None,
    lines: Iterable[ActivityLine] = (),
    attributes: Mapping[str, object] | None = None,
    channel: str | None = None,
    zone: ZoneInfo = LONDON,
) -> ActivityFact:
    """A purchase, unless ``kind`` says otherwise; known by its instant where no id is given."""
    when = instant(at) if isinstance(at, str) else at
    return ActivityFact(
        Activity(
            source=TILL,
            external_id=external_id or when.isoformat(),
            kind=kind,
            occurred_at=when,
            local_day=local_day(when, zone),
            amount=None if amount is None else Decimal(amount),
            units=None if units is None else Decimal(units),
            channel=channel,
            attributes=dict(attributes or {}),
            lines=tuple(lines),
        )
    )


def line(key: str, amount: str, category: str | None = None, units: str | None = None) -> ActivityLine:
    """A line of a receipt."""
    return ActivityLine(key, Decimal(amount), None if units is None else Decimal(units), category)


def linked_return(
    at: str | datetime,
    of: ActivityFact,
    amount: str,
    external_id: str | None = None,
    *,
    units: str | None = None,
    lines: Mapping[str, str] | None = None,
) -> ReturnFact:
    """A return that names its purchase; ``lines`` are amounts by line."""
    when = instant(at) if isinstance(at, str) else at
    return ReturnFact(
        TILL,
        external_id or f"return {when.isoformat()}",
        when,
        of.natural_key,
        Decimal(amount),
        None if units is None else Decimal(units),
        tuple(ReturnedLine(key, Decimal(part)) for key, part in (lines or {}).items()),
    )


def value(at: str | datetime, key: str, known: object, kind: str = "attribute") -> ValueFact:
    """A dated value."""
    when = instant(at) if isinstance(at, str) else at
    return ValueFact(TILL, f"{kind} {key} {when.isoformat()}", when, kind, key, known)


JOINED = date(2024, 1, 1)


def new_member(joined_on: date = JOINED, zone: ZoneInfo = LONDON) -> State:
    """The state of a member who joined at the first instant of a day."""
    return enrolled(
        "member", datetime(joined_on.year, joined_on.month, joined_on.day, tzinfo=zone), joined_on
    )


def granted_whole(ask: Ask) -> int:
    """The answer of a budget that is never exhausted."""
    return ask.units


def folded(
    program: Program | Rulebook,
    facts: Iterable[Fact],
    until: str | datetime = "2024-12-31T12:00",
    *,
    member: State | None = None,
    answer: Callable[[Ask], int] = granted_whole,
) -> Outcome:
    """All facts folded from the beginning, and the boundaries up to an instant."""
    rulebook = program if isinstance(program, Rulebook) else rulebook_of(program)
    end = instant(until) if isinstance(until, str) else until
    return fold(rulebook, member or new_member(), facts, end, answer)


def taken_live(
    rulebook: Rulebook, facts: Iterable[Fact], until: datetime, *, member: State | None = None
) -> State:
    """The same, each fact as a step of its own from the state that the one before it left."""
    begun = Folding(rulebook, member or new_member())
    begun.enrol()
    state = begun.outcome().state
    for fact in sorted(facts, key=place_of):
        boundaries = Folding(rulebook, state)
        boundaries.advance(fact.occurred_at)
        step = Folding(rulebook, boundaries.outcome().state)
        run(step.take(fact), granted_whole)
        state = step.outcome().state
    last = Folding(rulebook, state)
    last.advance(until)
    return last.outcome().state


def standing(outcome: Outcome, key: str = "status") -> LadderState:
    """The standing on a ladder."""
    return outcome.state.ladders[key]


def tier(outcome: Outcome, key: str = "status") -> str:
    """The tier held on a ladder."""
    return outcome.state.ladders[key].tier


def changes(outcome: Outcome, key: str = "status") -> list[tuple[str, str, str]]:
    """The changes of standing after joining: local instant, from, to."""
    found = sorted(
        (effect.effective_at, effect.from_tier, effect.to_tier or "")
        for effect in outcome.effects.values()
        if effect.kind == "standing" and effect.ladder == key and effect.from_tier is not None
    )
    return [(f"{at.astimezone(LONDON):%Y-%m-%d %H:%M}", was or "", now) for at, was, now in found]


def notices(outcome: Outcome, key: str = "status") -> list[tuple[str, str | None, str]]:
    """The notices given: local instant, to which tier (None: it holds no more), and when."""
    found = sorted(
        (
            (effect.effective_at, effect.notice)
            for effect in outcome.effects.values()
            if effect.kind == "notice" and effect.ladder == key
        ),
        key=lambda given: given[0],
    )
    return [
        (
            f"{at.astimezone(LONDON):%Y-%m-%d %H:%M}",
            None if notice is None else notice.tier,
            "" if notice is None else f"{notice.at.astimezone(LONDON):%Y-%m-%d %H:%M}",
        )
        for at, notice in found
    ]


def wallet(outcome: Outcome, currency: str = "points") -> Wallet:
    """The wallet of a currency."""
    return outcome.state.wallets.get(currency, Wallet())


def available(outcome: Outcome, currency: str = "points") -> int:
    """What can be spent of a currency."""
    return wallet(outcome, currency).available


def balance(outcome: Outcome, currency: str = "points") -> int:
    """What a member is shown: available minus debt."""
    return available(outcome, currency) - wallet(outcome, currency).debt


def moved(outcome: Outcome) -> dict[str, int]:
    """The movements of points by rule and slot, over all causes."""
    found: dict[str, int] = {}
    for key, effect in outcome.effects.items():
        if effect.kind == "points":
            name = f"{key.rule}:{key.slot}"
            found[name] = found.get(name, 0) + effect.value
    return {name: units for name, units in found.items() if units}


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything of a state that two ways to the same facts must agree on."""

    standings: Mapping[str, object]
    wallets: Mapping[str, object]
    counters: Mapping[tuple[str, str], int]
    values: Mapping[tuple[str, str], object]
    frozen: frozenset[str]
    tallies: Mapping[tuple[Figure, View], Mapping[date, Decimal]]
    cycles: Mapping[str, Mapping[tuple[Figure, View], Mapping[date, Decimal]]]
    pause: Pause | None


def contents(wallet: Wallet) -> object:
    """What is in a wallet, without spendings of nothing."""
    spendings = {key: each for key, each in wallet.spendings.items() if each.parts}
    return (wallet.lots, spendings, wallet.holds)


def picture(state: State) -> Picture:
    """The state without what only says how far it was folded, and without empty places."""
    return Picture(
        {
            key: (
                each.tier,
                each.since,
                each.cycle,
                each.notice,
                sorted(each.claims, key=lambda claim: (claim.from_at, claim.tier)),
            )
            for key, each in state.ladders.items()
        },
        {key: contents(each) for key, each in state.wallets.items() if each != Wallet()},
        {name: used for name, used in state.counters.items() if used},
        dict(state.values),
        frozenset(state.frozen),
        tallied(state.tallies),
        {key: tallied(each) for key, each in state.tallies.cycles.items() if tallied(each)},
        state.pause,
    )


def tallied(tallies: Tallies) -> dict[tuple[Figure, View], dict[date, Decimal]]:
    """The days of each tally that are not zero."""
    return tallies.by_day()
