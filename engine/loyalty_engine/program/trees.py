"""From a tree as written in the file to a node, with findings instead of exceptions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from loyalty_engine.combine.tiers import (
    MAXIMUM_DEPTH,
    MAXIMUM_NODES,
    Branch,
    Leaf,
    Node,
    depth,
    rules_of,
    walk,
)
from loyalty_engine.program.findings import Finding

OPERATIONS = ("any_of", "all_of", "weighted")


@dataclass(frozen=True, slots=True)
class LadderTrees:
    """The trees of a ladder: of entry, and of keeping where it has one of its own."""

    combine: Node
    keep: Node | None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that they name, each once."""
        kept = () if self.keep is None else rules_of(self.keep)
        return tuple(dict.fromkeys((*rules_of(self.combine), *kept)))


class TreeReader:
    """Reads trees and collects what is wrong with them."""

    def __init__(self, tier_rules: Collection[str], rule_ids: Collection[str]) -> None:
        self._tier_rules = tier_rules
        self._rule_ids = rule_ids
        self.findings: list[Finding] = []

    def ladder(
        self, combine: object, keep: object | None, path: str
    ) -> tuple[LadderTrees | None, list[Finding]]:
        """Both trees of the ladder at a path, or what is wrong with them."""
        entry = self.read(combine, f"{path}.combine")
        findings, self.findings = self.findings, []
        kept = None if keep is None else self.read(keep, f"{path}.keep")
        findings += self.findings
        return (LadderTrees(entry, kept) if entry is not None and not findings else None), findings

    def read(self, written: object, path: str) -> Node | None:
        """The tree, or None when it has findings."""
        node = self._node(written, path, 1)
        if self.findings or node is None:
            return None
        if depth(node) > MAXIMUM_DEPTH:
            self._add(path, f"the tree has more than {MAXIMUM_DEPTH} levels")
        if sum(1 for _ in walk(node)) > MAXIMUM_NODES:
            self._add(path, f"the tree has more than {MAXIMUM_NODES} nodes")
        return None if self.findings else node

    def _add(self, path: str, message: str) -> None:
        self.findings.append(Finding(path, message))

    def _node(self, written: object, path: str, level: int) -> Node | None:
        if isinstance(written, str):
            return self._leaf(written, path)
        if not isinstance(written, dict) or level > MAXIMUM_DEPTH + 1:
            self._add(
                path,
                f'write a rule id or {{ op = "any_of", of = [...] }}, at most {MAXIMUM_DEPTH} levels deep',
            )
            return None
        return self._branch(written, path, level)

    def _leaf(self, rule: str, path: str) -> Leaf | None:
        if rule in self._tier_rules:
            return Leaf(rule)
        if rule in self._rule_ids:
            self._add(path, f"rule {rule!r} decides nothing about tiers")
        else:
            self._add(path, f"no rule has the id {rule!r}; the ids are {', '.join(self._rule_ids) or 'none'}")
        return None

    def _branch(self, written: dict[str, object], path: str, level: int) -> Branch | None:
        op, of = written.get("op"), written.get("of")
        allowed = {"any_of": {"at_least"}, "weighted": {"at_least", "weights"}}.get(str(op), set()) | {
            "op",
            "of",
        }
        for key in written:
            if key not in allowed:
                self._add(f"{path}.{key}", "unknown key; remove it or correct its spelling")
        if op not in OPERATIONS:
            self._add(f"{path}.op", f"write one of {', '.join(OPERATIONS)}")
            return None
        if not isinstance(of, list) or not of:
            self._add(f"{path}.of", "write the list of rule ids and trees that it combines")
            return None
        children = [self._node(child, f"{path}.of.{index}", level + 1) for index, child in enumerate(of)]
        nodes = tuple(child for child in children if child is not None)
        return self._weighed(written, path, nodes) if len(nodes) == len(children) else None

    def _weighed(self, written: dict[str, object], path: str, nodes: tuple[Node, ...]) -> Branch | None:
        op = written["op"]
        if op == "all_of":
            return Branch("all_of", nodes)
        weights = self._weights(written, path, nodes) if op == "weighted" else ()
        if weights is None:
            return None
        most = sum(weights) if weights else len(nodes)
        at_least = written.get("at_least", 1 if op == "any_of" else None)
        if not isinstance(at_least, int) or isinstance(at_least, bool) or not 1 <= at_least <= most:
            self._add(f"{path}.at_least", f"write a whole number from 1 to {most}")
            return None
        return Branch("weighted" if weights else "any_of", nodes, at_least, weights)

    def _weights(
        self, written: dict[str, object], path: str, nodes: tuple[Node, ...]
    ) -> tuple[int, ...] | None:
        weights = written.get("weights")
        names = [node.rule for node in nodes if isinstance(node, Leaf)]
        if len(names) != len(nodes):
            self._add(f"{path}.of", "weighted combines rule ids alone")
            return None
        if not isinstance(weights, dict) or set(weights) != set(names):
            self._add(f"{path}.weights", f"write a weight for each of {', '.join(names)}")
            return None
        for name, weight in weights.items():
            if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 1_000_000:
                self._add(f"{path}.weights.{name}", "write a whole number from 1 to 1000000")
                return None
        return tuple(weights[name] for name in names)
