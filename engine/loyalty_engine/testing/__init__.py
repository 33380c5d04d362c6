"""The kit with which plugin authors test their rules, without a database and in a few lines.

The built-in plugins are tested with it and with nothing else.
"""

from loyalty_engine.testing.asking import earned, figures_of, offered, verdicts
from loyalty_engine.testing.builders import activity, configured, ladder, line, member, outline, problems_of
from loyalty_engine.testing.conformance import NotConforming, check_rule, findings_of
from loyalty_engine.testing.readme import check_readme, example_configs
from loyalty_engine.testing.table import config_table

__all__ = [
    "NotConforming",
    "activity",
    "check_readme",
    "check_rule",
    "config_table",
    "configured",
    "earned",
    "example_configs",
    "figures_of",
    "findings_of",
    "ladder",
    "line",
    "member",
    "offered",
    "outline",
    "problems_of",
    "verdicts",
]
