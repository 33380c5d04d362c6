"""Tiers by a weighted score."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_score.rule import TierScore


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierScore]
