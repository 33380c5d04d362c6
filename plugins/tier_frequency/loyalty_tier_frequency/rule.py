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
        return Measure(self.rule_id, self._figure(), self.config.window)

    def _figure(self) -> Figure:
        config = self.config
        match config.count:
            case NamedNumber(attribute=attribute):
                return config.figure_of("attribute", attribute, net=config.net)
            case "activities":
                return config.figure_of("count", net=config.net)
            case "local_days" | "units" as quantity:
                return config.figure_of(quantity, net=config.net)
