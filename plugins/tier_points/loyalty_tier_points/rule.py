"""Tiers by points earned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loyalty_engine.rules import (
    Figure,
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
from loyalty_tier_points.config import TierPointsConfig


class TierPoints(Rule[TierPointsConfig], TierHooks):
    """Supports a tier when the points earned over a window reach the tier's threshold."""

    name = "tier_points"
    version = "1"
    Config = TierPointsConfig

    def measures(self) -> Sequence[Measure]:
        """The points alone."""
        return (self._points(),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The points reach the threshold."""
        return thresholds_of(self._points(), self.config.thresholds, ladder)

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown currency and rules; unknown tiers; thresholds that do not rise with the ladder."""
        if self.config.currency not in program.points:
            known = ", ".join(program.points) or "none"
            yield Problem(
                ("currency",), f"there is no points currency {self.config.currency!r}; there is {known}"
            )
        for index, rule in enumerate(self.config.rules):
            if rule not in program.rules:
                yield Problem(
                    ("rules", index), f"there is no rule {rule!r}; there is {', '.join(program.rules)}"
                )
        yield from threshold_problems(
            program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds"
        )

    def _points(self) -> Measure:
        config = self.config
        figure = Figure(
            "earned",
            currency=config.currency,
            rules=config.rules,
            kinds=config.kinds,
            channels=config.channels,
            partners=config.partners,
            net=config.net,
        )
        return Measure("points", figure, config.window)
