"""Tiers by engagement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from loyalty_engine.rules import (
    AtLeast,
    Figure,
    Ladder,
    Measure,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    Term,
    TierHooks,
    threshold_problems,
)
from loyalty_tier_engagement.config import TierEngagementConfig


class TierEngagement(Rule[TierEngagementConfig], TierHooks):
    """Supports a tier when a weighted count of reviews, shares and the like reaches its threshold."""

    name = "tier_engagement"
    version = "1"
    Config = TierEngagementConfig

    def measures(self) -> Sequence[Measure]:
        """A count for each kind, under the kind's name."""
        return tuple(term.measure for term in self._terms())

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The weighted sum of the counts reaches the threshold."""
        return {
            tier: AtLeast(self._terms(), bound)
            for name, bound in self.config.thresholds.items()
            if (tier := ladder.own(name)) is not None
        }

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; thresholds that do not rise with the ladder; kinds that count nothing."""
        for kind, weight in self.config.weights.items():
            if not weight:
                yield Problem(("weights", kind), f"{kind!r} counts nothing", "warning")
        yield from threshold_problems(
            program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds"
        )

    def _terms(self) -> tuple[Term, ...]:
        return tuple(
            Term(self._count(kind), Decimal(weight)) for kind, weight in sorted(self.config.weights.items())
        )

    def _count(self, kind: str) -> Measure:
        config = self.config
        figure = Figure(
            "count" if config.count == "activities" else "local_days",
            kinds=(kind,),
            channels=config.channels,
            partners=config.partners,
            net=config.net,
        )
        return Measure(kind, figure, config.window)
