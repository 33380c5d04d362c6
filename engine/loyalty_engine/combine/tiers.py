"""The combination tree of a ladder (SEMANTICS section 4): one node, three spellings.

A node leaves abstainers out and abstains when none is left. A rule that failed makes the node
undecided unless the rest already decides it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    weights = node.weights or (1,) * len(node.of)
    spoken = [
        (verdict, weight)
        for verdict, weight in zip((decide(child, verdicts) for child in node.of), weights, strict=True)
        if verdict is not Verdict.ABSTAINS
    ]
    if not spoken:
        return Verdict.ABSTAINS
    needed = len(spoken) if node.op == "all_of" else node.at_least
    supporting = sum(weight for verdict, weight in spoken if verdict is Verdict.SUPPORTS)
    undecided = sum(weight for verdict, weight in spoken if verdict is Verdict.UNDECIDED)
    if supporting >= needed:
        return Verdict.SUPPORTS
    return Verdict.DENIES if supporting + undecided < needed else Verdict.UNDECIDED


def entry_tier(node: Node, tiers: tuple[str, ...], verdicts: Mapping[str, Mapping[str, Verdict]]) -> str:
    """The highest tier that the tree supports, else the base tier; ``verdicts`` by tier, then rule."""
    for tier in reversed(tiers[1:]):
        if decide(node, verdicts[tier]) is Verdict.SUPPORTS:
            return tier
    return tiers[0]
