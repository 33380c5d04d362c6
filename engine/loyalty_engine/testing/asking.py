"""Asking one rule, as the engine would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from loyalty_engine.rating.tallies import Tallies, View, view_of
from loyalty_engine.rules import (
    Activity,
    EarnHooks,
    Figure,
    Gift,
    Ladder,
    Line,
    Measure,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
    PercentLine,
    Rule,
    RuleConfig,
    TierHooks,
)
from loyalty_engine.testing.builders import member

AnyRule = Rule[RuleConfig]


def figures_of(
    rule: AnyRule,
    activities: Iterable[Activity],
    *,
    on: str | None = None,
    joined_on: str = "2020-01-01",
    values: Mapping[tuple[str, str], object] | None = None,
) -> dict[Measure, Decimal]:
    """The rule's measures over some activities, read on a local day: the last activity's, unless given."""
    history = list(activities)
    if on is None:
        day = max((each.local_day for each in history), default=date.fromisoformat(joined_on))
    else:
        day = date.fromisoformat(on)
    tallies = Tallies()
    for figure, view in _read_by(rule):
        for each in history:
            place = (each.occurred_at, each.source, each.external_id)
            if figure.taking == "sum":
                tallies.of(figure, view).add(each.local_day, figure.value(each))
            else:
                tallies.entries(figure, view).put(each.local_day, place, figure.reading(each))
    tallies.cycles[""] = tallies
    return dict(
        tallies.figures(
            rule.measures(), "at_review", day, date.fromisoformat(joined_on), ladder="", values=values
        )
    )


def _read_by(rule: AnyRule) -> Iterator[tuple[Figure, View]]:
    for measure in rule.measures():
        if isinstance(measure.figure, Figure):
            yield measure.figure, view_of(measure.figure, "at_review")


def verdicts(
    rule: AnyRule,
    ladder: Ladder,
    activities: Iterable[Activity] = (),
    *,
    who: Member | None = None,
    on: str | None = None,
) -> dict[str, bool]:
    """For each tier that the rule speaks for, whether it supports it; a tier left out is an abstention."""
    if not isinstance(rule, TierHooks):
        raise TypeError(f"{rule.name} has no opinion about tiers")
    asked = _after(rule, who or member(ladder), activities, on)
    if type(rule).requirements is not TierHooks.requirements:
        return {tier: condition.met(asked.figures) for tier, condition in rule.requirements(ladder).items()}
    return {tier: verdict.supports for tier, verdict in rule.tier_opinion(asked, ladder).items()}


def earned(
    rule: AnyRule, activity: Activity, who: Member | None = None, *, before: Iterable[Activity] = ()
) -> tuple[Line | PercentLine | Gift, ...]:
    """What the rule answers for an activity of a member who had done some before."""
    if not isinstance(rule, EarnHooks):
        raise TypeError(f"{rule.name} awards nothing")
    history = list(before)
    asked = _after(rule, who or member(), history, activity.local_day.isoformat())
    figures_with = figures_of(
        rule,
        [*history, activity],
        on=activity.local_day.isoformat(),
        joined_on=asked.joined_on.isoformat(),
    )
    return tuple(rule.earnings(Occasion(activity, MappingProxyType(figures_with)), asked))


def offered(rule: AnyRule, activity: Activity, who: Member | None = None) -> tuple[PartnerAward, ...]:
    """What the promotion would give for an activity."""
    if not isinstance(rule, PartnerHooks):
        raise TypeError(f"{rule.name} is no partner's promotion")
    return tuple(rule.partner_offers(activity, who or member()))


def _after(rule: AnyRule, who: Member, activities: Iterable[Activity], on: str | None) -> Member:
    """The member with the rule's measures over the activities, and the figures that a test gave."""
    figures = figures_of(rule, activities, on=on, joined_on=who.joined_on.isoformat(), values=who.values)
    return replace(who, figures=MappingProxyType(figures | dict(who.figures)))
