"""What tier_tenure decides."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.testing import (
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
from loyalty_tier_tenure import loyalty_rules
from loyalty_tier_tenure.rule import TierTenure

STATUS = ladder("basic", "silver", "gold")
CONFIG: dict[str, Any] = {"unit": "months", "thresholds": {"silver": 1, "gold": 12}}


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierTenure]
    check_rule(TierTenure, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierTenure, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("joined", "on", "months"),
    [
        ("2024-01-15", "2024-01-15", 0),
        ("2024-01-15", "2024-02-14", 0),
        ("2024-01-15", "2024-02-15", 1),
        ("2024-01-31", "2024-02-28", 0),
        ("2024-01-31", "2024-02-29", 1),
        ("2024-01-31", "2024-03-30", 1),
        ("2024-01-31", "2024-03-31", 2),
        ("2024-02-29", "2025-02-27", 11),
        ("2024-02-29", "2025-02-28", 12),
        ("2024-12-31", "2034-12-30", 119),
    ],
)
def test_months_are_counted_from_the_day_of_joining_and_clamped(joined: str, on: str, months: int) -> None:
    rule = configured(TierTenure, CONFIG)
    assert list(figures_of(rule, [], on=on, joined_on=joined).values()) == [months]


@pytest.mark.parametrize(("unit", "gold_on"), [("months", "2025-01-15"), ("years", "2036-01-15")])
def test_a_tier_is_supported_from_the_day_on_at_which_its_threshold_is_reached(
    unit: str, gold_on: str
) -> None:
    rule, who = configured(TierTenure, CONFIG | {"unit": unit}), member(STATUS, joined_on="2024-01-15")
    before = date.fromordinal(date.fromisoformat(gold_on).toordinal() - 1)
    supported = [verdicts(rule, STATUS, who=who, on=day)["gold"] for day in (before.isoformat(), gold_on)]
    assert supported == [False, True]


def test_it_asks_for_the_days_at_which_thresholds_are_reached_and_no_others() -> None:
    rule, who = configured(TierTenure, CONFIG), member(joined_on="2024-01-31")
    days = [date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 29), date(2025, 1, 30), date(2025, 1, 31)]
    assert [rule.boundaries(who, day) for day in days] == [
        date(2024, 2, 29),
        date(2024, 2, 29),
        date(2025, 1, 31),
        date(2025, 1, 31),
        None,
    ]


def test_unknown_tiers_are_found() -> None:
    rule = configured(TierTenure, CONFIG | {"thresholds": {"diamond": 1}})
    assert set(problems_of(rule, outline(STATUS))) == {"thresholds.diamond"}


@pytest.mark.parametrize(
    "wrong", [{"unit": "days"}, {"thresholds": {"silver": "1"}}, {"thresholds": {}}, {"unknown": 1}]
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierTenure, CONFIG | wrong)
