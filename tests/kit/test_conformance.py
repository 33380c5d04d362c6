# ruff: noqa: ARG002 - a hook has the parameters that it has
"""The conformance check finds every way in which a rule can break the contract."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import pytest
from pydantic import ConfigDict, Field

from loyalty_engine.rules import (
    Activity,
    Amount,
    AtLeast,
    EarnHooks,
    Figure,
    Ladder,
    Line,
    Measure,
    Member,
    Occasion,
    PartnerAward,
    PartnerHooks,
    PromotionTerms,
    Requirement,
    Rule,
    RuleConfig,
    Term,
    TierHooks,
    TierVerdict,
)
from loyalty_engine.testing import NotConforming, check_rule, findings_of


class GoodConfig(RuleConfig):
    """A configuration as it should be."""

    bound: Amount = Field(description="The bound.")


class Good(Rule[GoodConfig], TierHooks, EarnHooks):
    """A rule as it should be."""

    name = "good"
    version = "1"
    Config = GoodConfig

    def measures(self) -> Sequence[Measure]:
        """One measure."""
        return (Measure("visits", Figure("count"), "lifetime"),)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The highest tier, for the bound."""
        return {ladder.tiers[-1]: AtLeast((Term(self.measures()[0]),), self.config.bound)}

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """A point."""
        return (Line("one", "points", Decimal(1)),)


class Nameless(Good):
    """States a name that is none."""

    name = "Not A Name"


class Versionless(Good):
    """States no version."""

    version = ""


class ForeignConfig(Good):
    """Its configuration is no RuleConfig."""

    Config = cast("Any", dict)


class Undocumented(Good):
    __doc__ = None


class OpenConfig(RuleConfig):
    """Takes whatever comes."""

    model_config = ConfigDict(extra="allow", frozen=False)
    bound: float = 1.0


class Open(Good):
    """Its configuration is open, mutable, not described and not exact."""

    Config = cast("Any", OpenConfig)


class NestedConfig(GoodConfig):
    """Well described, but what it contains is not."""

    inner: list[OpenConfig] = Field(default_factory=list, description="Inner.")


class Nested(Good):
    """A mistake in a table of a table."""

    Config = NestedConfig


class WithoutMixin(Rule[GoodConfig], TierHooks):
    """Implements a hook that will never be called."""

    name = "without_mixin"
    version = "1"
    Config = GoodConfig
    measures = Good.measures
    requirements = Good.requirements

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Never called."""
        return ()


class Hookless(Rule[GoodConfig]):
    """Decides nothing."""

    name = "hookless"
    version = "1"
    Config = GoodConfig


class Renamed(Good):
    """Calls a parameter by another name."""

    def earnings(self, event: Occasion, member: Member) -> Sequence[Line]:
        """Never called with this name."""
        return ()


class Both(Good):
    """Gives requirements and opinions."""

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        """A second opinion."""
        return {}


class Unstable(Good):
    """Measures something else each time."""

    def measures(self) -> Sequence[Measure]:
        """Another key each time."""
        return (Measure(f"visits{random.random()}", Figure("count"), "lifetime"),)


class SameKey(Good):
    """Two measures under one key."""

    def measures(self) -> Sequence[Measure]:
        """Not to be told apart in an explanation."""
        return (*super().measures(), Measure("visits", Figure("amount"), "lifetime"))


class Undeclared(Good):
    """Requires a measure that it never declared."""

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """Of units, which are not measured."""
        return {"gold": AtLeast((Term(Measure("units", Figure("units"), "lifetime")),), Decimal(1))}


class Overreaching(Good):
    """Speaks for a tier that the ladder lacks."""

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """Whatever the ladder."""
        return {"gold": AtLeast((Term(self.measures()[0]),), self.config.bound)}


class Silent(Good):
    """Speaks for no tier of the ladder."""

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """Nothing."""
        return {}


class Remembering(Good):
    """Keeps something between calls."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Counts its calls."""
        self.calls = getattr(self, "calls", 0) + 1
        return (Line("one", "points", Decimal(1)),)


class Changing(Good):
    """Changes its input."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Moves the member."""
        cast("dict[tuple[str, str], object]", member.values)[("attribute", "seen")] = "yes"
        return ()


class Fickle(Good):
    """Answers by chance."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """A lucky number."""
        return (Line("one", "points", Decimal(random.random())),)


class Floating(Good):
    """Awards a float."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Half a point."""
        return (Line("one", "points", cast("Decimal", 0.5)),)


class Infinite(Good):
    """Awards what is no number."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Without end."""
        return (Line("one", "points", Decimal("Infinity")),)


class Slotless(Good):
    """Answers two lines of one slot."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """Twice the same."""
        return (Line("one", "points", Decimal(1)),) * 2


class Wrong(Good):
    """Answers something else than lines."""

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line]:
        """A text."""
        return cast("Sequence[Line]", ["one point"])


class WrongTerms(Rule[GoodConfig], PartnerHooks):
    """Promises no terms."""

    name = "wrong_terms"
    version = "1"
    Config = GoodConfig

    def promotion(self) -> PromotionTerms:
        """Nothing."""
        return cast("PromotionTerms", None)

    def partner_offers(self, activity: Activity, member: Member) -> Sequence[PartnerAward]:
        """Nothing either."""
        return ()


EXAMPLE = {"bound": 1}


def test_a_rule_that_keeps_to_the_contract_has_no_findings() -> None:
    assert findings_of(Good, EXAMPLE) == []
    check_rule(Good, EXAMPLE)


@pytest.mark.parametrize(
    ("rule_class", "finding"),
    [
        (Nameless, "states no name"),
        (Versionless, "states no version"),
        (ForeignConfig, "states no Config"),
        (Undocumented, "has no docstring"),
        (Open, "OpenConfig is not frozen"),
        (Open, "OpenConfig accepts unknown keys"),
        (Open, "OpenConfig.bound has no description"),
        (Open, "OpenConfig.bound is a float"),
        (Nested, "OpenConfig.bound has no description"),
        (WithoutMixin, "has earnings without EarnHooks"),
        (Hookless, "implements no hook"),
        (Renamed, "earnings takes (self, event, member) instead of (self, occasion, member)"),
        (Both, "not exactly one of requirements and tier_opinion"),
        (Unstable, "measures() differ"),
        (SameKey, "two measures have one key"),
        (Undeclared, "requires a measure that it does not declare"),
        (Overreaching, "requires something for 'gold', which ladder 'some_other_ladder' lacks"),
        (Silent, "speaks for no tier"),
        (Remembering, "earnings changed its inputs or the rule"),
        (Fickle, "earnings answers otherwise when asked again"),
        (Floating, "a float in amount"),
        (Infinite, "Infinity in amount"),
        (Slotless, "two decisions for one slot"),
        (Wrong, "str, which is not what the hook decides"),
        (WrongTerms, "NoneType instead of PromotionTerms"),
    ],
)
def test_a_breach_of_the_contract_is_found(rule_class: type[Rule[RuleConfig]], finding: str) -> None:
    found = findings_of(rule_class, EXAMPLE)
    assert any(finding in each for each in found), found
    with pytest.raises(NotConforming, match=rule_class.__name__):
        check_rule(rule_class, EXAMPLE)


def test_inputs_cannot_be_changed() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        findings_of(Changing, EXAMPLE)


def test_an_example_that_is_not_valid_is_a_finding() -> None:
    (found,) = findings_of(Good, {"bound": -1})
    assert "the example is not a valid config" in found
