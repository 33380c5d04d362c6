"""The routes to a tier: what has to come together so that a ladder's tree supports it.

A route is conditions with which the tree supports the tier; those of them that are not met yet are a
least set: nobody gets there with one of them left out. There can be more routes than anybody reads,
so that the nearest are kept: at most `MOST` for a tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from loyalty_engine.combine.tiers import Branch, Leaf, Node
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating.prospects import Prospect
from loyalty_engine.rating.sights import Condition, Sight
from loyalty_engine.rules import AtLeast, Requirement

MOST = 20
"""How many routes to one tier are named, the nearest first."""

WEIGHTS = 128
"""How many sums of weights are gone through from both ends; only trees of dozens of weights have more."""

TOGETHER = 1024
"""How many ways are followed at once; where there are more sums of weights, fewer ways for each of them."""


@dataclass(frozen=True, slots=True)
class Route:
    """Conditions that lead to a tier together, the nearest first."""

    tier: str
    conditions: tuple[Condition, ...]
    not_before: datetime | None = None
    """When the tier is reached at the earliest, though everything is met before; None: at once."""

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


def routes(prospect: Prospect) -> list[Route]:
    """The routes to every tier above the one held, the nearest first.

    While a lock is in force they lead to where the member will stand when it is over; there is none where
    it never is, and none to what is held then without anything more.
    """
    unlocked, ladder = prospect.unlocked(), prospect.policy.ladder
    if unlocked is None:
        return []
    above = ladder.tiers[max(ladder.rank(prospect.tier), ladder.rank(unlocked.tier)) + 1 :]
    return named(prospect.policy, above, prospect.sights(unlocked, above))


def named(policy: LadderPolicy, tiers: Sequence[str], sights: Sequence[Sight]) -> list[Route]:
    """The routes to some tiers, from the earliest point at which the ladder decides; at most `MOST` to each.

    To a later point lead only those that need something which is not open before, and on which nobody has
    done enough for an earlier one.
    """
    found = []
    for tier in tiers:
        kept: list[tuple[Way, Route]] = []
        closed: set[int] | None = None
        for sight in sights:
            leaves = _Leaves(policy, tier, sight, policy.ladder.rank(tier) <= sight.lowest + 1)
            ways = [
                way
                for way in _least(_of_node(policy.tree, leaves, ()) or [])
                if (closed is None or closed.intersection(way.numbers))
                and not any(earlier.missing & way.missing == earlier.missing for earlier, _ in kept)
            ]
            kept += [(way, _route(tier, way, leaves)) for way in ways]
            closed = leaves.closed if closed is None else closed & leaves.closed
        found += sorted((route for _, route in kept), key=lambda route: route.distance)[:MOST]
    return sorted(found, key=lambda route: (route.distance, policy.ladder.rank(route.tier)))


def _route(tier: str, way: Way, leaves: _Leaves) -> Route:
    conditions = [leaves.conditions[number] for number in way.numbers]
    conditions.sort(key=lambda condition: (condition.distance, condition.place))
    return Route(tier, tuple(conditions), leaves.sight.not_before)


@dataclass(frozen=True, slots=True)
class _Leaves:
    """What the rules of a ladder ask for one tier; ``conditions`` are those met on the walk, in its order.

    Those that are ``closed`` cannot be met by then; what time alone brings by then costs nothing.
    """

    policy: LadderPolicy
    tier: str
    sight: Sight
    next_above: bool
    """Whether no tier lies on the way."""
    conditions: list[Condition] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)

    def ways(self, rule: str, place: tuple[int, ...]) -> Ways:
        requirement = self.policy.requirements.get(rule, {}).get(self.tier)
        if requirement is not None:
            return self._of(requirement, rule, place)
        supports = self.sight.opinions.get(rule, {}).get(self.tier)
        if supports is None:
            return None
        return [_NOTHING] if supports else []

    def _of(self, requirement: Requirement, rule: str, place: tuple[int, ...]) -> list[Way]:
        if isinstance(requirement, AtLeast):
            return self._ways(requirement, rule, place)
        parts = [self._of(part, rule, (*place, index)) for index, part in enumerate(requirement.of)]
        return _reaching([(part, 1) for part in parts], requirement.at_least)

    def _ways(self, asked: AtLeast, rule: str, place: tuple[int, ...]) -> list[Way]:
        number = len(self.conditions)
        condition = self.sight.condition(rule, asked, place, next_above=self.next_above)
        self.conditions.append(condition)
        if not self.sight.is_open(asked):
            self.closed.add(number)
            return []
        if condition.means == "time":
            return [Way(Decimal(0), 0, (number,), 0)]
        lacks = condition.missing > 0
        return [Way(condition.distance, int(lacks), (number,), lacks << number)]


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


def conditions_of(found: Iterable[Route]) -> Iterator[tuple[int, Route, Condition]]:
    """Every condition with the number of its route, from 0."""
    for number, route in enumerate(found):
        for condition in route.conditions:
            yield number, route, condition
