"""The plugin author's API: everything a rule may import, and nothing else of the engine.

A plugin is a module named in the entry-point group ``loyalty.plugins``. It offers rule classes
through ``loyalty_rules()``; a business's program file configures them.
"""

from loyalty_engine.rules.config import Amount, Exact, Factor, Percent, RuleConfig, Thresholds
from loyalty_engine.rules.decisions import (
    Cap,
    FundingShare,
    Gift,
    Line,
    PartnerAward,
    PercentLine,
    Problem,
    PromotionTerms,
    Reason,
    TierVerdict,
)
from loyalty_engine.rules.hooks import (
    EarnHooks,
    PartnerHooks,
    PluginHooks,
    Rule,
    TierHooks,
    hookimpl,
)
from loyalty_engine.rules.inputs import (
    Activity,
    ActivityLine,
    Ladder,
    Member,
    Occasion,
    ProgramOutline,
)
from loyalty_engine.rules.lint import keyed, listed, threshold_problems, tier_problems
from loyalty_engine.rules.measures import Figure, Measure
from loyalty_engine.rules.requirements import AtLeast, Requirement, Some, Term, thresholds_of
from loyalty_engine.rules.selection import NamedNumber, Number, Selection, Text, Texts, number_figure
from loyalty_engine.rules.windows import (
    Calendar,
    FiscalYear,
    Previous,
    RollingDays,
    RollingMonths,
    Window,
)

__all__ = [
    "Activity",
    "ActivityLine",
    "Amount",
    "AtLeast",
    "Calendar",
    "Cap",
    "EarnHooks",
    "Exact",
    "Factor",
    "Figure",
    "FiscalYear",
    "FundingShare",
    "Gift",
    "Ladder",
    "Line",
    "Measure",
    "Member",
    "NamedNumber",
    "Number",
    "Occasion",
    "PartnerAward",
    "PartnerHooks",
    "Percent",
    "PercentLine",
    "PluginHooks",
    "Previous",
    "Problem",
    "ProgramOutline",
    "PromotionTerms",
    "Reason",
    "Requirement",
    "RollingDays",
    "RollingMonths",
    "Rule",
    "RuleConfig",
    "Selection",
    "Some",
    "Term",
    "Text",
    "Texts",
    "Thresholds",
    "TierHooks",
    "TierVerdict",
    "Window",
    "hookimpl",
    "keyed",
    "listed",
    "number_figure",
    "threshold_problems",
    "thresholds_of",
    "tier_problems",
]
