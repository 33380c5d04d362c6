"""A shop in which something comes back."""

from __future__ import annotations

from loyalty_engine.rating import Fact, Outcome
from tests.rating.histories import (
    EARN,
    POINTS,
    folded,
    ladder,
    program_of,
    purchase,
    spend,
)

BIG = purchase("2024-03-01T10:00", "120", "big")
SMALL = purchase("2024-04-01T10:00", "30", "small")


def under(policy: str, *facts: Fact, to: str = "2024-12-31T12:00", **of_ladder: str) -> Outcome:
    """A shop with one ladder by the year's spend, silver from 100, and a point for each pound."""
    program = program_of(POINTS, ladder(returns=policy, **of_ladder), spend(), EARN)
    return folded(program, facts, to)
