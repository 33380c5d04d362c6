"""Tiers by frequency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loyalty_engine.rules import (
    Figure,
    Ladder,
    Measure,
    NamedNumber,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    TierHooks,
    threshold_problems,
    thresholds_of,
)
from loyalty_tier_frequency.config import TierFrequencyConfig


class TierFrequency(Rule[TierFrequencyConfig], TierHooks):
    """Supports a tier when a count of activities over a window reaches the tier's threshold."""

    name = "tier_frequency"
    version = "1"
    Config = TierFrequencyConfig

    def measures(self) -> Sequence[Measure]:
        """The count alone."""
        return (self._count(),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The count reaches the threshold."""
        return thresholds_of(self._count(), self.config.thresholds, ladder)

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; thresholds that do not rise with the ladder."""
        return threshold_problems(program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds")

    def _count(self) -> Measure:
        config = self.config
        match config.count:
            case NamedNumber(attribute=attribute):
                return self._measure(attribute, config.figure_of("attribute", attribute, net=config.net))
            case "activities":
                return self._measure("activities", config.figure_of("count", net=config.net))
            case "local_days" | "units" as quantity:
                return self._measure(quantity, config.figure_of(quantity, net=config.net))

    def _measure(self, key: str, figure: Figure) -> Measure:
        return Measure(key, figure, self.config.window)
