"""Tiers by a weighted score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from loyalty_engine.rules import (
    AtLeast,
    DatedValue,
    Figure,
    Ladder,
    Measure,
    NamedNumber,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    Term,
    TierHooks,
    threshold_problems,
)
from loyalty_tier_score.config import MeasuredPart, PointsPart, TierScoreConfig


class TierScore(Rule[TierScoreConfig], TierHooks):
    """Supports a tier when a weighted sum of measures, points and outside scores reaches its threshold."""

    name = "tier_score"
    version = "1"
    Config = TierScoreConfig

    def measures(self) -> Sequence[Measure]:
        """Every part of the score."""
        return tuple(term.measure for term in self._terms())

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The score reaches the threshold."""
        terms = tuple(self._terms())
        return {
            tier: AtLeast(terms, bound)
            for name, bound in self.config.thresholds.items()
            if (tier := ladder.own(name)) is not None
        }

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown currencies and rules; unknown tiers; thresholds that do not rise with the ladder."""
        for place, part in enumerate(self.config.points):
            if part.currency not in program.points:
                known = ", ".join(program.points) or "none"
                yield Problem(
                    ("points", place, "currency"),
                    f"there is no points currency {part.currency!r}; there is {known}",
                )
            for index, rule in enumerate(part.rules):
                if rule not in program.rules:
                    yield Problem(("points", place, "rules", index), f"there is no rule {rule!r}")
        yield from threshold_problems(
            program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds"
        )

    def _terms(self) -> Iterator[Term]:
        for part in self.config.measures:
            yield Term(Measure(part.key, _figure(part), part.window), part.weight)
        for points in self.config.points:
            yield Term(Measure(points.key, _earned(points), points.window), points.weight)
        for key, weight in sorted(self.config.scores.items()):
            yield Term(Measure(key, DatedValue("score", key)), weight)


def _figure(part: MeasuredPart) -> Figure:
    match part.of:
        case NamedNumber(attribute=attribute):
            return part.figure_of("attribute", attribute, net=part.net, taking=part.take)
        case "activities":
            return part.figure_of("count", net=part.net)
        case "local_days":
            return part.figure_of("local_days", net=part.net)
        case "amount" | "units":
            return part.figure_of(part.of, net=part.net, taking=part.take)


def _earned(part: PointsPart) -> Figure:
    return Figure("earned", kinds=(), currency=part.currency, rules=part.rules, net=part.net)
