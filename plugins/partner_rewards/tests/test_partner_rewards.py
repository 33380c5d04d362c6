"""What partner_rewards decides."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Activity, Cap, FundingShare, Member, PromotionTerms
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    ladder,
    line,
    member,
    offered,
    outline,
    problems_of,
)
from loyalty_partner_rewards import loyalty_rules
from loyalty_partner_rewards.rule import PartnerRewards

STATUS = ladder("basic", "silver", "gold")
CLUB = ladder("guest", "gold", key="club")
UNLIMITED = [{"partner": "roastery", "percent": 60, "unlimited": True}]
DOUBLE = {"partner": "roastery", "currency": "points", "multiple": 2, "funding": UNLIMITED}
FIXED = {"partner": "roastery", "currency": "points", "points": 50, "funding": []}


def awards(bought: Activity, who: Member | None = None, **config: object) -> int:
    """How many awards the promotion offers."""
    return len(offered(configured(PartnerRewards, DOUBLE | config), bought, who))


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [PartnerRewards]
    check_rule(PartnerRewards, DOUBLE | {"from": "2024-01-01", "until": "2024-02-01"})
    check_rule(PartnerRewards, FIXED | {"audience": {"tiers": ["gold"], "attributes": {"vip": True}}})


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(PartnerRewards, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(("multiple", "percent"), [("2", "100"), ("1.5", "50"), ("1.0001", "0.01")])
def test_a_multiple_awards_what_is_missing_to_it(multiple: str, percent: str) -> None:
    (award,) = offered(configured(PartnerRewards, DOUBLE | {"multiple": multiple}), activity("10"))
    assert (award.percent, award.points) == (Decimal(percent), None)


def test_fixed_points_are_awarded_whatever_the_amount() -> None:
    (award,) = offered(configured(PartnerRewards, FIXED), activity(kind="purchase"))
    assert (award.percent, award.points) == (None, Decimal(50))


def test_every_partner_pays_its_share_of_the_award() -> None:
    funding = [*UNLIMITED, {"partner": "dairy", "percent": "12.5", "budget_points": 900}]
    rule = configured(PartnerRewards, DOUBLE | {"funding": funding, "exhausted": "next"})
    (award,) = offered(rule, activity("10"))
    assert award.funding == (FundingShare("roastery", Decimal(60)), FundingShare("dairy", Decimal("12.5")))
    assert award.exhausted == "next"


def test_the_promotion_names_its_partner_and_opens_the_budgets() -> None:
    funding = [*UNLIMITED, {"partner": "dairy", "percent": 40, "budget_points": 900}]
    rule = configured(PartnerRewards, DOUBLE | {"funding": funding, "exhausted": "reduce"})
    assert rule.promotion() == PromotionTerms("roastery", "points", {"roastery": None, "dairy": 900})


@pytest.mark.parametrize(
    ("day", "count"), [("2024-02-29", 0), ("2024-03-01", 1), ("2024-03-31", 1), ("2024-04-01", 0)]
)
def test_it_runs_from_its_first_local_date_until_the_first_one_after_it(day: str, count: int) -> None:
    period = tomllib.loads("from = 2024-03-01\nuntil = 2024-04-01")
    assert awards(activity("10", on=day), **period) == count


@pytest.mark.parametrize(("amount", "count"), [("9.99", 0), ("10.00", 1)])
def test_the_minimum_is_included(amount: str, count: int) -> None:
    assert awards(activity(amount), minimum="10.00") == count


def test_the_minimum_is_for_the_number_that_is_named() -> None:
    """Programme P3: at least 10.00 of a campaign's eligible amount."""
    config: dict[str, Any] = {"figure": {"attribute": "eligible_amount"}, "minimum": "10.00"}
    assert awards(activity("99", attributes={"eligible_amount": "9.99"}), **config) == 0
    assert awards(activity("99"), **config) == 0
    assert awards(activity("1", attributes={"eligible_amount": "10.00"}), **config) == 1


def test_the_minimum_counts_only_lines_of_the_eligible_categories() -> None:
    receipt = activity(lines=[line("6", "coffee"), line("90", "tea", key="2")])
    eligible = {"categories": ["coffee"]}
    assert awards(receipt, eligible=eligible, minimum="6") == 1
    assert awards(receipt, eligible=eligible, minimum="6.01") == 0


@pytest.mark.parametrize(
    "eligible", [{"channels": ["shop"]}, {"partners": ["dairy"]}, {"kinds": ["visit"]}, {"categories": ["x"]}]
)
def test_an_activity_that_is_not_eligible_gets_no_offer(eligible: dict[str, object]) -> None:
    bought = activity("10", channel="web", partner="roastery")
    assert awards(bought) == 1
    assert awards(bought, eligible=eligible) == 0


def test_an_unlinked_return_gets_no_offer() -> None:
    assert awards(activity("-10", kind="return")) == 0


@pytest.mark.parametrize(
    ("tiers", "count"), [(["gold"], 0), (["basic", "gold"], 1), (["status.basic"], 1), (["club.gold"], 1)]
)
def test_one_of_the_named_tiers_must_be_held(tiers: list[str], count: int) -> None:
    ladders = (STATUS, CLUB) if "club.gold" in tiers else (STATUS,)
    who = member(*ladders, tiers={"club": "gold"} if CLUB in ladders else {})
    assert awards(activity("10"), who, audience={"tiers": tiers}) == count


def test_the_same_key_on_another_ladder_is_not_the_tier_that_is_meant() -> None:
    who = member(STATUS, CLUB, tiers={"club": "gold"})
    assert awards(activity("10"), who, audience={"tiers": ["status.gold"]}) == 0


@pytest.mark.parametrize(
    ("wanted", "known", "count"),
    [
        ("VIP", "VIP", 1),
        ("VIP", "vip", 0),
        (True, True, 1),
        (True, 1, 0),
        (1, True, 0),
        (3, 3, 1),
        ("x", None, 0),
    ],
)
def test_an_attribute_must_have_just_the_value(wanted: object, known: object, count: int) -> None:
    who = member(attributes={} if known is None else {"class": known})
    assert awards(activity("10"), who, audience={"attributes": {"class": wanted}}) == count


def test_all_the_attributes_but_only_one_of_the_segments_must_fit() -> None:
    who = member(attributes={"a": 1, "b": 2}, segments=["new"])
    assert (
        awards(activity("10"), who, audience={"attributes": {"a": 1, "b": 2}, "segments": ["old", "new"]})
        == 1
    )
    assert awards(activity("10"), who, audience={"attributes": {"a": 1, "b": 3}, "segments": ["new"]}) == 0
    assert awards(activity("10"), who, audience={"attributes": {"a": 1}, "segments": ["old"]}) == 0


@pytest.mark.parametrize(
    ("leap_day", "days"),
    [("feb28", {"2023-02-28", "2024-02-29"}), ("mar1", {"2023-03-01", "2024-02-29"})],
)
def test_a_birthday_on_29_february_is_kept_on_one_day_of_every_year(leap_day: str, days: set[str]) -> None:
    born, unknown = member(STATUS, attributes={"birthday": "02-29"}), member(STATUS)
    config = {"birthday": {"leap_day": leap_day}}
    near = ("2023-02-27", "2023-02-28", "2023-03-01", "2024-02-28", "2024-02-29", "2024-03-01")
    assert {day for day in near if awards(activity("10", on=day), born, **config)} == days
    assert not any(awards(activity("10", on=day), unknown, **config) for day in near)


def test_any_other_birthday_is_its_day_and_what_is_no_month_and_day_is_none() -> None:
    config = {"birthday": {"attribute": "born_on", "leap_day": "mar1"}}
    for known, count in (("06-15", 1), ("06-16", 0), ("1990-06-15", 0), (615, 0), (True, 0)):
        who = member(STATUS, attributes={"born_on": known})
        assert awards(activity("10", on="2024-06-15"), who, **config) == count


def test_points_of_a_birthday_are_awarded_once_a_year_and_a_multiple_all_day() -> None:
    born = member(STATUS, attributes={"birthday": "06-15"})
    config = {"birthday": {"leap_day": "feb28"}}
    (fixed,) = offered(configured(PartnerRewards, FIXED | config), activity("10", on="2024-06-15"), born)
    assert fixed.caps == (Cap("birthday", "year", times=1),)
    (double,) = offered(configured(PartnerRewards, DOUBLE | config), activity("10", on="2024-06-15"), born)
    assert double.caps == ()


def test_caps_and_once_per_member_are_limits_of_the_award() -> None:
    caps = [{"period": "day", "points": 100}, {"period": "month", "times": 3, "key": "visits"}]
    rule = configured(PartnerRewards, DOUBLE | {"caps": caps, "once_per_member": True}, rule_id="promo")
    (award,) = offered(rule, activity("10"))
    assert award.caps == (
        Cap("promo", "day", points=100),
        Cap("visits", "month", times=3),
        Cap("once_per_member", "lifetime", times=1),
    )


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (DOUBLE | {"currency": "miles"}, "currency"),
        (DOUBLE | {"audience": {"tiers": ["silver", "diamond"]}}, "audience.tiers.1"),
        (DOUBLE | {"audience": {"tiers": ["gold"]}}, "audience.tiers.0"),
    ],
)
def test_what_does_not_fit_the_program_is_found(config: dict[str, object], path: str) -> None:
    found = problems_of(configured(PartnerRewards, config), outline(STATUS, CLUB))
    assert {each: problem.severity for each, problem in found.items()} == {path: "error"}


def test_the_promotion_says_how_many_awards_all_members_share() -> None:
    assert configured(PartnerRewards, FIXED).promotion().quota is None
    rationed = configured(PartnerRewards, FIXED | {"quota": 1000, "exhausted": "none"})
    assert rationed.promotion() == PromotionTerms("roastery", "points", {}, 1000)
    check_rule(PartnerRewards, FIXED | {"quota": 1000, "exhausted": "next"})


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"points": 5}, ("points",)),
        ({"quota": 0, "exhausted": "none"}, ("quota",)),
        ({"quota": 2_000_000_001, "exhausted": "none"}, ("quota",)),
        ({"quota": 10}, ("exhausted",)),
        ({"multiple": 1}, ("multiple",)),
        ({"multiple": 1.5}, ("multiple",)),
        ({"funding": [{"partner": "p", "percent": 10}]}, ("funding", 0, "unlimited")),
        (
            {"funding": [{"partner": "p", "percent": 10, "budget_points": 5, "unlimited": True}]},
            ("funding", 0, "unlimited"),
        ),
        ({"funding": [{"partner": "p", "percent": 10, "budget_points": 5}]}, ("exhausted",)),
        ({"funding": [*UNLIMITED, {"partner": "q", "percent": 41, "unlimited": True}]}, ("funding",)),
        ({"funding": [*UNLIMITED, *UNLIMITED]}, ("funding",)),
        ({"caps": [{"period": "day"}]}, ("caps", 0, "times")),
        ({"from": "2024-02-01", "until": "2024-02-01"}, ("until",)),
        ({"from": 5}, ("from",)),
        ({"from": "yesterday"}, ("from",)),
        ({"starts_on": "2024-02-01"}, ("starts_on",)),
        ({"audience": {"attributes": {"a": 1.5}}}, ("audience", "attributes", "a")),
    ],
)
def test_a_mistake_in_the_config_is_an_error_at_its_path(
    wrong: dict[str, object], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        configured(PartnerRewards, DOUBLE | wrong)
    assert {error["loc"][: len(path)] for error in caught.value.errors()} == {path}
    assert caught.value.error_count() == (3 if "a" in path else 1)


def test_neither_multiple_nor_points_is_an_error() -> None:
    with pytest.raises(ValidationError, match="either multiple or points"):
        configured(PartnerRewards, {key: value for key, value in DOUBLE.items() if key != "multiple"})


def test_an_empty_list_of_funding_must_be_written() -> None:
    with pytest.raises(ValidationError, match="funding"):
        configured(PartnerRewards, {key: value for key, value in DOUBLE.items() if key != "funding"})
