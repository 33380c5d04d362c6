"""What referral_reward decides."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Activity, Gift, Line
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    earned,
    line,
    member,
    outline,
    problems_of,
)
from loyalty_referral_reward import loyalty_rules
from loyalty_referral_reward.rule import ReferralReward

CONFIG: dict[str, Any] = {"currency": "points", "referrer_points": 50, "minimum_amount": "20"}
BOB = member(referred_by="ann", joined_on="2024-01-10")


def answers(bought: Activity, **config: object) -> tuple[object, ...]:
    return earned(configured(ReferralReward, CONFIG | config), bought, BOB)


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [ReferralReward]
    check_rule(ReferralReward, CONFIG | {"minimum_amount": 0})
    check_rule(ReferralReward, CONFIG | {"referred_points": 20, "within_days": 30})


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(ReferralReward, Path(__file__).parents[1] / "README.md")


def test_the_referrer_is_given_the_points_once() -> None:
    assert answers(activity("20")) == (Gift("referrer", "ann", "points", Decimal(50), once="referrer"),)


def test_the_referred_member_gets_a_line_of_its_own_once() -> None:
    assert answers(activity("20"), referred_points=30)[1:] == (
        Line("referred", "points", Decimal(30), once="referred"),
    )


def test_a_member_whom_nobody_referred_gets_nothing() -> None:
    rule = configured(ReferralReward, CONFIG | {"referred_points": 30})
    assert earned(rule, activity("20"), member()) == ()


@pytest.mark.parametrize(
    "other",
    [
        activity("19.99"),
        activity("50", kind="visit"),
        activity("-50", kind="return"),
        activity(None),
    ],
)
def test_another_activity_or_a_smaller_one_is_not_rewarded(other: Activity) -> None:
    assert answers(other) == ()


def test_without_a_minimum_a_visit_may_qualify_and_a_return_never_does() -> None:
    assert answers(activity(kind="visit"), kinds=["visit"], minimum_amount=0)
    assert answers(activity("-5", kind="return"), minimum_amount=0) == ()


def test_only_lines_of_the_categories_count_towards_the_minimum() -> None:
    receipt = activity(lines=[line("19", "tea"), line("4", "coffee", key="2")])
    assert answers(receipt)
    assert answers(receipt, categories=["tea"]) == ()


@pytest.mark.parametrize(("on", "count"), [("2024-01-10", 1), ("2024-01-16", 1), ("2024-01-17", 0)])
def test_the_days_to_qualify_begin_with_that_of_joining(on: str, count: int) -> None:
    assert len(answers(activity("20", on=on), within_days=7)) == count


def test_an_unknown_currency_is_found() -> None:
    rule = configured(ReferralReward, CONFIG | {"currency": "miles"})
    assert set(problems_of(rule, outline())) == {"currency"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"referrer_points": 0},
        {"referrer_points": "50"},
        {"referred_points": -1},
        {"minimum_amount": 0.5},
        {"within_days": 0},
        {"kinds": []},
        {"unknown": 1},
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(ReferralReward, CONFIG | wrong)
