"""Where the band of each tier begins, as far as one figure decides, and bands that nobody can stand in.

A band begins at its edge, the edge included, and ends before the next one's; the base tier has no lower edge,
so that every value lies in exactly one band, and there is never a gap between two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from loyalty_engine.combine.tiers import Verdict, decide, rules_of
from loyalty_engine.program.compiled import LadderPolicy
from loyalty_engine.program.findings import Finding
from loyalty_engine.rules import AtLeast, Reading, Window


@dataclass(frozen=True, slots=True)
class Edge:
    """The least value of one figure with which the tree supports a tier, and the rules that ask for it."""

    tier: str
    figure: tuple[Reading, Window]
    value: Decimal
    rules: frozenset[str]


def edge_findings(path: str, policy: LadderPolicy, opinionated: Collection[str]) -> Iterator[Finding]:
    """Tiers whose band is empty, because that of a higher one begins no later.

    Of edges that one rule sets alone the rule itself says so. ``opinionated`` are the rules that state no
    figures, of which nothing can be said.
    """
    below: list[Edge] = []
    for tier in policy.ladder.tiers[1:]:
        edge = _edge(policy, tier, opinionated)
        if edge is None:
            continue
        for lower in below:
            said = len(edge.rules) == 1 and edge.rules == lower.rules
            if lower.figure == edge.figure and edge.value <= lower.value and not said:
                yield Finding(
                    f"{path}.tiers.{policy.ladder.rank(lower.tier)}",
                    f"nobody stands on {lower.tier!r} by figures: its band begins at {lower.value}, "
                    f"and that of {tier!r} at {edge.value}",
                    "warning",
                    f"let {tier!r} begin above {lower.value}",
                )
        below.append(edge)


def _edge(policy: LadderPolicy, tier: str, opinionated: Collection[str]) -> Edge | None:
    """Where a tier begins; None where that is no matter of one figure."""
    bounds: dict[str, Decimal] = {}
    figures: set[tuple[Reading, Window]] = set()
    for rule in rules_of(policy.tree):
        requirement = policy.requirements.get(rule, {}).get(tier)
        if requirement is None and rule not in opinionated:
            continue
        if not isinstance(requirement, AtLeast) or len(requirement.terms) != 1:
            return None
        (term,) = requirement.terms
        if term.weight <= 0:
            return None
        figures.add((term.measure.figure, term.measure.window))
        bounds[rule] = requirement.bound / term.weight
    if len(figures) != 1:
        return None
    for value in sorted(set(bounds.values())):
        verdicts = {rule: _says(bounds.get(rule), value) for rule in rules_of(policy.tree)}
        if decide(policy.tree, verdicts) is Verdict.SUPPORTS:
            return Edge(tier, figures.pop(), value, frozenset(bounds))
    return None


def _says(bound: Decimal | None, value: Decimal) -> Verdict:
    if bound is None:
        return Verdict.ABSTAINS
    return Verdict.SUPPORTS if value >= bound else Verdict.DENIES
