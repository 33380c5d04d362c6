"""What tier_partner_status decides."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import Member
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
from loyalty_tier_partner_status import loyalty_rules
from loyalty_tier_partner_status.rule import TierPartnerStatus

STATUS = ladder("basic", "silver", "gold", "diamond")
CONFIG: dict[str, Any] = {
    "key": "skyways",
    "statuses": {"platinum": "gold", "gold": "gold", "blue": "silver"},
}


def known(value: object, key: str = "skyways") -> Member:
    return replace(member(STATUS), values=MappingProxyType({("partner_status", key): value}))


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierPartnerStatus]
    check_rule(TierPartnerStatus, CONFIG)


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierPartnerStatus, Path(__file__).parents[1] / "README.md")


@pytest.mark.parametrize(
    ("who", "supported"),
    [
        (known("platinum"), {"silver": True, "gold": True}),
        (known("blue"), {"silver": True, "gold": False}),
        (known("bronze"), {"silver": False, "gold": False}),
        (known("platinum", key="seaways"), {"silver": False, "gold": False}),
        (member(STATUS), {"silver": False, "gold": False}),
    ],
)
def test_a_status_supports_the_tier_it_maps_to_and_lower_ones(
    who: Member, supported: dict[str, bool]
) -> None:
    assert verdicts(configured(TierPartnerStatus, CONFIG), STATUS, who=who) == supported


def test_a_status_with_an_end_holds_no_more_from_that_day_on_and_asks_for_it() -> None:
    rule = configured(TierPartnerStatus, CONFIG)
    who = known({"value": "gold", "until": "2027-04-01"})
    supports = [verdicts(rule, STATUS, who=who, on=day)["gold"] for day in ("2027-03-31", "2027-04-01")]
    assert supports == [True, False]
    assert rule.boundaries(who, date(2027, 3, 31)) == date(2027, 4, 1)
    assert rule.boundaries(who, date(2027, 4, 1)) is None
    assert rule.boundaries(known("gold"), date(2027, 3, 31)) is None


def test_an_unknown_tier_is_found() -> None:
    rule = configured(TierPartnerStatus, CONFIG | {"statuses": {"blue": "pearl", "gold": "gold"}})
    assert set(problems_of(rule, outline(STATUS))) == {"statuses.blue"}


@pytest.mark.parametrize("wrong", [{"statuses": {}}, {"key": ""}, {"statuses": {"gold": 1}}, {"unknown": 1}])
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(TierPartnerStatus, CONFIG | wrong)
