"""Tiers by a training streak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loyalty_engine.rules import (
    Ladder,
    Member,
    Problem,
    ProgramOutline,
    Reason,
    Rule,
    TierHooks,
    TierVerdict,
    threshold_problems,
)
from loyalty_tier_streak.config import TierStreakConfig


class TierStreak(Rule[TierStreakConfig], TierHooks):
    """Supports a tier when the streak of training weeks that an app reports is long enough.

    The streak is a dated value of the member and no measure over activities, which is why it cannot
    be said as a requirement.
    """

    name = "tier_streak"
    version = "1"
    Config = TierStreakConfig

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        """Whether the streak last reported reaches the weeks of each tier; none reported is none."""
        streak = member.values.get(("score", self.config.score))
        return {
            tier: _verdict(streak, needed)
            for name, needed in self.config.weeks.items()
            if (tier := ladder.own(name)) is not None
        }

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; weeks that do not rise with the ladder."""
        return threshold_problems(program.ladders_naming(self.rule_id), self.config.weeks, "weeks")


def _verdict(streak: object, needed: int) -> TierVerdict:
    if streak is None:
        return TierVerdict(supports=False, reasons=(Reason("streak_unknown", {"needed": str(needed)}),))
    if isinstance(streak, bool) or not isinstance(streak, int):
        raise TypeError(f"the streak is {streak!r} and not a number of weeks")
    reason = Reason("streak", {"weeks": str(streak), "needed": str(needed)})
    return TierVerdict(supports=streak >= needed, reasons=(reason,))
