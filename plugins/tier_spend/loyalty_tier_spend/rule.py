"""Tiers by spend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loyalty_engine.rules import (
    Ladder,
    Measure,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    TierHooks,
    threshold_problems,
    thresholds_of,
)
from loyalty_tier_spend.config import TierSpendConfig


class TierSpend(Rule[TierSpendConfig], TierHooks):
    """Supports a tier when the spend over a window reaches the tier's threshold."""

    name = "tier_spend"
    version = "1"
    Config = TierSpendConfig

    def measures(self) -> Sequence[Measure]:
        """The spend alone."""
        return (self._spend(),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The spend reaches the threshold."""
        return thresholds_of(self._spend(), self.config.thresholds, ladder)

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; thresholds that do not rise with the ladder."""
        return threshold_problems(program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds")

    def _spend(self) -> Measure:
        config = self.config
        return Measure("spend", config.figure_of("amount", net=config.net), config.window)
