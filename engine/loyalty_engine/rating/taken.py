"""Activities and returns as measures take them."""

from __future__ import annotations

from dataclasses import dataclass, field

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rules import Activity, Points


@dataclass(frozen=True, slots=True)
class Taken:
    """An activity as measures take it: as it was, what remains of it in the end, and the points of both.

    ``came`` is where a merge brought it into the history; None for the history's own.
    """

    place: Place
    activity: Activity
    net: Activity | None
    earned: Points = field(default_factory=dict)
    earned_in_the_end: Points = field(default_factory=dict)
    came: Place | None = None


@dataclass(frozen=True, slots=True)
class Lowered:
    """A return: ``bought.net`` remains of what was ``before`` it; ``back`` are points taken back."""

    bought: Taken
    before: Activity | None
    back: Points = field(default_factory=dict)
