"""The frozen member that rules are shown at one point of the fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from loyalty_engine.program import Program
from loyalty_engine.rating.state import State
from loyalty_engine.rules import Activity, Measure, Member


def member_at(
    state: State, program: Program, tiers: Mapping[str, str], figures: Mapping[Measure, Decimal]
) -> Member:
    """The member as the state knows it, with the tiers and figures that the hook is to see."""
    return Member(
        external_id=state.external_id,
        joined_on=state.joined_on,
        ladders=tuple(policy.ladder for policy in program.ladders),
        tiers=MappingProxyType(dict(tiers)),
        figures=MappingProxyType(figures),
        values=MappingProxyType({key: frozen(value) for key, value in state.values.items()}),
        referred_by=state.referred_by,
    )


def shown(activity: Activity) -> Activity:
    """The activity as a rule may see it: nothing of it can be changed."""
    return replace(activity, attributes=frozen(activity.attributes))


def frozen(value: Any) -> Any:
    """A JSON value that cannot be changed: objects are read-only and lists are tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value
