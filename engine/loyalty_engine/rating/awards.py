"""What an activity earns, in the one order: rule lines, percentage lines, partner offers, caps.

Rules see the activity, the measures before it and with it, and the tiers held before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from loyalty_engine.ledger.amounts import EXACT, percent_of, to_smallest_units
from loyalty_engine.localtime import period_start
from loyalty_engine.program import PointsCurrency, Program
from loyalty_engine.rating.judgement import RuleFailed, failure
from loyalty_engine.rules import (
    Activity,
    Cap,
    FundingShare,
    Line,
    Member,
    Occasion,
    PartnerAward,
    PercentLine,
)


@dataclass(frozen=True, slots=True)
class Award:
    """Points of one line or offer, in smallest units, before anything was asked for."""

    rule: str
    slot: str
    currency: str
    units: int
    caps: tuple[Cap, ...] = ()
    offer: PartnerAward | None = None


SLOT = re.compile(r"[a-z0-9_]{1,32}")

Counters = Mapping[tuple[str, str], int]


@dataclass(slots=True)
class Awards:
    """The awards of one activity. Offers stand in the order in which they are to be tried."""

    lines: list[Award] = field(default_factory=list)
    offers: list[Award] = field(default_factory=list)
    once: list[tuple[str, str]] = field(default_factory=list)
    failures: list[RuleFailed] = field(default_factory=list)


class DecisionRefused(Exception):
    """A rule answered what no rule may answer."""


def awards_of(program: Program, occasion: Occasion, member: Member, counters: Counters) -> Awards:
    """All that the program's rules and promotions award for the activity; nothing is limited yet."""
    found = Awards()
    plain, percentages = _asked(program, occasion, member, found)
    for rule, line in plain:
        _guarded(found, rule, lambda rule=rule, line=line: _add_line(program, found, rule, line, counters))  # type: ignore[misc]
    base = list(found.lines)
    for rule, share in percentages:
        _guarded(found, rule, lambda rule=rule, share=share: _add_percent(program, found, rule, share, base))  # type: ignore[misc]
    _add_offers(program, found, occasion.activity, member, base)
    return found


def _guarded(found: Awards, rule: str, action: Callable[[], Any]) -> Any:
    """Call on behalf of a rule; whatever it raises is that rule's failure and nobody else's."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - whatever a rule raises is its failure
        found.failures.append(failure(rule, error))
        return None


def _asked(
    program: Program, occasion: Occasion, member: Member, found: Awards
) -> tuple[list[tuple[str, Line]], list[tuple[str, PercentLine]]]:
    plain: list[tuple[str, Line]] = []
    percentages: list[tuple[str, PercentLine]] = []
    for rule, ask in program.implementations["earnings"].items():
        answer = _guarded(found, rule, lambda ask=ask: _checked(ask(occasion, member), (Line, PercentLine)))  # type: ignore[misc]
        for decision in answer or ():
            if isinstance(decision, Line):
                plain.append((rule, decision))
            else:
                percentages.append((rule, decision))
    return plain, percentages


def _checked(answer: Iterable[object], allowed: tuple[type, ...]) -> Sequence[Any]:
    decisions = list(answer)
    slots = [getattr(decision, "slot", None) for decision in decisions]
    for decision, slot in zip(decisions, slots, strict=True):
        if not isinstance(decision, allowed):
            raise DecisionRefused(f"answered {type(decision).__name__}")
        if not isinstance(slot, str) or not SLOT.fullmatch(slot):
            raise DecisionRefused("named a slot other than with up to 32 of a-z, 0-9 and _")
    if len(set(slots)) != len(slots):
        raise DecisionRefused("answered two decisions for one slot")
    return decisions


def _currency(program: Program, key: str) -> PointsCurrency:
    if key not in program.points:
        raise DecisionRefused(f"awarded the unknown points currency {key!r}")
    return program.points[key]


def _units(program: Program, currency: str, points: object) -> int:
    section = _currency(program, currency).section
    if not isinstance(points, Decimal):
        raise DecisionRefused(f"awarded {type(points).__name__} instead of Decimal")
    return to_smallest_units(points, section.decimals, section.rounding)


def _add_line(program: Program, found: Awards, rule: str, line: Line, counters: Counters) -> None:
    if line.once is not None:
        name = f"once/{line.once}"
        if counters.get((rule, name)) or (rule, name) in found.once:
            return
    if not all(isinstance(value, Decimal) for value in (line.amount, line.rate)):
        raise DecisionRefused("awarded a number that is not a Decimal")
    units = _units(program, line.currency, EXACT.multiply(line.amount, line.rate))
    if line.once is not None and units:
        found.once.append((rule, f"once/{line.once}"))
    if units:
        found.lines.append(Award(rule, line.slot, line.currency, units, line.caps))


def _add_percent(program: Program, found: Awards, rule: str, share: PercentLine, base: list[Award]) -> None:
    total = sum(award.units for award in base if award.rule in share.of and award.currency == share.currency)
    units = _percentage(program, share.currency, total, share.percent)
    if units:
        found.lines.append(Award(rule, share.slot, share.currency, units, share.caps))


def _percentage(program: Program, currency: str, total: int, percent: Decimal) -> int:
    section = _currency(program, currency).section
    return _rounded(percent_of(total, percent), section.rounding)


def _rounded(units: Decimal, rounding: str) -> int:
    return to_smallest_units(units, 0, rounding)


def _add_offers(
    program: Program, found: Awards, activity: Activity, member: Member, base: list[Award]
) -> None:
    for rule, ask in program.implementations["partner_offers"].items():
        answer = _guarded(found, rule, lambda ask=ask: _checked(ask(activity, member), (PartnerAward,)))  # type: ignore[misc]
        for offer in answer or ():
            award = _guarded(found, rule, lambda rule=rule, offer=offer: _offer(program, rule, offer, base))  # type: ignore[misc]
            if award is not None and award.units > 0:
                found.offers.append(award)
    found.offers.sort(key=lambda award: (award.currency, -award.units, award.rule, award.slot))


def _offer(program: Program, rule: str, offer: PartnerAward, base: list[Award]) -> Award:
    _check_funding(program, rule, offer.funding)
    if (offer.percent is None) == (offer.points is None):
        raise DecisionRefused("an offer is either a percentage or fixed points")
    if offer.points is not None:
        units = _units(program, offer.currency, offer.points)
    else:
        total = sum(award.units for award in base if award.currency == offer.currency)
        units = _percentage(program, offer.currency, total, offer.percent or Decimal(0))
    return Award(rule, offer.slot, offer.currency, units, offer.caps, offer)


def _check_funding(program: Program, rule: str, funding: Sequence[FundingShare]) -> None:
    budgets = program.promotions[rule].budgets
    if any(share.partner not in budgets for share in funding):
        raise DecisionRefused("a partner funds an offer for which its promotion has no budget")
    if len({share.partner for share in funding}) != len(funding):
        raise DecisionRefused("one partner funds two shares of an offer")
    if any(share.percent < 0 for share in funding) or sum(share.percent for share in funding) > 100:
        raise DecisionRefused("the funding shares of an offer are more than 100 percent")


def capped(award: Award, day: date, counters: Counters, decimals: int) -> Award:
    """The award as far as its caps let it through; what a cap cuts goes to no other line."""
    units = award.units
    if units <= 0:
        return award
    for cap in award.caps:
        if cap.points is not None:
            used = (
                0
                if cap.period == "activity"
                else counters.get((award.rule, _points_name(cap, award, day)), 0)
            )
            units = min(units, max(0, cap.points * 10**decimals - used))
        if cap.times is not None and counters.get((award.rule, _times_name(cap, day)), 0) >= cap.times:
            units = 0
    return replace(award, units=units)


def count_caps(award: Award, day: date, counters: dict[tuple[str, str], int]) -> None:
    """Note what was awarded under each cap."""
    if award.units <= 0:
        return
    for cap in award.caps:
        if cap.points is not None and cap.period != "activity":
            name = (award.rule, _points_name(cap, award, day))
            counters[name] = counters.get(name, 0) + award.units
        if cap.times is not None:
            name = (award.rule, _times_name(cap, day))
            counters[name] = counters.get(name, 0) + 1


def _period(cap: Cap, day: date) -> str:
    return "" if cap.period in ("lifetime", "activity") else period_start(day, cap.period).isoformat()


def _points_name(cap: Cap, award: Award, day: date) -> str:
    return f"points/{award.currency}/{cap.key}/{cap.period}/{_period(cap, day)}"


def _times_name(cap: Cap, day: date) -> str:
    return f"times/{cap.key}/{cap.period}/{_period(cap, day)}"
