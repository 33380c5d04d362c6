"""Tiers by tenure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from loyalty_engine.rules import (
    Ladder,
    Measure,
    Member,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    Tenure,
    TierHooks,
    threshold_problems,
    thresholds_of,
)
from loyalty_tier_tenure.config import TierTenureConfig


class TierTenure(Rule[TierTenureConfig], TierHooks):
    """Supports a tier when whole months or years of membership reach the tier's threshold."""

    name = "tier_tenure"
    version = "1"
    Config = TierTenureConfig

    def measures(self) -> Sequence[Measure]:
        """The months alone."""
        return (Measure("months", Tenure()),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The months reach the threshold."""
        return thresholds_of(self.measures()[0], self._months(), ladder)

    def boundaries(self, member: Member, after: date) -> date | None:
        """The next day on which a threshold is reached."""
        days = (Tenure.reached_on(member.joined_on, months) for months in self._months().values())
        return min((day for day in days if day > after), default=None)

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; thresholds that do not rise with the ladder."""
        return threshold_problems(program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds")

    def _months(self) -> dict[str, int]:
        count = 12 if self.config.unit == "years" else 1
        return {tier: length * count for tier, length in self.config.thresholds.items()}
