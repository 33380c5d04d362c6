"""What tier_engagement decides."""

from pathlib import Path
from typing import Any

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
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_engagement import loyalty_rules
from loyalty_tier_engagement.rule import TierEngagement

STATUS = ladder("basic", "silver", "gold")
CONFIG: dict[str, Any] = {
    "weights": {"review": "2.5", "share": 1},
    "window": "lifetime",
    "thresholds": {"silver": 5, "gold": "8.5"},
}
REVIEW, SHARE = activity(kind="review"), activity(kind="share")


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierEngagement]
    check_rule(TierEngagement, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierEngagement, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("done", "supported"),
    [
        ([REVIEW] + [SHARE] * 2, {"silver": False, "gold": False}),
        ([REVIEW] * 2, {"silver": True, "gold": False}),
        ([REVIEW] * 3 + [SHARE], {"silver": True, "gold": True}),
        ([SHARE] * 8, {"silver": True, "gold": False}),
        ([activity("900")] * 9, {"silver": False, "gold": False}),
    ],
)
def test_each_kind_counts_by_its_weight(done: list[Activity], supported: dict[str, bool]) -> None:
    assert verdicts(configured(TierEngagement, CONFIG), STATUS, done) == supported


def test_of_each_kind_one_a_day_counts_where_days_are_counted() -> None:
    rule = configured(TierEngagement, CONFIG | {"count": "local_days"})
    done = [REVIEW, REVIEW, SHARE, activity(kind="review", on="2024-01-16")]
    found = {measure.key: value for measure, value in figures_of(rule, done).items()}
    assert found == {"review": 2, "share": 1}


def test_only_activities_of_the_window_channel_and_partner_count() -> None:
    narrow = {"window": {"rolling_days": 2}, "channels": ["app"], "partners": ["club"]}
    done = [
        activity(kind="share", channel="app", partner="club", on="2024-01-16"),
        activity(kind="share", channel="web", partner="club", on="2024-01-16"),
        activity(kind="share", channel="app", on="2024-01-16"),
        activity(kind="share", channel="app", partner="club", on="2024-01-14"),
    ]
    found = figures_of(configured(TierEngagement, CONFIG | narrow), done)
    assert {measure.key: value for measure, value in found.items()} == {"review": 0, "share": 1}


def test_unknown_tiers_and_kinds_that_count_nothing_are_found() -> None:
    rule = configured(TierEngagement, CONFIG | {"weights": {"like": 0}, "thresholds": {"diamond": 1}})
    found = problems_of(rule, outline(STATUS))
    assert {path: problem.severity for path, problem in found.items()} == {
        "weights.like": "warning",
        "thresholds.diamond": "error",
    }


@pytest.mark.parametrize(
    "wrong", [{"weights": {}}, {"weights": {"return": 1}}, {"weights": {"share": -1}}, {"count": "units"}]
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierEngagement, CONFIG | wrong)
