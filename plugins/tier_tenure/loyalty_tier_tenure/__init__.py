"""Tiers by how long one is a member."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_tenure.rule import TierTenure


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierTenure]
