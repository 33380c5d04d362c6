"""Points for purchases, at rates that a tier may raise."""

from loyalty_earn_purchase.rule import EarnPurchase
from loyalty_engine.rules import Rule, RuleConfig, hookimpl


@hookimpl
def loyalty_rules() -> list[type[Rule[RuleConfig]]]:
    """The rule of this plugin."""
    return [EarnPurchase]
