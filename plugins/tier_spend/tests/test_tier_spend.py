"""What tier_spend decides."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Activity
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    figures_of,
    ladder,
    line,
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_spend import loyalty_rules
from loyalty_tier_spend.rule import TierSpend

STATUS = ladder("basic", "silver", "gold")
LIFETIME = {"window": "lifetime", "thresholds": {"silver": "1000.00", "gold": "5000"}}


def spend(*activities: Activity, **config: object) -> str:
    """The one figure of the rule over these activities."""
    (figure,) = figures_of(configured(TierSpend, LIFETIME | config), activities).values()
    return str(figure)


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierSpend]
    check_rule(TierSpend, LIFETIME)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierSpend, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("amount", "supported"),
    [
        ("999.99", {"silver": False, "gold": False}),
        ("1000.00", {"silver": True, "gold": False}),
        ("4999.9999", {"silver": True, "gold": False}),
        ("5000.00", {"silver": True, "gold": True}),
    ],
)
def test_a_threshold_is_reached_at_its_exact_amount(amount: str, supported: dict[str, bool]) -> None:
    assert verdicts(configured(TierSpend, LIFETIME), STATUS, [activity(amount)]) == supported


def test_a_tier_that_is_not_named_is_an_abstention() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"gold": 10}})
    assert verdicts(rule, STATUS, [activity("10")]) == {"gold": True}


def test_purchases_add_up_without_losing_a_digit() -> None:
    assert spend(*[activity("0.10")] * 10) == "1.00"


def test_an_unlinked_return_lowers_net_spend_even_below_zero() -> None:
    history = (activity("-20", kind="return"), activity("5"))
    assert spend(*history) == "-15"


def test_gross_spend_is_not_lowered_by_returns() -> None:
    assert spend(activity("-20", kind="return"), activity("5"), net=False) == "5"


def test_other_kinds_count_only_when_they_are_named() -> None:
    history = (activity("5"), activity("7", kind="top_up"))
    assert spend(*history) == "5"
    assert spend(*history, kinds=["purchase", "top_up"]) == "12"


def test_a_category_counts_only_its_own_receipt_lines() -> None:
    receipt = activity(lines=[line("3", "tea"), line("4", "coffee", key="2")])
    assert spend(receipt, activity("100"), categories=["tea"]) == "3"


def test_channels_and_partners_let_only_theirs_through() -> None:
    history = (activity("1", channel="web", partner="p"), activity("2", channel="shop", partner="p"))
    assert spend(*history, channels=["web"]) == "1"
    assert spend(*history, channels=["web", "shop"], partners=["q"]) == "0"


def test_a_window_leaves_out_what_is_older() -> None:
    rule = configured(TierSpend, LIFETIME | {"window": {"calendar": "year"}})
    history = [activity("1000", on="2023-12-31"), activity("1", on="2024-01-01")]
    assert verdicts(rule, STATUS, history, on="2023-12-31")["silver"]
    assert not verdicts(rule, STATUS, history)["silver"]


def test_each_of_two_ladders_gets_the_tiers_written_for_it() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"status.gold": 10, "club.gold": 99}})
    club = ladder("guest", "gold", key="club")
    assert verdicts(rule, STATUS, [activity("10")]) == {"gold": True}
    assert verdicts(rule, club, [activity("10")]) == {"gold": False}
    assert problems_of(rule, outline(STATUS, club)) == {}


def test_an_unknown_tier_is_an_error_at_its_path() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"platinum": 10}})
    problem = problems_of(rule, outline(STATUS))["thresholds.platinum"]
    assert problem.severity == "error"
    assert "basic, silver, gold" in problem.message


def test_a_tier_key_of_two_ladders_must_say_which_ladder() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"gold": 10}})
    problem = problems_of(rule, outline(STATUS, ladder("guest", "gold", key="club")))["thresholds.gold"]
    assert (problem.severity, "status.gold" in problem.message) == ("error", True)


def test_one_tier_under_two_names_is_an_error() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"gold": 10, "status.gold": 20}})
    assert problems_of(rule, outline(STATUS))["thresholds.status.gold"].severity == "error"


@pytest.mark.parametrize("gold", ["999", "1000"])
def test_a_higher_tier_that_asks_for_no_more_is_a_warning(gold: str) -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"gold": gold, "silver": "1000"}})
    assert problems_of(rule, outline(STATUS))["thresholds.gold"].severity == "warning"


def test_a_threshold_for_the_base_tier_is_a_warning() -> None:
    rule = configured(TierSpend, {"window": "lifetime", "thresholds": {"basic": 0, "silver": 1}})
    found = problems_of(rule, outline(STATUS))
    assert {path: problem.severity for path, problem in found.items()} == {"thresholds.basic": "warning"}


def test_rising_thresholds_are_no_problem() -> None:
    assert problems_of(configured(TierSpend, LIFETIME), outline(STATUS)) == {}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"thresholds": {"gold": 1.5}}, ("thresholds", "gold")),
        ({"thresholds": {"gold": True}}, ("thresholds", "gold")),
        ({"thresholds": {"gold": "-1"}}, ("thresholds", "gold")),
        ({"thresholds": {"gold": "NaN"}}, ("thresholds", "gold")),
        ({"thresholds": {"gold": "0.00001"}}, ("thresholds", "gold")),
        ({"thresholds": {}}, ("thresholds",)),
        ({"kinds": []}, ("kinds",)),
        ({"kinds": ["return"]}, ("kinds", 0)),
        ({"net": "no"}, ("net",)),
        ({"treshold": 1}, ("treshold",)),
    ],
)
def test_a_mistake_in_the_config_is_an_error_at_its_path(
    wrong: dict[str, object], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        configured(TierSpend, LIFETIME | wrong)
    assert caught.value.errors()[0]["loc"] == path
