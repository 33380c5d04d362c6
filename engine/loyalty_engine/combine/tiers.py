"""The combination tree of a ladder (SEMANTICS section 4): one node, three spellings.

A node leaves abstainers out and abstains when none is left. A rule that failed makes the node
undecided unless the rest already decides it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Literal

MAXIMUM_DEPTH = 4
MAXIMUM_NODES = 64


class Verdict(Enum):
    """What a rule or a node says about one tier."""

    SUPPORTS = "supports"
    DENIES = "denies"
    ABSTAINS = "abstains"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule, by its id in the program file."""

    rule: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Children of which supporting ones must weigh enough; without weights each weighs 1."""

    op: Literal["any_of", "all_of", "weighted"]
    of: tuple[Node, ...]
    at_least: int = 1
    weights: tuple[int, ...] = ()


Node = Leaf | Branch


def walk(node: Node) -> Iterator[Node]:
    """The nodes of a tree, the root first, children in the order of the file."""
    yield node
    if isinstance(node, Branch):
        for child in node.of:
            yield from walk(child)


def rules_of(node: Node) -> tuple[str, ...]:
    """The ids of the rules that a tree names, each once."""
    return tuple(dict.fromkeys(part.rule for part in walk(node) if isinstance(part, Leaf)))


def depth(node: Node) -> int:
    """The number of levels; a single rule has one."""
    return 1 + max((depth(child) for child in node.of), default=0) if isinstance(node, Branch) else 1


def decide(node: Node, verdicts: Mapping[str, Verdict]) -> Verdict:
    """What the tree says about one tier, given what each rule says about it."""
    if isinstance(node, Leaf):
        return verdicts[node.rule]
    spoken = [(verdict, weight) for _, verdict, weight in _spoken(node, verdicts)]
    if not spoken:
        return Verdict.ABSTAINS
    needed = _needed(node, len(spoken))
    supporting = sum(weight for verdict, weight in spoken if verdict is Verdict.SUPPORTS)
    undecided = sum(weight for verdict, weight in spoken if verdict is Verdict.UNDECIDED)
    if supporting >= needed:
        return Verdict.SUPPORTS
    return Verdict.DENIES if supporting + undecided < needed else Verdict.UNDECIDED


def stands_until(node: Node, verdicts: Mapping[str, Verdict], ends: Mapping[str, date]) -> date | None:
    """Until when a tree supports a tier that it supports now, as far as its rules say; None: without an end.

    ``ends`` are the days from which on rules support the tier no more; a rule without one has no end.
    """
    if isinstance(node, Leaf):
        return ends.get(node.rule)
    spoken = _spoken(node, verdicts)
    supporting = [
        (stands_until(child, verdicts, ends) or date.max, weight)
        for child, verdict, weight in spoken
        if verdict is Verdict.SUPPORTS
    ]
    reached, needed = 0, _needed(node, len(spoken))
    for until, weight in sorted(supporting, reverse=True):
        reached += weight
        if reached >= needed:
            return None if until == date.max else until
    return None


def _spoken(node: Branch, verdicts: Mapping[str, Verdict]) -> list[tuple[Node, Verdict, int]]:
    """The children that do not abstain, with what they say and weigh."""
    weights = node.weights or (1,) * len(node.of)
    said = ((child, decide(child, verdicts), weight) for child, weight in zip(node.of, weights, strict=True))
    return [each for each in said if each[1] is not Verdict.ABSTAINS]


def _needed(node: Branch, spoken: int) -> int:
    return spoken if node.op == "all_of" else node.at_least


def entry_tier(node: Node, tiers: tuple[str, ...], verdicts: Mapping[str, Mapping[str, Verdict]]) -> str:
    """The highest tier that the tree supports, else the base tier; ``verdicts`` by tier, then rule."""
    for tier in reversed(tiers[1:]):
        if decide(node, verdicts[tier]) is Verdict.SUPPORTS:
            return tier
    return tiers[0]
