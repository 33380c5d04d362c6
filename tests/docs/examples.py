"""Worked examples in the documentation: a program, facts, and what the fold makes of them.

Blocks of a page in their order: ```toml every-program begins each program of the page; ```toml program is
the program of the examples that follow (a further one ```toml program from=DATE is a later version of it);
```json facts is what happened; ```text VIEW [CHANGE ...] is what one view shows of the fold of them, where a
change like `returns=undo` replaces the lines of the program that set that key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty_engine.ledger.amounts import from_smallest_units, most_payable, shares
from loyalty_engine.ledger.effects import Cause, EffectKey, difference
from loyalty_engine.ledger.lots import in_order
from loyalty_engine.localtime import local_day
from loyalty_engine.plugins import discover
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating import (
    ActivityFact,
    Ask,
    Effect,
    Fact,
    Moved,
    Outcome,
    ProgramVersion,
    ReturnFact,
    Rulebook,
    ValueFact,
    enrolled,
    fold,
)
from loyalty_engine.rating.ends import next_review
from loyalty_engine.rating.overrides import ByHand
from loyalty_engine.rating.pauses import pause_attributes
from loyalty_engine.rating.prospects import Prospect
from loyalty_engine.rating.routes import routes
from loyalty_engine.rules import Activity, ActivityLine

JOINED = "2026-01-01"
UNTIL = "2026-12-31"
SOURCE = "till"


@dataclass(frozen=True)
class Written:
    """A fact as it stands in an example."""

    fact: Fact
    late: bool


@dataclass
class Examples:
    """Runs the blocks of one page."""

    head: str = ""
    programs: list[tuple[str | None, str]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)

    def take(self, language: str, words: Sequence[str], text: str) -> str | None:
        """Remember a program or facts; for a view, answer what it shows."""
        match (language, words[0]):
            case ("toml", "every-program"):
                self.head = text
            case ("toml", "program"):
                since = words[1].removeprefix("from=") if words[1:] else None
                self.programs = [*(self.programs if since else ()), (since, text)]
            case ("json", "facts"):
                self.facts = json.loads(text)
            case ("text", view):
                return "".join(f"{line}\n" for line in self.shown(view, words[1:]))
        return None

    def shown(self, view: str, changes: Sequence[str]) -> Iterator[str]:
        """The lines of a view."""
        return VIEWS[view](Telling(self.rulebook(changes), self.facts))

    def rulebook(self, changes: Sequence[str]) -> Rulebook:
        """The versions of the program, each line that sets a changed key replaced."""
        return Rulebook(tuple(self._version(number, changes) for number in range(len(self.programs))))

    def _version(self, number: int, changes: Sequence[str]) -> ProgramVersion:
        since, source = self.programs[number]
        for change in changes:
            source = changed(source, change)
        program = compile_program(self.head + source, discover())
        if program.findings:
            raise ValueError(f"the example's program has findings: {program.findings}")
        effective_at = None if since is None else instant(since, program.zone)
        return ProgramVersion(UUID(int=number + 1), number + 1, effective_at, program)


def changed(source: str, change: str) -> str:
    """The program with the lines replaced that set a key, as ``returns=undo`` or ``downgrade.to=base``."""
    path, _, value = change.partition("=")
    key, *inner = path.split(".")
    written = f'"{value}"'
    for part in reversed(inner):
        written = f"{{ {part} = {written} }}"
    source, replaced = re.subn(rf"^{key} = .*$", f"{key} = {written}", source, flags=re.MULTILINE)
    if not replaced:
        raise LookupError(f"the example changes {key!r}, which its program does not set")
    return source


def instant(text: str, zone: ZoneInfo) -> datetime:
    """A local date, with a time or without, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))


class Budgets:
    """Answers asks from the opening budgets, each ask once, as the transaction does that handles it."""

    def __init__(self, program: Program) -> None:
        self._left = {
            (rule, partner): budget
            for rule, terms in program.promotions.items()
            for partner, budget in terms.budgets.items()
        }
        self.answers: list[tuple[Ask, int, Mapping[str, int | None]]] = []

    def __call__(self, ask: Ask) -> int:
        keys = [(ask.key.rule, share.partner) for share in ask.funding]
        percents = [share.percent for share in ask.funding]
        granted = most_payable(ask.units, percents, [self._left[key] for key in keys])
        if not ask.partial and granted < ask.units:
            granted = 0
        for key, paid in zip(keys, shares(granted, percents), strict=True):
            left = self._left[key]
            self._left[key] = None if left is None else left - paid
        self.answers.append((ask, granted, {partner: self._left[rule, partner] for rule, partner in keys}))
        return granted


class Telling:
    """A fold and how it is told."""

    def __init__(self, rulebook: Rulebook, entries: Sequence[Mapping[str, Any]]) -> None:
        self.rulebook = rulebook
        self.program = rulebook.versions[0].program
        self.zone = self.program.zone
        ends = [entry["until"] for entry in entries if "until" in entry]
        self.until = instant(ends[0] if ends else UNTIL, self.zone)
        self.facts = [_written(entry, self.zone) for entry in entries if "until" not in entry]
        self.budgets = Budgets(self.program)

    def outcome(self, *, late: bool = True, answer: Callable[[Ask], int] | None = None) -> Outcome:
        """The fold of the facts, of those that come late only if they have come."""
        joined = instant(JOINED, self.zone)
        state = enrolled("member", joined, local_day(joined, self.zone))
        facts = [each.fact for each in self.facts if late or not each.late]
        return fold(self.rulebook, state, facts, self.until, answer or self.budgets)

    def time(self, at: datetime) -> str:
        """An instant on the business's clock."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def day(self, at: datetime | None) -> str:
        """An end at 00:00 of a date."""
        return "the end of time" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d")

    def number(self, units: int) -> str:
        """Smallest units as points of the first currency."""
        section = next(iter(self.program.points.values())).section
        return str(from_smallest_units(units, section.decimals))


def _written(entry: Mapping[str, Any], zone: ZoneInfo) -> Written:
    return Written(_fact(entry, instant(entry["at"], zone), zone), entry.get("late", False))


def _fact(entry: Mapping[str, Any], at: datetime, zone: ZoneInfo) -> Fact:
    if "returns" in entry:
        returned = Decimal(entry.get("amount", 0))
        return ReturnFact(SOURCE, entry["id"], at, (SOURCE, entry["returns"]), returned)
    if "attribute" in entry:
        return ValueFact(SOURCE, entry["id"], at, "attribute", entry["attribute"], entry["value"])
    return ActivityFact(
        Activity(
            source=SOURCE,
            external_id=entry["id"],
            kind=entry["kind"],
            occurred_at=at,
            local_day=local_day(at, zone),
            amount=Decimal(entry["amount"]) if "amount" in entry else None,
            lines=tuple(
                ActivityLine(str(number), Decimal(line["amount"]), category=line["category"])
                for number, line in enumerate(entry.get("lines", ()))
            ),
            attributes=_attributes(entry, zone),
        ),
        _moved(entry, zone),
        (SOURCE, entry["about"]) if "about" in entry else None,
    )


def _attributes(entry: Mapping[str, Any], zone: ZoneInfo) -> Mapping[str, object]:
    """What an override claims, on the ladder `status`, or until when a pause lasts."""
    if "rests_until" in entry:
        return pause_attributes(instant(entry["rests_until"], zone))
    if "sets" not in entry:
        return {}
    said = entry["sets"]
    until = instant(said["until"], zone) if "until" in said else None
    return ByHand("status", said["tier"], until, said.get("locked", False)).attributes()


def _moved(entry: Mapping[str, Any], zone: ZoneInfo) -> Moved | None:
    """What an activity itself does with points: how many, and until when a hold is open."""
    if "points" not in entry:
        return None
    return Moved("points", entry["points"], instant(entry["open"], zone) if "open" in entry else None)


def _in_time(effects: Mapping[EffectKey, Effect]) -> list[Effect]:
    """Stable, so that effects of one instant stay in the order in which they were made."""
    return sorted(effects.values(), key=lambda effect: effect.effective_at)


def _cause(cause: Cause) -> str:
    return json.loads(cause.key)[1] if cause.kind in ("activity", "value") else cause.kind


def standings(telling: Telling) -> Iterator[str]:
    """Each change of standing, the figures that decided, and the version of the program."""
    outcome = telling.outcome()
    several = len(telling.rulebook.versions) > 1
    for effect in _in_time(outcome.effects):
        if effect.kind == "standing" and effect.from_tier is not None and effect.ruling is not None:
            figures = ", ".join(f"{key} {value:f}" for key, value in effect.ruling.figures.items())
            version = f"  (version {effect.program.int})" if several else ""
            cause = _cause(effect.key.cause)
            line = f"{telling.time(effect.effective_at)}  {cause:<8}  {effect.from_tier} > {effect.to_tier}"
            by_hand = "" if effect.ruling.by_hand is None else f"by hand, {effect.ruling.by_hand}"
            yield f"{line:<45}  {by_hand or figures}{version}"
    for key, ladder in outcome.state.ladders.items():
        until = "" if ladder.until is None else f" until {telling.day(ladder.until)}"
        yield f"at the end: {key} {ladder.tier}{until}"


def ways(telling: Telling) -> Iterator[str]:
    """Each route upwards on each ladder, as things are at the end."""
    state = telling.outcome().state
    for policy in telling.program.ladders:
        held = state.ladders[policy.key]
        review_at = next_review(policy, held, telling.until, telling.zone)
        prospect = Prospect(telling.program, policy, state, held.claims, telling.until, review_at)
        for route in routes(prospect):
            conditions = " and ".join(
                f"{each.rule} has {each.have:f} of {each.need:f} {each.unit}"
                + ("" if each.since is None else f" from {telling.day(each.since)}")
                + ("" if each.by is None else f" until {telling.day(each.by)}")
                for each in route.conditions
            )
            later = "" if route.not_before is None else f", not before {telling.day(route.not_before)}"
            yield f"{route.tier}: {conditions}{later}"


def claims(telling: Telling) -> Iterator[str]:
    """Each claim made, ended by the fold of a fall, or withdrawn."""
    for effect in _in_time(telling.outcome().effects):
        claim = effect.claim
        if claim is not None:
            verb = "claims" if effect.kind == "claim" else "withdraws the claim on"
            line = f"{telling.time(effect.effective_at)}  {_cause(effect.key.cause):<8}  {verb} {claim.tier}"
            yield f"{line} until {telling.day(claim.until_at)}"
        elif effect.kind == "standing" and effect.from_tier is not None:
            line = f"{telling.time(effect.effective_at)}  {_cause(effect.key.cause):<8}"
            yield f"{line}  {effect.from_tier} > {effect.to_tier}"


def points(telling: Telling) -> Iterator[str]:
    """Each movement of points, and the wallet at the end."""
    outcome = telling.outcome()
    for effect in _in_time(outcome.effects):
        if effect.kind == "points":
            _, _, slot, movement = effect.key.slot.split("/", 3)
            who = f"{effect.key.rule} {slot}" if effect.key.rule else "-"
            line = f"{telling.time(effect.effective_at)}  {_cause(effect.key.cause):<8}  {who:<16}"
            yield f"{line}  {movement} {telling.number(effect.value)}"
    for currency, wallet in outcome.state.wallets.items():
        lots = in_order(wallet.lots.values())
        balance = telling.number(sum(lot.remaining for lot in lots) - wallet.debt)
        yield f"at the end: {balance} {currency}"
        for end, ending in groupby(lots, lambda lot: lot.expires_at):
            gone = "without an end" if end is None else f"gone on {telling.day(end)}"
            yield f"  {telling.number(sum(lot.remaining for lot in ending))} {gone}"


def budgets(telling: Telling) -> Iterator[str]:
    """Each ask and its answer."""
    telling.outcome()
    for ask, granted, left in telling.budgets.answers:
        rest = ", ".join(
            f"{partner} has {telling.number(budget or 0)} left" for partner, budget in left.items()
        )
        line = f"{telling.time(ask.at)}  {_cause(ask.key.cause):<8}  {ask.key.rule} asks for "
        yield f"{line}{telling.number(ask.units)}, is granted {telling.number(granted)}; {rest}"


def corrected(telling: Telling) -> Iterator[str]:
    """What is posted when the late facts arrive: desired - posted, by key."""
    posted = {key: effect.value for key, effect in telling.outcome(late=False).effects.items()}
    after = telling.outcome()
    desired = {key: effect.value for key, effect in after.effects.items()}
    for key, value in difference(desired, posted).items():
        yield f"{_cause(key.cause):<8}  {key.rule or '-':<5}  {key.slot:<28}  {value:+d}"


VIEWS: Mapping[str, Callable[[Telling], Iterator[str]]] = {
    "standings": standings,
    "claims": claims,
    "routes": ways,
    "points": points,
    "budgets": budgets,
    "difference": corrected,
}
