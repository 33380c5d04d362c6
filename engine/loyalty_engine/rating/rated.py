"""A purchase as it was rated, and what returns want back of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.program import Program
from loyalty_engine.rating.awards import Award, Awards, Limits, capped, count_caps
from loyalty_engine.rating.state import Effect
from loyalty_engine.rating.tallies import ZERO, Tallies
from loyalty_engine.rating.wallets import Earned
from loyalty_engine.rules import Activity, Member, Points


@dataclass(frozen=True, slots=True)
class Rated:
    """A purchase as it was rated.

    The member, the counters and the tallies are those before it, as long as nothing else has happened; they
    stay so where something of it is returned later.
    """

    program: Program
    member: Member
    counters: Mapping[tuple[str, str], int]
    tallies: Tallies
    earned: tuple[Earned, ...]
    gifts: tuple[Effect, ...]
    once: set[tuple[str, str]]

    @property
    def points(self) -> Points:
        """What it earned, by rule and currency."""
        return self.points_of({each.key: each.units for each in self.earned})

    def points_of(self, units: Mapping[EffectKey, int]) -> Points:
        """Units of its awards as points, by rule and currency."""
        found: dict[tuple[str, str], Decimal] = {}
        for each in self.earned:
            points = from_smallest_units(
                units.get(each.key, 0), self.program.points[each.currency].section.decimals
            )
            name = (each.key.rule, each.currency)
            found[name] = found.get(name, ZERO) + points
        return found


def wanted_back(
    rated: Rated, after: Activity | None, awards: Awards, before: Mapping[EffectKey, int]
) -> dict[EffectKey, int]:
    """How much of each award is to be taken back now, after what was ``before``."""
    wanted: dict[EffectKey, int] = {}
    failed = {failure.rule for failure in awards.failures}
    deserved = _deserved(rated, after, awards)
    earned_by: dict[tuple[str, str], list[Earned]] = {}
    for earned in rated.earned:
        if earned.units > 0 and earned.key.rule not in failed:
            earned_by.setdefault((earned.key.rule, earned.currency), []).append(earned)
    for (rule, currency), group in earned_by.items():
        due = {line: units for (of, unit, line), units in deserved.items() if (of, unit) == (rule, currency)}
        excess = {
            earned.line: earned.units - before.get(earned.key, 0) - due.pop(earned.line, 0)
            for earned in group
        }
        left = sum(excess.values()) - sum(due.values())
        for earned in group:
            units = min(left, excess[earned.line])
            if units > 0:
                wanted[earned.key] = units
                left -= units
    return wanted


def _deserved(rated: Rated, after: Activity | None, awards: Awards) -> dict[tuple[str, str, str], int]:
    """What remains would have earned, by rule, currency and line.

    Of the offers those that won: what lost does not step in, and no budget grants more than it did.
    """
    if after is None:
        return {}
    granted = {(earned.key.rule, earned.currency, earned.line): earned.units for earned in rated.earned}
    limits = Limits(dict(rated.counters))
    found = {}
    for award in (*awards.lines, *awards.offers):
        name = (award.rule, award.currency, award.slot)
        limited = limited_award(award, after, rated.program, limits)
        if award.offer is not None:
            limited = replace(limited, units=min(limited.units, granted.get(name, 0)))
        count_caps(limited, after.local_day, limits)
        found[name] = max(0, limited.units)
    return found


def limited_award(award: Award, activity: Activity, program: Program, limits: Limits) -> Award:
    """The award as far as its caps let it through."""
    return capped(award, activity.local_day, limits, program.points[award.currency].section.decimals)
