"""Promotions that partners run and fund."""

from loyalty_engine.rules import Rule, RuleConfig, hookimpl
from loyalty_partner_rewards.rule import PartnerRewards


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [PartnerRewards]
