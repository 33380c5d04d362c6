"""Estimates from a stratified sample: totals, and how far a change may be off."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from loyalty_engine.rating.periods import Cost

Counted = TypeVar("Counted")

Z_95 = Fraction(196, 100)
"""How many standard errors a 95 % confidence interval reaches to either side."""


@dataclass(frozen=True, slots=True)
class Held:
    """A tier at the end of the period, and the one that it would have been; None where the ladder is new."""

    ladder: str
    was: str | None
    would: str


@dataclass(slots=True)
class Stratum:
    """Members who hold the same tiers: how many there are, and what came of those who were folded."""

    members: int
    folded: int = 0
    changes: Counter[Cost] = field(default_factory=Counter)
    squares: Counter[Cost] = field(default_factory=Counter)
    tiers: Counter[Held] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def add(self, was: Mapping[Cost, int], would: Mapping[Cost, int]) -> None:
        """What really came of one member, and what would have."""
        changes = {cost: would.get(cost, 0) - was.get(cost, 0) for cost in {*was, *would}}
        self.folded += 1
        self.changes.update(changes)
        self.squares.update({cost: change**2 for cost, change in changes.items()})

    def variance(self, cost: Cost) -> Fraction:
        """Of the estimated change in this stratum; a stratum that was folded whole has none."""
        if self.folded == self.members:
            return Fraction(0)
        change, count = self.changes[cost], self.folded
        of_sample = (self.squares[cost] - Fraction(change**2, count)) / (count - 1)
        return Fraction(self.members * (self.members - count), count) * of_sample


def totals(parts: Iterable[tuple[Stratum, Counter[Counted]]]) -> dict[Counted, int]:
    """Sums over all strata, those of which a part was folded as if the others were like it."""
    sums: dict[Counted, Fraction] = {}
    for stratum, counted in parts:
        for name, units in counted.items():
            part = Fraction(units * stratum.members, stratum.folded)
            sums[name] = sums.get(name, Fraction(0)) + part
    return {name: round(value) for name, value in sums.items()}


def margin(strata: Iterable[Stratum], cost: Cost) -> int:
    """Half of the 95 % confidence interval of a change, rounded up, in smallest units.

    W. G. Cochran, Sampling Techniques, 3rd ed., 1977, sections 5.4 and 5.5.
    Two members of every stratum must have been folded, or all.
    """
    variance = sum((stratum.variance(cost) for stratum in strata), Fraction(0)) * Z_95**2
    root = math.isqrt(math.ceil(variance))
    return root if root * root >= variance else root + 1
