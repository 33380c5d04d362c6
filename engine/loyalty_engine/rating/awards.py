"""What an activity earns, in the one order: rule lines, percentage lines, partner offers, caps.

Rules see the activity, the measures before it and with it, and the tiers held before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from loyalty_engine.ledger.amounts import EXACT, percent_of, to_smallest_units
from loyalty_engine.localtime import period_start
from loyalty_engine.program import PointsCurrency, Program
from loyalty_engine.rating.judgement import RuleFailed, failure
from loyalty_engine.rules import (
    Activity,
    Cap,
    FundingShare,
    Gift,
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


@dataclass(frozen=True, slots=True)
class Given:
    """Points for another member, in smallest units."""

    rule: str
    slot: str
    currency: str
    to: str
    units: int


SLOT = re.compile(r"[a-z0-9_]{1,32}")
PERIODS = ("activity", "day", "week", "month", "quarter", "year", "lifetime")

Answer = TypeVar("Answer")

Counters = Mapping[tuple[str, str], int]


@dataclass(slots=True)
class Limits:
    """What of caps is used up: by the member's history, and by the activity at hand."""

    history: dict[tuple[str, str], int]
    activity: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, cap: Cap) -> dict[tuple[str, str], int]:
        """Where a cap is counted."""
        return self.activity if cap.period == "activity" else self.history


@dataclass(slots=True)
class Awards:
    """The awards of one activity. Offers stand in the order in which they are to be tried."""

    lines: list[Award] = field(default_factory=list)
    offers: list[Award] = field(default_factory=list)
    gifts: list[Given] = field(default_factory=list)
    once: list[tuple[str, str]] = field(default_factory=list)
    failures: list[RuleFailed] = field(default_factory=list)


class DecisionRefused(Exception):
    """A rule answered what no rule may answer."""


@dataclass(slots=True)
class _Answers:
    """What each rule decided, by kind of decision."""

    lines: list[tuple[str, Line]] = field(default_factory=list)
    percentages: list[tuple[str, PercentLine]] = field(default_factory=list)
    offers: list[tuple[str, PartnerAward]] = field(default_factory=list)
    gifts: list[tuple[str, Gift]] = field(default_factory=list)


def awards_of(program: Program, occasion: Occasion, member: Member, counters: Counters) -> Awards:
    """All that the program's rules and promotions award for the activity; nothing is limited yet.

    A rule of which one decision fails awards nothing at all, and others are rated as without it.
    """
    failures: list[RuleFailed] = []
    answers = _asked(program, occasion, member, failures)
    while True:
        found = Awards(failures=failures)
        known = len(failures)
        _rate(program, found, answers, member, counters)
        if len(failures) == known:
            return found


def _rate(program: Program, found: Awards, answers: _Answers, member: Member, counters: Counters) -> None:
    for rule, line in answers.lines:
        _guarded(found.failures, rule, partial(_add_line, program, found, rule, line, counters))
    base = list(found.lines)
    for rule, share in answers.percentages:
        _guarded(found.failures, rule, partial(_add_percent, program, found, rule, share, base))
    for rule, offer in answers.offers:
        _guarded(found.failures, rule, partial(_add_offer, program, found, rule, offer, base))
    for rule, gift in answers.gifts:
        _guarded(found.failures, rule, partial(_add_gift, program, found, rule, gift, member, counters))
    found.offers.sort(key=lambda award: (award.currency, -award.units, award.rule, award.slot))


def _guarded(failures: list[RuleFailed], rule: str, action: Callable[[], Answer]) -> Answer | None:
    """Call on behalf of a rule that has not failed; whatever it raises is its failure and nobody else's."""
    if any(found.rule == rule for found in failures):
        return None
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - whatever a rule raises is its failure
        failures.append(failure(rule, error))
        return None


def _asked(program: Program, occasion: Occasion, member: Member, failures: list[RuleFailed]) -> _Answers:
    found = _Answers()
    for rule, ask in program.implementations["earnings"].items():
        for decision in _guarded(failures, rule, partial(_earnings, ask, occasion, member)) or ():
            if isinstance(decision, Line):
                found.lines.append((rule, decision))
            elif isinstance(decision, Gift):
                found.gifts.append((rule, decision))
            else:
                found.percentages.append((rule, decision))
    for rule, ask in program.implementations["partner_offers"].items():
        for offer in _guarded(failures, rule, partial(_offers, ask, occasion.activity, member)) or ():
            found.offers.append((rule, offer))
    return found


def _earnings(
    ask: Callable[..., Any], occasion: Occasion, member: Member
) -> Sequence[Line | PercentLine | Gift]:
    return _checked(ask(occasion, member), (Line, PercentLine, Gift))


def _offers(ask: Callable[..., Any], activity: Activity, member: Member) -> Sequence[PartnerAward]:
    return _checked(ask(activity, member), (PartnerAward,))


def _checked(answer: Iterable[object], allowed: tuple[type, ...]) -> Sequence[Any]:
    decisions = list(answer)
    slots = [getattr(decision, "slot", None) for decision in decisions]
    for decision, slot in zip(decisions, slots, strict=True):
        if not isinstance(decision, allowed):
            raise DecisionRefused(f"answered {type(decision).__name__}")
        if not isinstance(slot, str) or not SLOT.fullmatch(slot):
            raise DecisionRefused("named a slot other than with up to 32 of a-z, 0-9 and _")
        if not isinstance(decision, Gift):
            _check_caps(getattr(decision, "caps", None))
    if len(set(slots)) != len(slots):
        raise DecisionRefused("answered two decisions for one slot")
    return decisions


def _check_caps(caps: object) -> None:
    """Refuse caps that could not be applied."""
    if not isinstance(caps, tuple):
        raise DecisionRefused("named caps that are no tuple")
    for cap in caps:
        if not isinstance(cap, Cap) or cap.period not in PERIODS:
            raise DecisionRefused(f"named the cap {cap!r}")
        if any(type(bound) is not int or bound < 0 for bound in (cap.points, cap.times) if bound is not None):
            raise DecisionRefused("named a cap that is no whole number")


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
    if _is_used(rule, line.once, found, counters):
        return
    if not all(isinstance(value, Decimal) for value in (line.amount, line.rate)):
        raise DecisionRefused("awarded a number that is not a Decimal")
    units = _units(program, line.currency, EXACT.multiply(line.amount, line.rate))
    if line.once is not None and units:
        found.once.append((rule, f"once/{line.once}"))
    if units:
        found.lines.append(Award(rule, line.slot, line.currency, units, line.caps))


def _is_used(rule: str, once: str | None, found: Awards, counters: Counters) -> bool:
    """Whether something was given under a once-text before."""
    name = (rule, f"once/{once}")
    return once is not None and (bool(counters.get(name)) or name in found.once)


def _add_gift(
    program: Program, found: Awards, rule: str, gift: Gift, member: Member, counters: Counters
) -> None:
    if gift.to != member.referred_by:
        raise DecisionRefused("gave to somebody else than the member who referred this one")
    units = _units(program, gift.currency, gift.points)
    if units < 0:
        raise DecisionRefused("gave less than nothing")
    if not units or _is_used(rule, gift.once, found, counters):
        return
    if gift.once is not None:
        found.once.append((rule, f"once/{gift.once}"))
    found.gifts.append(Given(rule, gift.slot, gift.currency, gift.to, units))


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


def _add_offer(program: Program, found: Awards, rule: str, offer: PartnerAward, base: list[Award]) -> None:
    award = _offer(program, rule, offer, base)
    if award.units > 0:
        found.offers.append(award)


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


def _check_funding(program: Program, rule: str, funding: Sequence[Any]) -> None:
    budgets = program.promotions[rule].budgets
    if not all(isinstance(share, FundingShare) and isinstance(share.percent, Decimal) for share in funding):
        raise DecisionRefused("a funding share is no Decimal")
    if any(share.partner not in budgets for share in funding):
        raise DecisionRefused("a partner funds an offer for which its promotion has no budget")
    if len({share.partner for share in funding}) != len(funding):
        raise DecisionRefused("one partner funds two shares of an offer")
    if any(share.percent < 0 for share in funding) or sum(share.percent for share in funding) > 100:
        raise DecisionRefused("the funding shares of an offer are more than 100 percent")


def capped(award: Award, day: date, limits: Limits, decimals: int) -> Award:
    """The award as far as its caps let it through; what a cap cuts goes to no other line."""
    units = award.units
    if units <= 0:
        return award
    for cap in award.caps:
        counters = limits.of(cap)
        if cap.points is not None:
            used = counters.get((award.rule, _points_name(cap, award, day)), 0)
            units = min(units, max(0, cap.points * 10**decimals - used))
        if cap.times is not None and counters.get((award.rule, _times_name(cap, day)), 0) >= cap.times:
            units = 0
    return replace(award, units=units)


def count_caps(award: Award, day: date, limits: Limits) -> None:
    """Note what was awarded under each cap."""
    if award.units <= 0:
        return
    for cap in award.caps:
        counters = limits.of(cap)
        if cap.points is not None:
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
