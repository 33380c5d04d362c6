"""Tiers by what a member takes part in."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_engagement.rule import TierEngagement


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierEngagement]
