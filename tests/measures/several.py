"""A rule whose tiers ask for some of several conditions, one of which asks for some again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from loyalty_engine.rules import (
    AtLeast,
    Figure,
    Ladder,
    Measure,
    Requirement,
    Rule,
    RuleConfig,
    Some,
    Term,
    TierHooks,
    Window,
)


class SeveralConfig(RuleConfig):
    """The bound of each tier, how many of the conditions must hold, and over which window."""

    thresholds: dict[str, int]
    at_least: int
    inner: int
    window: Window


class Several(Rule[SeveralConfig], TierHooks):
    """Supports a tier by some of: money, units, and some of visits, days and the largest purchase."""

    name: ClassVar[str] = "several"
    version: ClassVar[str] = "1"
    Config = SeveralConfig

    def measures(self) -> Sequence[Measure]:
        """All that the conditions read."""
        return tuple(self._measures().values())

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """So many of the three, the third of which is so many of three."""
        return {
            tier: self._of(bound) for tier, bound in self.config.thresholds.items() if tier in ladder.tiers
        }

    def _of(self, bound: int) -> Requirement:
        few = bound // 40 + 1
        inner = (self._reaches("visits", few), self._reaches("days", few), self._reaches("largest", bound))
        outer = (self._reaches("spend", bound), self._reaches("units", few), Some(self.config.inner, inner))
        return Some(self.config.at_least, outer)

    def _reaches(self, key: str, bound: int) -> AtLeast:
        return AtLeast((Term(self._measures()[key]),), Decimal(bound))

    def _measures(self) -> dict[str, Measure]:
        figures = {
            "spend": Figure("amount"),
            "units": Figure("units"),
            "visits": Figure("count", kinds=("visit",)),
            "days": Figure("local_days"),
            "largest": Figure("amount", taking="largest"),
        }
        return {key: Measure(key, figure, self.config.window) for key, figure in figures.items()}
