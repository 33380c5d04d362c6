"""Tiers that are harder to keep than to reach: what is just enough for entry is not enough for keeping.

Compared is the same figure over the same window, or what keeping asks for in some time with what entry asks
for in a lifetime. Of figures that only keeping reads nothing is said: they may be had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from loyalty_engine.combine.tiers import Node, Verdict, decide, rules_of
from loyalty_engine.program.compiled import LadderPolicy
from loyalty_engine.program.findings import Finding
from loyalty_engine.rules import AtLeast, Reading, Requirement, Window

Counted = tuple[Reading, Window]
Point = Mapping[Counted, Decimal]
"""How much there is of some figures; of all others there is nothing."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The least value of one figure that a rule asks for."""

    figure: Counted
    value: Decimal

    def met(self, point: Point) -> bool:
        """Whether there is so much of it; what is counted in a lifetime may all be of one time."""
        reading, _ = self.figure
        whole = point.get((reading, "lifetime"), Decimal(0))
        return max(whole, point.get(self.figure, Decimal(0))) >= self.value


@dataclass(frozen=True, slots=True)
class Asked:
    """A tree, and what its rules ask for one tier; rules not in ``bounds`` or ``unknown`` abstain."""

    tree: Node
    bounds: Mapping[str, Bound]
    unknown: Collection[str]

    def supports(self, point: Point, unknown: Verdict) -> bool:
        """Whether the tree supports the tier at a point, where rules of which nothing is known say that."""
        verdicts = dict.fromkeys(rules_of(self.tree), Verdict.ABSTAINS) | dict.fromkeys(self.unknown, unknown)
        for rule, bound in self.bounds.items():
            verdicts[rule] = Verdict.SUPPORTS if bound.met(point) else Verdict.DENIES
        return decide(self.tree, verdicts) is Verdict.SUPPORTS


def keep_findings(path: str, policy: LadderPolicy, opinionated: Collection[str]) -> Iterator[Finding]:
    """Tiers of a ladder for whose keeping more is asked than for entering them.

    ``opinionated`` are the rules that state no figures, of which nothing can be said.
    """
    if policy.own_keep is None:
        return
    for tier in policy.ladder.tiers[1:]:
        entry = _asked(policy, policy.tree, tier, opinionated)
        keep = _asked(policy, policy.own_keep, tier, opinionated)
        for least, more in _harder(entry, keep).items():
            yield Finding(
                f"{path}.keep",
                f"{tier!r} is harder to keep than to reach: {more} of what {least} reaches it",
                "warning",
                f"ask for at most {least} to keep it",
            )


def _asked(policy: LadderPolicy, tree: Node, tier: str, opinionated: Collection[str]) -> Asked:
    bounds: dict[str, Bound] = {}
    unknown: set[str] = set()
    for rule in rules_of(tree):
        requirement: Requirement | None = policy.requirements.get(rule, {}).get(tier)
        bound = None if requirement is None else _bound(requirement)
        if bound is not None:
            bounds[rule] = bound
        elif requirement is not None or rule in opinionated:
            unknown.add(rule)
    return Asked(tree, bounds, unknown)


def _bound(requirement: Requirement) -> Bound | None:
    """The bound on one figure that a requirement is; None where it is something else."""
    if not isinstance(requirement, AtLeast) or len(requirement.terms) != 1:
        return None
    (term,) = requirement.terms
    if term.weight <= 0:
        return None
    return Bound((term.measure.figure, term.measure.window), requirement.bound / term.weight)


def _harder(entry: Asked, keep: Asked) -> dict[Decimal, Decimal]:
    """Of figures what is enough for entry, and how much of it keeping asks for where that is more."""
    bounds = {
        rule: bound if _is_compared(bound, entry) else replace(bound, value=Decimal(0))
        for rule, bound in keep.bounds.items()
    }
    compared, found = replace(keep, bounds=bounds), dict[Decimal, Decimal]()
    for point in _least_points(entry):
        for unknown in (Verdict.DENIES, Verdict.SUPPORTS):
            for figure, least in point.items() if not compared.supports(point, unknown) else ():
                more = _raised(compared, point, figure, unknown)
                if more is not None:
                    found.setdefault(least, more)
    return found


def _is_compared(bound: Bound, entry: Asked) -> bool:
    reading, _ = bound.figure
    return any(other.figure in (bound.figure, (reading, "lifetime")) for other in entry.bounds.values())


def _least_points(entry: Asked) -> Iterator[Point]:
    """What is just enough for entry: of one figure alone, else of all together."""
    values: dict[Counted, list[Decimal]] = {}
    for bound in sorted(entry.bounds.values(), key=lambda each: each.value):
        values.setdefault(bound.figure, []).append(bound.value)
    alone = [
        {figure: least}
        for figure, bounds in values.items()
        if (least := _first(entry, {}, figure, bounds, Verdict.DENIES)) is not None
    ]
    yield from alone
    for unknown in () if alone else (Verdict.DENIES, Verdict.SUPPORTS):
        point = {figure: bounds[-1] for figure, bounds in values.items()}
        if entry.supports(point, unknown):
            for figure, bounds in values.items():
                least = _first(entry, point, figure, bounds, unknown)
                point[figure] = bounds[-1] if least is None else least
            yield point
            return


def _raised(keep: Asked, point: Point, figure: Counted, unknown: Verdict) -> Decimal | None:
    """How much more of a figure would do for keeping; None where no more of it alone does."""
    reading, window = figure
    values = {
        bound.value
        for bound in keep.bounds.values()
        if bound.figure == figure or (window == "lifetime" and bound.figure[0] == reading)
    }
    return _first(keep, point, figure, sorted(values), unknown)


def _first(
    asked: Asked, point: Point, figure: Counted, values: Sequence[Decimal], unknown: Verdict
) -> Decimal | None:
    """The first of some values of a figure that is enough, beside what there is."""
    return next((each for each in values if asked.supports({**point, figure: each}, unknown)), None)
