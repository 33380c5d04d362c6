"""Tiers by the members that a member brings."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_referral.rule import TierReferral


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierReferral]
