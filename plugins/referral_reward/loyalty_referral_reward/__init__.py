"""Points for those who bring friends, and for the friends."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_referral_reward.rule import ReferralReward


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [ReferralReward]
