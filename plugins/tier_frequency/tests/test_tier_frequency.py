"""What tier_frequency decides."""

from decimal import Decimal
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
from loyalty_tier_frequency import loyalty_rules
from loyalty_tier_frequency.rule import TierFrequency

STATUS = ladder("basic", "silver", "gold")
VISITS = {
    "count": "activities",
    "kinds": ["visit"],
    "window": "lifetime",
    "thresholds": {"silver": 2, "gold": 4},
}


def count(*activities: Activity, **config: object) -> Decimal:
    """The one figure of the rule over these activities."""
    (figure,) = figures_of(configured(TierFrequency, VISITS | config), activities).values()
    return figure


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierFrequency]
    check_rule(TierFrequency, VISITS)
    check_rule(TierFrequency, VISITS | {"count": {"attribute": "nights"}})


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierFrequency, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("visits", "supported"),
    [
        (1, {"silver": False, "gold": False}),
        (2, {"silver": True, "gold": False}),
        (4, {"silver": True, "gold": True}),
    ],
)
def test_a_threshold_is_reached_at_its_exact_count(visits: int, supported: dict[str, bool]) -> None:
    history = [activity(kind="visit")] * visits
    assert verdicts(configured(TierFrequency, VISITS), STATUS, history) == supported


def test_two_activities_of_one_date_are_one_local_day() -> None:
    history = [activity(on="2024-01-01"), activity(on="2024-01-01"), activity(on="2024-01-02")]
    assert count(*history, count="local_days", kinds=["purchase"]) == 2
    assert count(*history, kinds=["purchase"]) == 3


def test_units_add_up_and_unlinked_returns_lower_them() -> None:
    history = [activity(units="2.5"), activity(units=-1, kind="return")]
    assert count(*history, count="units", kinds=["purchase"]) == Decimal("1.5")
    assert count(*history, count="units", kinds=["purchase"], net=False) == Decimal("2.5")


def test_an_unlinked_return_is_neither_an_activity_nor_a_day() -> None:
    history = [activity("-5", kind="return", on="2024-02-02"), activity("5")]
    assert count(*history, kinds=["purchase"]) == 1
    assert count(*history, kinds=["purchase"], count="local_days") == 1


def test_a_named_number_of_the_activity_adds_up_exactly() -> None:
    history = [activity(attributes={"gross": "0.10"})] * 3 + [
        activity(attributes={"gross": "much"}),
        activity(),
    ]
    assert count(*history, count={"attribute": "gross"}, kinds=["purchase"]) == Decimal("0.30")


def test_filters_let_only_what_they_name_through() -> None:
    history = [
        activity(lines=[line("1", "tea")], channel="web", partner="p"),
        activity(lines=[line("1", "coffee")], channel="shop", partner="q"),
        activity(kind="visit"),
    ]
    for name, value in (("categories", "tea"), ("channels", "shop"), ("partners", "q"), ("kinds", "visit")):
        assert count(*history, **{"kinds": ["purchase"], name: [value]}) == 1, name


def test_a_rolling_window_holds_whole_local_days() -> None:
    rule = configured(TierFrequency, VISITS | {"window": {"rolling_days": 30}})
    history = [activity(kind="visit", on="2024-01-01"), activity(kind="visit", on="2024-01-30")]
    assert verdicts(rule, STATUS, history, on="2024-01-30")["silver"]
    assert not verdicts(rule, STATUS, history, on="2024-01-31")["silver"]


def test_the_days_and_spend_of_the_visit_ladder_can_be_said() -> None:
    """Programme P2: days with a basket, and the sum of gross, of the calendar year."""
    year = {"window": {"calendar": "year"}, "kinds": ["purchase"]}
    spend = VISITS | year | {"count": {"attribute": "gross"}, "thresholds": {"ambassador": "2300.00"}}
    top = ladder("member", "titanium", "ambassador")
    baskets = [activity(attributes={"gross": "1150.00"}, on=day) for day in ("2017-01-01", "2017-12-31")]
    assert verdicts(configured(TierFrequency, spend), top, baskets) == {"ambassador": True}
    assert verdicts(configured(TierFrequency, spend), top, baskets, on="2018-01-01") == {"ambassador": False}


def test_unknown_and_unordered_tiers_are_found() -> None:
    rule = configured(TierFrequency, VISITS | {"thresholds": {"silver": 4, "gold": 4, "diamond": 9}})
    found = problems_of(rule, outline(STATUS))
    assert {path: problem.severity for path, problem in found.items()} == {
        "thresholds.diamond": "error",
        "thresholds.gold": "warning",
    }


@pytest.mark.parametrize("wrong", ["amount", "days", {"attribute": ""}, {"attribute": "x", "y": 1}, 3])
def test_what_cannot_be_counted_is_an_error(wrong: object) -> None:
    with pytest.raises(ValidationError) as caught:
        configured(TierFrequency, VISITS | {"count": wrong})
    assert {error["loc"][0] for error in caught.value.errors()} == {"count"}
