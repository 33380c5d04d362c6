"""Tiers by the status that a partner gave."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_tier_partner_status.rule import TierPartnerStatus


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [TierPartnerStatus]
