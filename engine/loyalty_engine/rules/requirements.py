"""Requirements as data: what a tier asks for, said so that the engine can decide, explain and query it.

No division: a condition is a weighted sum of measures against a bound, or some number of conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from loyalty_engine.rules.inputs import Ladder
from loyalty_engine.rules.measures import Measure


@dataclass(frozen=True, slots=True)
class Term:
    """A measure and its weight in a sum."""

    measure: Measure
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The weighted sum of measures reaches the bound, the bound included."""

    terms: tuple[Term, ...]
    bound: Decimal

    def have(self, figures: Mapping[Measure, Decimal]) -> Decimal:
        """The weighted sum as it stands."""
        return sum((term.weight * figures[term.measure] for term in self.terms), Decimal(0))

    def met(self, figures: Mapping[Measure, Decimal]) -> bool:
        """Whether the sum reaches the bound."""
        return self.have(figures) >= self.bound


@dataclass(frozen=True, slots=True)
class Some:
    """At least n of the conditions hold: n = 1 is "any", n = all of them is "all"."""

    at_least: int
    of: tuple[Requirement, ...]

    def met(self, figures: Mapping[Measure, Decimal]) -> bool:
        """Whether enough of the conditions hold."""
        return sum(1 for part in self.of if part.met(figures)) >= self.at_least


Requirement = AtLeast | Some


def thresholds_of(
    measure: Measure, thresholds: Mapping[str, Decimal | int], ladder: Ladder
) -> dict[str, Requirement]:
    """One bound on one measure for each tier of the ladder that the thresholds name."""
    return {
        tier: AtLeast((Term(measure),), Decimal(bound))
        for name, bound in thresholds.items()
        if (tier := ladder.own(name)) is not None
    }


def measures_of_requirement(requirement: Requirement) -> list[Measure]:
    """The measures that a condition reads."""
    if isinstance(requirement, AtLeast):
        return [term.measure for term in requirement.terms]
    return [measure for part in requirement.of for measure in measures_of_requirement(part)]
