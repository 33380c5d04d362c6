"""Tiers by a training streak."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_streak.rule import TierStreak


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierStreak]
