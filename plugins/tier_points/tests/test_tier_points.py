"""What tier_points decides."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Figure
from loyalty_engine.testing import (
    check_readme,
    check_rule,
    configured,
    ladder,
    member,
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_points import loyalty_rules
from loyalty_tier_points.rule import TierPoints

STATUS = ladder("basic", "silver", "gold")
CONFIG: dict[str, Any] = {
    "currency": "points",
    "window": "lifetime",
    "thresholds": {"silver": "99.5", "gold": 500},
}


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierPoints]
    check_rule(TierPoints, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierPoints, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("points", "supported"),
    [
        ("99.4", {"silver": False, "gold": False}),
        ("99.5", {"silver": True, "gold": False}),
        ("500", {"silver": True, "gold": True}),
    ],
)
def test_a_threshold_is_reached_at_its_exact_points(points: str, supported: dict[str, bool]) -> None:
    rule = configured(TierPoints, CONFIG)
    (points_measure,) = rule.measures()
    who = member(STATUS, figures={points_measure: Decimal(points)})
    assert verdicts(rule, STATUS, who=who) == supported


def test_the_points_are_those_of_the_currency_rules_and_activities_that_are_named() -> None:
    rule = configured(TierPoints, CONFIG | {"rules": ["base"], "kinds": ["visit"], "net": False})
    (measure,) = rule.measures()
    assert measure.figure == Figure("earned", currency="points", rules=("base",), kinds=("visit",), net=False)


def test_an_unknown_currency_rule_or_tier_is_found() -> None:
    wrong = {"currency": "miles", "rules": ["nobody"], "thresholds": {"diamond": 1}}
    found = problems_of(configured(TierPoints, CONFIG | wrong), outline(STATUS))
    assert set(found) == {"currency", "rules.0", "thresholds.diamond"}


@pytest.mark.parametrize("wrong", [{"window": "week"}, {"thresholds": {}}, {"net": "yes"}, {"unknown": 1}])
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierPoints, CONFIG | wrong)
