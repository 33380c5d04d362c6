"""Tiers by referrals."""

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
from loyalty_tier_referral.config import TierReferralConfig


class TierReferral(Rule[TierReferralConfig], TierHooks):
    """Supports a tier when the members who were referred and qualified in a window reach its threshold."""

    name = "tier_referral"
    version = "1"
    Config = TierReferralConfig

    def measures(self) -> Sequence[Measure]:
        """The referrals that were rewarded."""
        return (self._referrals(),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The referrals reach the threshold."""
        return thresholds_of(self._referrals(), self.config.thresholds, ladder)

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Rules that reward no referral; unknown tiers; thresholds that do not rise with the ladder."""
        for index, rule in enumerate(self.config.rewards):
            if rule not in program.rules:
                known = ", ".join(program.rules)
                yield Problem(("rewards", index), f"there is no rule {rule!r}; there is {known}")
            elif program.rules[rule].startswith("tier_"):
                yield Problem(("rewards", index), f"{rule!r} is about tiers and rewards no referral")
        yield from threshold_problems(
            program.ladders_naming(self.rule_id), self.config.thresholds, "thresholds"
        )

    def _referrals(self) -> Measure:
        rewarded = Figure("count", kinds=("gift",), where=(("rule", self.config.rewards),))
        return Measure("referrals", rewarded, self.config.window)
