"""Points for referrals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from loyalty_engine.rules import (
    Activity,
    EarnHooks,
    Gift,
    Line,
    Member,
    Occasion,
    Problem,
    ProgramOutline,
    Rule,
)
from loyalty_referral_reward.config import ReferralRewardConfig


class ReferralReward(Rule[ReferralRewardConfig], EarnHooks):
    """Rewards the first purchase of a referred member, on both sides."""

    name = "referral_reward"
    version = "1"
    Config = ReferralRewardConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | Gift]:
        """A gift to whoever referred the member, and a line for the member, each once."""
        config, activity = self.config, occasion.activity
        if member.referred_by is None or not self._qualifies(activity, member):
            return ()
        gift = Gift(
            "referrer", member.referred_by, config.currency, Decimal(config.referrer_points), once="referrer"
        )
        if not config.referred_points:
            return (gift,)
        return (gift, Line("referred", config.currency, Decimal(config.referred_points), once="referred"))

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown currency."""
        if self.config.currency not in program.points:
            known = ", ".join(program.points) or "none"
            yield Problem(
                ("currency",), f"there is no points currency {self.config.currency!r}; there is {known}"
            )

    def _qualifies(self, activity: Activity, member: Member) -> bool:
        """Whether it is such a purchase; a return that names none never is."""
        config = self.config
        days = (activity.local_day - member.joined_on).days
        if config.within_days is not None and days >= config.within_days:
            return False
        figure = config.figure_of("amount", net=False)
        return figure.takes(activity) and figure.value(activity) >= config.minimum_amount
