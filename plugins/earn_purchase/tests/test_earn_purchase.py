"""What earn_purchase decides."""

from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_earn_purchase import loyalty_rules
from loyalty_earn_purchase.rule import EarnPurchase
from loyalty_engine.rules import Activity, Cap, Gift, Line, Member, PercentLine
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    earned,
    ladder,
    line,
    member,
    outline,
    problems_of,
)

STATUS = ladder("basic", "silver", "gold", "platinum")
FLAT: dict[str, Any] = {"currency": "points", "rate": "1", "negative": "take_back"}
BY_TIER: dict[str, Any] = {"currency": "points", "rates": {"basic": "1", "gold": "1.5"}, "negative": "zero"}


def base(bought: Activity, who: Member | None = None, **config: object) -> Decimal:
    """Amount x rate of the one plain line, before it is rounded; 0 when there is none."""
    lines = [each for each in earned(configured(EarnPurchase, config), bought, who) if isinstance(each, Line)]
    return sum((each.amount * each.rate for each in lines), Decimal(0))


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [EarnPurchase]
    check_rule(EarnPurchase, FLAT | {"caps": [{"period": "day", "points": 100}]})
    check_rule(EarnPurchase, BY_TIER | {"figure": {"attribute": "gross"}, "bonus_percent": {"gold": "10"}})


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(EarnPurchase, Path(__file__).parents[1] / "README.md")


def test_a_flat_rate_is_for_everybody_and_needs_no_ladder() -> None:
    assert base(activity("12.34"), **FLAT) == Decimal("12.34")
    assert problems_of(configured(EarnPurchase, FLAT), outline()) == {}


@pytest.mark.parametrize(
    ("tier", "rate"), [("basic", "1"), ("silver", "1"), ("gold", "1.5"), ("platinum", "1.5")]
)
def test_a_tier_without_a_rate_has_that_of_the_nearest_lower_one(tier: str, rate: str) -> None:
    assert base(activity("10"), member(STATUS, tier=tier), **BY_TIER) == 10 * Decimal(rate)


def test_the_tier_of_the_ladder_that_is_meant_decides() -> None:
    club = ladder("guest", "gold", key="club")
    who = member(STATUS, club, tiers={"status": "basic", "club": "gold"})
    rates = {"rates": {"guest": "1", "gold": "3"}, "ladder": "club"}
    assert base(activity("10"), who, currency="points", negative="zero", **rates) == 30


@pytest.mark.parametrize(
    ("figure", "points"), [("amount", "8"), ("units", "3"), ({"attribute": "gross"}, "9.5")]
)
def test_points_are_for_the_number_that_is_named(figure: object, points: str) -> None:
    bought = activity("8", units=3, attributes={"gross": "9.5"})
    assert base(bought, **FLAT, figure=figure) == Decimal(points)


def test_an_unlinked_return_takes_back_or_earns_nothing_as_it_is_said() -> None:
    returned = activity("-8", kind="return")
    assert base(returned, **FLAT) == -8
    assert earned(configured(EarnPurchase, FLAT | {"negative": "zero"}), returned) == ()


def test_a_purchase_below_zero_earns_nothing_under_zero() -> None:
    assert earned(configured(EarnPurchase, FLAT | {"negative": "zero"}), activity("-0.01")) == ()


@pytest.mark.parametrize(("amount", "points"), [("9.99", "0"), ("10", "10"), ("-9.99", "0"), ("-10", "-10")])
def test_the_minimum_is_for_the_size_in_both_directions(amount: str, points: str) -> None:
    assert base(activity(amount), **FLAT, minimum="10") == Decimal(points)


def test_only_lines_of_the_categories_earn() -> None:
    receipt = activity(lines=[line("3", "tea"), line("4", "coffee", key="2")])
    assert base(receipt, **FLAT, categories=["coffee"]) == 4


@pytest.mark.parametrize("other", [{"channels": ["web"]}, {"partners": ["p"]}, {"kinds": ["visit"]}])
def test_an_activity_that_a_filter_leaves_out_earns_nothing(other: dict[str, object]) -> None:
    assert earned(configured(EarnPurchase, FLAT | other), activity("5", channel="shop")) == ()


def test_the_bonus_is_a_percentage_of_this_rules_own_line() -> None:
    rule = configured(EarnPurchase, FLAT | {"bonus_percent": {"silver": "10"}}, rule_id="earn")
    lines = earned(rule, activity("50"), member(STATUS, tier="gold"))
    assert lines[1:] == (PercentLine("bonus", "points", Decimal(10), of=("earn",)),)


def test_below_the_lowest_tier_with_a_bonus_there_is_none() -> None:
    rule = configured(EarnPurchase, FLAT | {"bonus_percent": {"silver": "10"}})
    assert len(earned(rule, activity("50"), member(STATUS))) == 1


def test_a_bonus_of_zero_ends_the_inheritance() -> None:
    rule = configured(EarnPurchase, FLAT | {"bonus_percent": {"silver": "10", "gold": 0}})
    assert len(earned(rule, activity("50"), member(STATUS, tier="gold"))) == 1


def test_caps_limit_the_line_and_its_bonus_under_one_key() -> None:
    config = FLAT | {
        "bonus_percent": {"basic": 10},
        "caps": [{"period": "day", "points": 100}, {"period": "month", "points": 500, "key": "monthly"}],
    }
    lines = earned(configured(EarnPurchase, config, rule_id="earn"), activity("5"), member(STATUS))
    expected = (Cap("earn", "day", points=100), Cap("monthly", "month", points=500))
    assert [each.caps for each in lines if not isinstance(each, Gift)] == [expected, expected]


def test_base_and_bonus_of_the_visit_ladder_can_be_said() -> None:
    """Programme P2: floor(10 x gross), and a percentage of it, floored, by the tier held before."""
    tiers = ladder("member", "silver", "gold", "platinum", "titanium", "ambassador")
    bonus = {"silver": 10, "gold": 25, "platinum": 50, "titanium": 75}
    config = {"currency": "points", "figure": {"attribute": "gross"}, "rate": 10, "negative": "zero"}
    rule = configured(EarnPurchase, config | {"bonus_percent": bonus})
    basket = activity("1.00", attributes={"gross": "12.39"})
    points = {}
    for tier in tiers.tiers:
        plain, *percentages = earned(rule, basket, member(tiers, tier=tier))
        assert isinstance(plain, Line)
        rounded = (plain.amount * plain.rate).to_integral_value(ROUND_FLOOR)
        percent = sum((each.percent for each in percentages if isinstance(each, PercentLine)), Decimal(0))
        points[tier] = (int(rounded), int((rounded * percent / 100).to_integral_value(ROUND_FLOOR)))
    assert points == {
        "member": (123, 0),
        "silver": (123, 12),
        "gold": (123, 30),
        "platinum": (123, 61),
        "titanium": (123, 92),
        "ambassador": (123, 92),
    }


def test_the_points_card_can_be_said() -> None:
    """Programme P3: floor(amount), 0 when the amount is not above 0."""
    card = FLAT | {"negative": "zero"}
    assert [base(activity(amount), **card) for amount in ("-1.50", "0", "7.99")] == [0, 0, Decimal("7.99")]


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        (FLAT | {"currency": "miles"}, {"currency"}),
        (BY_TIER | {"rates": {"gold": 2}}, {"rates"}),
        (BY_TIER | {"rates": {"basic": 1, "diamond": 2}}, {"rates.diamond"}),
        (FLAT | {"bonus_percent": {"diamond": 2}}, {"bonus_percent.diamond"}),
        (BY_TIER | {"ladder": "club"}, {"ladder"}),
    ],
)
def test_what_does_not_fit_the_program_is_found(config: dict[str, object], paths: set[str]) -> None:
    assert set(problems_of(configured(EarnPurchase, config), outline(STATUS))) == paths


def test_the_ladder_must_be_named_when_the_program_has_several() -> None:
    program = outline(STATUS, ladder("guest", "friend", key="club"))
    assert set(problems_of(configured(EarnPurchase, BY_TIER), program)) == {"ladder"}
    assert problems_of(configured(EarnPurchase, BY_TIER | {"ladder": "status"}), program) == {}


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"currency": "points", "negative": "zero"}, ("rates",)),
        (BY_TIER | {"rate": 1}, ("rates",)),
        ({"currency": "points", "rate": 1}, ("negative",)),
        (FLAT | {"rate": 0.5}, ("rate",)),
        (FLAT | {"caps": [{"period": "day"}]}, ("caps", 0, "points")),
        (FLAT | {"caps": [{"period": "day", "points": "10"}]}, ("caps", 0, "points")),
        (FLAT | {"bonus_percent": {"gold": "-1"}}, ("bonus_percent", "gold")),
    ],
)
def test_a_mistake_in_the_config_is_an_error_at_its_path(
    config: dict[str, object], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        configured(EarnPurchase, config)
    assert [error["loc"] for error in caught.value.errors()] == [path]
