"""Inputs of hooks, with defaults for everything that a test does not care about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from loyalty_engine.rules import (
    Activity,
    ActivityLine,
    Ladder,
    Measure,
    Member,
    Problem,
    ProgramOutline,
    Rule,
    RuleConfig,
)

SomeRule = TypeVar("SomeRule", bound=Rule[RuleConfig])
Exactly = Decimal | int | str
"""A number without a float: "9.99", 10 or a Decimal."""

RULE_ID = "rule"
A_DAY = "2024-01-15"


def configured(rule_class: type[SomeRule], config: Mapping[str, object], rule_id: str = RULE_ID) -> SomeRule:
    """The rule as a program file with this ``config`` would make it; pydantic's error when it is wrong."""
    return rule_class(rule_id, rule_class.Config.model_validate(config))


def ladder(*tiers: str, key: str = "status") -> Ladder:
    """A ladder's tiers from the base tier upwards."""
    return Ladder(key, tiers)


def line(
    amount: Exactly,
    category: str | None = None,
    *,
    units: Exactly | None = None,
    product: str | None = None,
    key: str = "1",
) -> ActivityLine:
    """One position of a receipt."""
    return ActivityLine(key, Decimal(amount), _decimal(units), category, product)


def activity(  # noqa: PLR0913 - a test names the few that it cares about
    amount: Exactly | None = None,
    *,
    kind: str = "purchase",
    on: str = A_DAY,
    units: Exactly | None = None,
    lines: Iterable[ActivityLine] = (),
    channel: str | None = None,
    partner: str | None = None,
    attributes: Mapping[str, object] | None = None,
    external_id: str = "1",
) -> Activity:
    """Something the member did at noon of a day; with lines and no amount, the amount is their sum."""
    positions = tuple(lines)
    day = date.fromisoformat(on)
    if amount is None and positions:
        amount = sum((position.amount for position in positions), Decimal(0))
    return Activity(
        source="test",
        external_id=external_id,
        kind=kind,
        occurred_at=datetime.combine(day, time(12), UTC),
        local_day=day,
        amount=_decimal(amount),
        units=_decimal(units),
        channel=channel,
        partner=partner,
        attributes=MappingProxyType(dict(attributes or {})),
        lines=positions,
    )


def member(
    *ladders: Ladder,
    tier: str | None = None,
    tiers: Mapping[str, str] | None = None,
    attributes: Mapping[str, object] | None = None,
    segments: Iterable[str] = (),
    scores: Mapping[str, object] | None = None,
    figures: Mapping[Measure, Decimal] | None = None,
    joined_on: str = "2020-01-01",
    referred_by: str | None = None,
) -> Member:
    """A member on the base tier of each ladder, but for ``tiers`` by ladder, or ``tier`` of the only one."""
    held = {each.key: each.base for each in ladders} | dict(tiers or {})
    if tier is not None:
        (only,) = ladders
        held[only.key] = only.tiers[only.rank(tier)]
    values: dict[tuple[str, str], object] = {}
    values |= {("attribute", key): value for key, value in (attributes or {}).items()}
    values |= {("score", key): value for key, value in (scores or {}).items()}
    values |= {("segment", key): True for key in segments}
    return Member(
        external_id="member",
        joined_on=date.fromisoformat(joined_on),
        ladders=ladders,
        tiers=MappingProxyType(held),
        figures=MappingProxyType(dict(figures or {})),
        values=MappingProxyType(values),
        referred_by=referred_by,
    )


def outline(*ladders: Ladder, points: Iterable[str] = ("points",), rule_id: str = RULE_ID) -> ProgramOutline:
    """A program in which every ladder's tree names the rule."""
    return ProgramOutline(
        currency="EUR",
        ladders=ladders,
        ladders_of_rule=MappingProxyType({rule_id: tuple(each.key for each in ladders)}),
        points=tuple(points),
        rules=MappingProxyType({rule_id: "test"}),
    )


def problems_of(rule: Rule[RuleConfig], program: ProgramOutline) -> dict[str, Problem]:
    """What a rule says against its configuration, by path, as "thresholds.gold"."""
    return {".".join(str(part) for part in found.path): found for found in rule.problems(program)}


def _decimal(value: Exactly | None) -> Decimal | None:
    return None if value is None else Decimal(value)
