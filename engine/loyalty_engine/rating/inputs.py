"""The frozen member that rules are shown at one point of the fold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from loyalty_engine.program import Program
from loyalty_engine.rating.state import State
from loyalty_engine.rules import Measure, Member


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
        values=MappingProxyType(dict(state.values)),
    )
