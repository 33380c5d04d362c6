"""Tiers by the points that a member earns."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_points.rule import TierPoints


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierPoints]
