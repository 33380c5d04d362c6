"""Tiers by how often a member does something."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_frequency.rule import TierFrequency


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierFrequency]
