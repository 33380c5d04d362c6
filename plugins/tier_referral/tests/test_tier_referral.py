"""What tier_referral decides."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Activity
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    ladder,
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_referral import loyalty_rules
from loyalty_tier_referral.rule import TierReferral

STATUS = ladder("basic", "silver", "gold")
CONFIG: dict[str, Any] = {
    "rewards": ["friends"],
    "window": {"calendar": "year"},
    "thresholds": {"silver": 1, "gold": 2},
}


def referral(by: str = "friends", on: str = "2024-01-15") -> Activity:
    return activity(kind="gift", on=on, attributes={"rule": by})


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierReferral]
    check_rule(TierReferral, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierReferral, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("done", "supported"),
    [
        ([], {"silver": False, "gold": False}),
        ([referral()], {"silver": True, "gold": False}),
        ([referral(), referral()], {"silver": True, "gold": True}),
        ([referral(), referral("others")], {"silver": True, "gold": False}),
        ([referral(), referral(on="2023-12-31")], {"silver": True, "gold": False}),
        ([referral(), activity("50")], {"silver": True, "gold": False}),
    ],
)
def test_referrals_that_the_named_rules_rewarded_in_the_window_count(
    done: list[Activity], supported: dict[str, bool]
) -> None:
    assert verdicts(configured(TierReferral, CONFIG), STATUS, done, on="2024-01-15") == supported


def test_rules_that_reward_no_referral_and_unknown_tiers_are_found() -> None:
    wrong = {"rewards": ["nobody", "spend", "friends"], "thresholds": {"diamond": 1}}
    program = replace(
        outline(STATUS), rules=MappingProxyType({"spend": "tier_spend", "friends": "referral_reward"})
    )
    found = problems_of(configured(TierReferral, CONFIG | wrong), program)
    assert {"rewards.0", "rewards.1"} <= set(found) <= {"rewards.0", "rewards.1", "thresholds.diamond"}


@pytest.mark.parametrize("wrong", [{"rewards": []}, {"thresholds": {"gold": -1}}, {"window": "year"}])
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierReferral, CONFIG | wrong)
