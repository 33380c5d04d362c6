"""The routes to a tier: what has to come together so that a ladder's tree supports it.

A route is conditions with which the tree supports the tier; those of them that are not met yet are a
least set: nobody gets there with one of them left out. There can be more routes than anybody reads,
so that the nearest are kept: at most `MOST` for a tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from loyalty_engine.combine.tiers import Branch, Leaf, Node
from loyalty_engine.localtime import first_instant
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.explain import unit_of
from loyalty_engine.rating.windows import days_of
from loyalty_engine.rules import AtLeast, Calendar, FiscalYear, Measure, Requirement, Window

MOST = 20
"""How many routes to one tier are named, the nearest first."""

WEIGHTS = 128
"""How many sums of weights are gone through from both ends; only trees of dozens of weights have more."""

TOGETHER = 1024
"""How many ways are followed at once; where there are more sums of weights, fewer ways for each of them."""

Opinions = Mapping[str, Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of one rule: what there is, what is needed, by when."""

    rule: str
    have: Decimal
    need: Decimal
    unit: str
    by: datetime | None
    place: tuple[int, ...]
    """Where it stands in the tree and in its rule's requirement; two rules may ask for the same."""

    @property
    def missing(self) -> Decimal:
        """How much is still needed."""
        return max(Decimal(0), self.need - self.have)

    @property
    def distance(self) -> Decimal:
        """What is missing as a part of what is needed."""
        if not self.missing:
            return Decimal(0)
        return self.missing / self.need if self.need > 0 else Decimal(1)


@dataclass(frozen=True, slots=True)
class Route:
    """Conditions that lead to a tier together, the nearest first."""

    tier: str
    conditions: tuple[Condition, ...]

    @property
    def distance(self) -> Decimal:
        """That of the condition that is furthest away."""
        return max((condition.distance for condition in self.conditions), default=Decimal(0))


class Way(NamedTuple):
    """Conditions that are met together, by their numbers in the order of their places.

    Ways compare as they are named: the nearest first, of those that are as near the shortest, and a part
    before the whole. ``missing`` has a bit for each condition that is not met yet.
    """

    distance: Decimal
    length: int
    numbers: tuple[int, ...]
    missing: int


_NOTHING = Way(Decimal(0), 0, (), 0)
"""The way on which nothing is asked for."""

Ways = list[Way] | None
"""The ways in which a node comes to support the tier, the nearest first; None where it abstains."""


def routes(
    program: Program,
    policy: LadderPolicy,
    held: str,
    figures: Mapping[Measure, Decimal],
    opinions: Opinions,
    day: date,
    joined_on: date,
    review_at: datetime | None = None,
) -> list[Route]:
    """The routes to every tier above the one held, the nearest first.

    What is missing counts by the end of its window; with ``review_at``, by that review, at which the
    ladder decides. A rule that states no figures is on a way as far as it supports the tier now.
    """
    found = []
    for tier in policy.ladder.tiers[policy.ladder.rank(held) + 1 :]:
        leaves = _Leaves(program, policy, tier, figures, opinions, day, joined_on, review_at)
        for way in _least(_of_node(policy.tree, leaves, ()) or []):
            conditions = [leaves.conditions[number] for number in way.numbers]
            conditions.sort(key=lambda condition: (condition.distance, condition.place))
            found.append(Route(tier, tuple(conditions)))
    return sorted(found, key=lambda route: (route.distance, policy.ladder.rank(route.tier)))


@dataclass(frozen=True, slots=True)
class _Leaves:
    """What the rules of a ladder ask for one tier; ``conditions`` are those met on the walk, in its order."""

    program: Program
    policy: LadderPolicy
    tier: str
    figures: Mapping[Measure, Decimal]
    opinions: Opinions
    day: date
    joined_on: date
    review_at: datetime | None
    conditions: list[Condition] = field(default_factory=list)

    def ways(self, rule: str, place: tuple[int, ...]) -> Ways:
        requirement = self.policy.requirements.get(rule, {}).get(self.tier)
        if requirement is not None:
            return self._of(requirement, rule, place)
        supports = self.opinions.get(rule, {}).get(self.tier)
        if supports is None:
            return None
        return [_NOTHING] if supports else []

    def _of(self, requirement: Requirement, rule: str, place: tuple[int, ...]) -> list[Way]:
        if isinstance(requirement, AtLeast):
            return [self._way(self._condition(requirement, rule, place))]
        parts = [self._of(part, rule, (*place, index)) for index, part in enumerate(requirement.of)]
        return _reaching([(part, 1) for part in parts], requirement.at_least)

    def _way(self, condition: Condition) -> Way:
        number = len(self.conditions)
        self.conditions.append(condition)
        lacks = condition.missing > 0
        return Way(condition.distance, int(lacks), (number,), lacks << number)

    def _condition(self, asked: AtLeast, rule: str, place: tuple[int, ...]) -> Condition:
        ends = [_window_end(term.measure.window, self.day, self.joined_on) for term in asked.terms]
        end = min((end for end in ends if end is not None), default=None)
        by = self.review_at or (None if end is None else first_instant(end, self.program.zone))
        return Condition(rule, asked.have(self.figures), asked.bound, unit_of(self.program, asked), by, place)


def _of_node(node: Node, leaves: _Leaves, place: tuple[int, ...]) -> Ways:
    if isinstance(node, Leaf):
        return leaves.ways(node.rule, place)
    weights = node.weights or (1,) * len(node.of)
    children = [_of_node(child, leaves, (*place, index)) for index, child in enumerate(node.of)]
    spoken = [(ways, weight) for ways, weight in zip(children, weights, strict=True) if ways is not None]
    if not spoken:
        return None
    return _reaching(spoken, _needed(node, spoken))


def _needed(node: Branch, spoken: Sequence[tuple[list[Way], int]]) -> int:
    return len(spoken) if node.op == "all_of" else node.at_least


def _reaching(children: Sequence[tuple[list[Way], int]], needed: int) -> list[Way]:
    """The ways in which children that weigh enough support it, the nearest first.

    No two children share a condition, since each stands in a place of its own.
    """
    able = sorted(((ways, weight) for ways, weight in children if ways), key=lambda child: child[0][0])
    by_weight: dict[int, list[Way]] = {0: [_NOTHING]}
    left = sum(weight for _, weight in able)
    for ways, weight in able:
        enough = by_weight.get(needed, [])
        if len(enough) == MOST and ways[0].distance > enough[-1].distance:
            break
        left -= weight
        grown = {reached: list(found) for reached, found in by_weight.items()}
        for reached, found in by_weight.items():
            if reached < needed:
                together = grown.setdefault(min(needed, reached + weight), [])
                together.extend(_both(before, way) for before in found for way in ways)
        by_weight = _few(
            {reached: _least(found) for reached, found in grown.items() if reached + left >= needed}, needed
        )
    return by_weight.get(needed, [])


def _both(way: Way, other: Way) -> Way:
    return Way(
        max(way.distance, other.distance),
        way.length + other.length,
        tuple(sorted(way.numbers + other.numbers)),
        way.missing | other.missing,
    )


def _few(by_weight: dict[int, list[Way]], needed: int) -> dict[int, list[Way]]:
    """As many weights as can be gone through: the nearest, and the heaviest, which reach any bound."""
    if len(by_weight) > 2 * WEIGHTS:
        heaviest = sorted(by_weight, reverse=True)[:WEIGHTS]
        nearest = sorted(by_weight, key=lambda reached: by_weight[reached][0])[:WEIGHTS]
        by_weight = {reached: by_weight[reached] for reached in {*heaviest, *nearest}}
    most = max(1, TOGETHER // max(1, len(by_weight)))
    return {reached: found if reached == needed else found[:most] for reached, found in by_weight.items()}


def _least(ways: Iterable[Way]) -> list[Way]:
    """The nearest ways, without those on which more is missing than on another one."""
    kept: list[Way] = []
    for way in sorted(set(ways)):
        if not any(other.missing & way.missing == other.missing for other in kept):
            kept.append(way)
        if len(kept) == MOST:
            break
    return kept


def _window_end(window: Window, day: date, joined_on: date) -> date | None:
    """Where a window ends for everything in it at once; one that rolls, or is over, has no such end."""
    if isinstance(window, Calendar | FiscalYear) or window == "anniversary":
        return days_of(window, day, False, joined_on).end
    return None


def conditions_of(found: Iterable[Route]) -> Iterator[tuple[int, Route, Condition]]:
    """Every condition with the number of its route, from 0."""
    for number, route in enumerate(found):
        for condition in route.conditions:
            yield number, route, condition
