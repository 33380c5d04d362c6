"""What tier_streak decides."""

from pathlib import Path

import pytest
from loyalty_tier_streak.rule import TierStreak

from loyalty_engine.rules import Reason
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

STATUS = ladder("basic", "silver", "gold")
CONFIG = {"weeks": {"silver": 4, "gold": 26}}


def test_the_rule_keeps_to_the_contract() -> None:
    check_rule(TierStreak, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierStreak, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("weeks", "supported"),
    [
        (3, {"silver": False, "gold": False}),
        (4, {"silver": True, "gold": False}),
        (26, {"silver": True, "gold": True}),
    ],
)
def test_a_streak_supports_the_tiers_whose_weeks_it_reaches(weeks: int, supported: dict[str, bool]) -> None:
    who = member(STATUS, scores={"streak_weeks": weeks})
    assert verdicts(configured(TierStreak, CONFIG), STATUS, who=who) == supported


def test_without_a_report_no_tier_is_supported_and_the_reason_says_so() -> None:
    opinion = configured(TierStreak, CONFIG).tier_opinion(member(STATUS), STATUS)
    assert not opinion["gold"].supports
    assert opinion["gold"].reasons == (Reason("streak_unknown", {"needed": "26"}),)


def test_a_report_that_is_no_number_of_weeks_fails_the_rule() -> None:
    who = member(STATUS, scores={"streak_weeks": "four"})
    with pytest.raises(TypeError, match="'four' and not a number of weeks"):
        verdicts(configured(TierStreak, CONFIG), STATUS, who=who)


def test_an_unknown_tier_is_found() -> None:
    rule = configured(TierStreak, {"weeks": {"platinum": 2}})
    assert set(problems_of(rule, outline(STATUS))) == {"weeks.platinum"}
