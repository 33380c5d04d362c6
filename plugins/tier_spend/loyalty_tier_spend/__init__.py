"""Tiers by what a member spends."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_spend.rule import TierSpend


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierSpend]
