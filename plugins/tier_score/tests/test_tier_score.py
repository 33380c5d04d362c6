"""What tier_score decides."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    figures_of,
    ladder,
    member,
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_score import loyalty_rules
from loyalty_tier_score.rule import TierScore

STATUS = ladder("basic", "silver", "gold")
SPEND = {"key": "spend", "weight": "0.5", "of": "amount", "window": "lifetime"}
POINTS = {"key": "stars", "weight": 1, "currency": "points", "window": "lifetime"}
CONFIG: dict[str, Any] = {
    "measures": [SPEND],
    "points": [POINTS],
    "scores": {"service": "2"},
    "thresholds": {"silver": "10", "gold": 20},
}


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierScore]
    check_rule(TierScore, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierScore, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("spent", "stars", "service", "supported"),
    [
        ("19.98", "0", None, {"silver": False, "gold": False}),
        ("20", "0", None, {"silver": True, "gold": False}),
        ("0", "4", 3, {"silver": True, "gold": False}),
        ("0", "3", "3.4", {"silver": False, "gold": False}),
        ("4", "5", "6.5", {"silver": True, "gold": True}),
        ("19.98", "0", "good", {"silver": False, "gold": False}),
    ],
)
def test_the_score_is_the_weighted_sum_of_its_parts(
    spent: str, stars: str, service: object, supported: dict[str, bool]
) -> None:
    rule = configured(TierScore, CONFIG)
    earned = next(measure for measure in rule.measures() if measure.key == "stars")
    who = member(STATUS, scores={"service": service}, figures={earned: Decimal(stars)})
    assert verdicts(rule, STATUS, [activity(spent)], who=who) == supported


@pytest.mark.parametrize(
    ("on", "supported"), [("2026-12-31", True), ("2027-01-01", False), ("2027-06-01", False)]
)
def test_a_score_that_says_until_when_it_holds_is_nothing_afterwards(on: str, supported: bool) -> None:
    rule = configured(TierScore, CONFIG | {"measures": [], "points": []})
    who = member(STATUS, scores={"service": {"value": 5, "until": "2027-01-01"}})
    assert verdicts(rule, STATUS, who=who, on=on)["silver"] is supported


@pytest.mark.parametrize(
    ("take", "expected"), [("sum", "36"), ("largest", "20"), ("last", "9")], ids=["sum", "largest", "last"]
)
def test_a_measure_adds_up_or_takes_the_largest_or_the_last_activity(take: str, expected: str) -> None:
    rule = configured(TierScore, {"measures": [SPEND | {"take": take}], "thresholds": {"silver": 1}})
    history = [
        activity("7", on="2024-01-01"),
        activity("20", on="2024-02-01"),
        activity("9", on="2024-03-01"),
        activity(None, on="2024-03-02"),
    ]
    assert list(figures_of(rule, history).values()) == [Decimal(expected)]


def test_an_attribute_chooses_activities_and_gives_numbers() -> None:
    part = {"key": "nights", "weight": 1, "of": {"attribute": "nights"}, "window": "lifetime"}
    rule = configured(
        TierScore,
        {"measures": [part | {"attributes": {"direct": ["true"]}}], "thresholds": {"silver": 1}},
    )
    history = [
        activity(attributes={"nights": 3, "direct": True}),
        activity(attributes={"nights": 4, "direct": False}),
        activity(attributes={"nights": 5}),
    ]
    assert list(figures_of(rule, history).values()) == [Decimal(3)]


def test_unknown_currencies_rules_and_tiers_are_found() -> None:
    wrong = CONFIG | {
        "points": [POINTS | {"currency": "miles", "rules": ["nobody"]}],
        "thresholds": {"diamond": 1},
    }
    found = problems_of(configured(TierScore, wrong), outline(STATUS))
    assert set(found) == {"points.0.currency", "points.0.rules.0", "thresholds.diamond"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"measures": [], "points": [], "scores": {}},
        {"scores": {"spend": 1}},
        {"measures": [SPEND | {"of": "activities", "take": "last"}]},
        {"measures": [SPEND | {"weight": -1}]},
        {"scores": {"service": 0.5}},
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierScore, CONFIG | wrong)
