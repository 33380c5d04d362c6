"""Tiers that are granted: by invitation, review, vote, signature or payment."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_grant.rule import TierGrant


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierGrant]
