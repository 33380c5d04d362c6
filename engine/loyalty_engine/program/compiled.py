"""A program compiled once per version: checked, its rules made, its requirements read.

Each compiled program has a plugin manager of its own, in which its rules are registered under the
ids of its file, so that one business may use a rule class twice and another not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from loyalty_engine.combine.tiers import Node, rules_of
from loyalty_engine.plugins import RuleType
from loyalty_engine.program.file import (
    Downgrade,
    LadderSection,
    PointsSection,
    ProgramFile,
    Review,
    TierSection,
    Until,
    Upgrade,
)
from loyalty_engine.program.findings import Finding
from loyalty_engine.rules import (
    Ladder,
    Measure,
    PromotionTerms,
    Requirement,
    Rule,
    RuleConfig,
)

MAXIMUM_BYTES = 256 * 1024


class ProgramInvalid(Exception):
    """The program file has errors; ``findings`` names each with its path."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """A rule of the file: its id, its type, and the instance that decides."""

    rule_id: str
    type: RuleType
    config: Mapping[str, Any]
    instance: Rule[RuleConfig]


@dataclass(frozen=True, slots=True, eq=False)
class PointsCurrency:
    """A points currency; amounts are integers of its smallest unit."""

    section: PointsSection

    @property
    def key(self) -> str:
        """Its key in the file."""
        return self.section.key


@dataclass(frozen=True, slots=True, eq=False)
class LadderPolicy:
    """A ladder with its trees, and what each of their rules asks for each tier.

    ``tree`` decides which tier a member enters, ``keep`` which one is kept; ``rules`` are those of both.
    """

    ladder: Ladder
    section: LadderSection
    tree: Node
    rules: tuple[str, ...]
    requirements: Mapping[str, Mapping[str, Requirement]]
    measures: tuple[Measure, ...]
    own_keep: Node | None = None

    @property
    def key(self) -> str:
        """Its key in the file."""
        return self.ladder.key

    @property
    def keep(self) -> Node:
        """The tree that keeps the tier held: that of entry, unless the ladder has one of its own."""
        return self.own_keep or self.tree

    @property
    def entry_rules(self) -> tuple[str, ...]:
        """The rules that decide which tier a member enters."""
        return rules_of(self.tree)

    @property
    def tiers(self) -> Sequence[TierSection]:
        """Its tiers as written, from the base upwards."""
        return self.section.tiers

    @property
    def upgrade(self) -> Upgrade:
        """When figures become a claim."""
        return self.section.upgrade

    @property
    def review(self) -> Review | None:
        """Its regular reviews."""
        return self.section.review

    @property
    def kept_until(self) -> Until:
        """How long a claim holds that is made where another one ends."""
        return (self.review or self.upgrade).until

    @property
    def downgrade(self) -> Downgrade:
        """How far one falls."""
        return self.section.downgrade


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A checked program, ready to decide."""

    file: ProgramFile
    source: str
    zone: ZoneInfo
    points: Mapping[str, PointsCurrency]
    ladders: tuple[LadderPolicy, ...]
    rules: Mapping[str, ConfiguredRule]
    implementations: Mapping[str, Mapping[str, Callable[..., Any]]]
    measures: tuple[Measure, ...]
    measures_of: Mapping[str, tuple[Measure, ...]]
    promotions: Mapping[str, PromotionTerms]
    findings: tuple[Finding, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return sha256(self.source.encode()).hexdigest()

    @property
    def rule_versions(self) -> dict[str, str]:
        """The version of each rule class that the program uses."""
        return {rule.type.name: rule.type.version for rule in self.rules.values()}

    @property
    def undoes(self) -> bool:
        """Whether a return is folded as if the returned part had never been bought, points included."""
        return all(policy.section.returns == "undo" for policy in self.ladders)

    def ladder(self, key: str) -> LadderPolicy:
        """The ladder of that key; KeyError when there is none."""
        for policy in self.ladders:
            if policy.key == key:
                return policy
        raise KeyError(key)
