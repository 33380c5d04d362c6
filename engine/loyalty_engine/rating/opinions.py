"""Until when rules support tiers: what they say themselves, and what dated values say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from loyalty_engine.program import LadderPolicy
from loyalty_engine.rules import DatedValue, Measure, Member, Requirement, TierVerdict, held_until
from loyalty_engine.rules.requirements import measures_of_requirement


def in_force(verdicts: Mapping[str, TierVerdict], day: date | None) -> dict[str, TierVerdict]:
    """What a rule says on a day: a support whose end has come is none any more."""
    return {
        tier: replace(verdict, supports=False, until=None)
        if day is not None and verdict.supports and verdict.until is not None and verdict.until <= day
        else verdict
        for tier, verdict in verdicts.items()
    }


def ends_of(
    policy: LadderPolicy, member: Member, opinions: Mapping[str, Mapping[str, TierVerdict]]
) -> dict[str, dict[str, date]]:
    """The days from which on rules support tiers no more, by rule and tier, where an end is known."""
    found: dict[str, dict[str, date]] = {}
    for rule in policy.rules:
        ends = {
            tier: verdict.until
            for tier, verdict in opinions.get(rule, {}).items()
            if verdict.supports and verdict.until is not None
        }
        for tier, requirement in policy.requirements.get(rule, {}).items():
            end = _of_values(requirement, member)
            if end is not None:
                ends[tier] = end
        if ends:
            found[rule] = ends
    return found


def _of_values(requirement: Requirement, member: Member) -> date | None:
    """When a requirement is met no more, because values that it reads hold no more; None: not for that."""
    dated = dict(_with_ends(requirement, member))
    if not dated or not requirement.met(member.figures):
        return None
    for day in sorted(set(dated.values())):
        over = {measure: Decimal(0) for measure, end in dated.items() if end <= day}
        if not requirement.met({**member.figures, **over}):
            return day
    return None


def _with_ends(requirement: Requirement, member: Member) -> Iterator[tuple[Measure, date]]:
    """The dated values that a requirement reads, with the days from which on they hold no more."""
    for measure in measures_of_requirement(requirement):
        if isinstance(measure.figure, DatedValue):
            _, until = held_until(member.values.get((measure.figure.kind, measure.figure.key)))
            if until is not None:
                yield measure, until
