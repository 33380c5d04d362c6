"""What the lint says where several rules decide together: nothing of what a tree makes right."""

from __future__ import annotations

import pytest

from loyalty_engine.program import Finding, compile_program
from tests.rating.histories import built_in, ladder, program_of, rule, spend

YEAR, MONTH = '{ calendar = "year" }', '{ calendar = "month" }'


def visits(silver: int, gold: int, rule_id: str = "visits") -> str:
    """Tiers by visits in the year."""
    thresholds = f"{{ silver = {silver}, gold = {gold} }}"
    config = f'{{ count = "activities", window = {YEAR}, thresholds = {thresholds} }}'
    return rule(rule_id, "tier_frequency", config)


def tree(op: str, *rules: str, more: str = "") -> str:
    """A tree over some rules."""
    named = ", ".join(f'"{each}"' for each in rules)
    return f'{{ op = "{op}", of = [{named}]{more} }}'


def found(*parts: str) -> dict[str, Finding]:
    """The findings by path, each a warning with what would mend it."""
    findings = compile_program(program_of(*parts).source, built_in()).findings
    assert all(finding.severity == "warning" and finding.fix for finding in findings)
    return {finding.path: finding for finding in findings}


BOTH, EITHER = tree("all_of", "spend", "visits"), tree("any_of", "spend", "visits")
GOLD = "rules.0.config.thresholds.gold"


@pytest.mark.parametrize("gold", ["100", "50"])
def test_a_rule_may_ask_for_no_more_where_another_one_does_that_is_asked_as_well(gold: str) -> None:
    assert found(ladder(BOTH), spend("100", gold), visits(5, 10)) == {}
    two = tree("any_of", "spend", "visits", "days", more=", at_least = 2")
    assert found(ladder(two), spend("100", gold), visits(5, 10), visits(6, 9, "days")) == {}


@pytest.mark.parametrize("gold", ["100", "50"])
def test_where_either_rule_will_do_one_that_asks_for_no_more_is_named(gold: str) -> None:
    assert list(found(ladder(EITHER), spend("100", gold), visits(5, 10))) == [GOLD]
    assert found(ladder(EITHER), spend("100", "101"), visits(5, 10)) == {}


def test_where_no_rule_asks_for_more_each_is_named() -> None:
    findings = found(ladder(BOTH), spend("100", "100"), visits(5, 5))
    assert list(findings) == [GOLD, "rules.1.config.thresholds.gold"]
    assert found(ladder(BOTH), spend("100", "100"), visits(5, 6)) == {}


def test_a_rule_of_keeping_is_looked_at_in_the_tree_of_keeping() -> None:
    kept = spend("50", "50", rule_id="kept")
    only = found(ladder(EITHER, keep='"kept"'), spend(), visits(5, 10), kept)
    assert list(only) == ["rules.2.config.thresholds.gold"]
    both = tree("all_of", "kept", "visits")
    assert found(ladder(EITHER, keep=both), spend(), visits(5, 10), kept) == {}


def test_a_rule_of_two_ladders_is_named_where_it_is_wrong_on_one() -> None:
    either = ladder(EITHER, key="other").replace("silver", "pearl").replace("gold", "ruby")
    bounds = 'silver = "1", gold = "1", pearl = "1", ruby = "2"'
    named = spend().replace('silver = "100", gold = "500"', bounds)
    more = visits(5, 10).replace("silver = 5", "silver = 5, pearl = 5, ruby = 6")
    assert found(ladder(BOTH), either, named, more) == {}
    wrong = named.replace('ruby = "2"', 'ruby = "1"')
    assert list(found(ladder(BOTH), either, wrong, more)) == ["rules.0.config.thresholds.ruby"]


def test_what_is_asked_over_another_window_for_keeping_is_not_compared() -> None:
    monthly = spend(window=MONTH)
    assert found(ladder(keep='"kept"'), monthly, spend("600", "3000", rule_id="kept")) == {}


def test_more_in_a_year_than_reaches_it_in_a_life_is_harder() -> None:
    lifetime = spend(window='"lifetime"')
    findings = found(ladder(keep='"kept"'), lifetime, spend("120", "500", rule_id="kept"))
    assert "120 of what 100 reaches it" in findings["ladders.0.keep"].message
    assert found(ladder(keep='"kept"'), lifetime, spend("100", "500", rule_id="kept")) == {}


def test_one_easy_way_of_keeping_is_enough() -> None:
    ways = (spend("2000", "3000", rule_id="hard"), spend("50", "60", rule_id="easy"))
    assert found(ladder(keep=tree("any_of", "hard", "easy")), spend(), *ways) == {}
    findings = found(ladder(keep=tree("all_of", "hard", "easy")), spend(), *ways)
    assert "3000 of what 500 reaches it" in findings["ladders.0.keep"].message


def test_keeping_is_compared_with_the_easiest_way_of_entering() -> None:
    ways = tree("any_of", "spend", "easy")
    parts = (ladder(ways, keep='"kept"'), spend(), spend("50", "400", rule_id="easy"))
    findings = found(*parts, spend("80", "400", rule_id="kept"))
    assert "'silver' is harder to keep than to reach: 80 of what 50" in findings["ladders.0.keep"].message
    assert found(*parts, spend("50", "400", rule_id="kept")) == {}


def test_keeping_by_one_of_two_things_that_are_both_asked_for_entry_is_no_harder() -> None:
    assert found(ladder(BOTH, keep='"kept"'), spend(), visits(5, 10), visits(5, 10, "kept")) == {}
    findings = found(ladder(BOTH, keep='"kept"'), spend(), visits(5, 10), visits(6, 10, "kept"))
    assert "6 of what 5 reaches it" in findings["ladders.0.keep"].message


def test_what_is_asked_besides_by_a_rule_without_figures_makes_keeping_no_harder() -> None:
    card = rule("card", "tier_grant", '{ tier = "gold", steps = ["invite"], term = "lifetime" }')
    parts = (ladder(tree("any_of", "spend", "card"), keep=tree("any_of", "kept", "card")), spend(), card)
    assert found(*parts, spend("80", "500", rule_id="kept")) == {}
    findings = found(*parts, spend("120", "500", rule_id="kept"))
    assert "'silver' is harder to keep" in findings["ladders.0.keep"].message


def test_a_tier_that_nobody_reaches_by_rules_is_named_until_it_is_granted() -> None:
    tiers = ("basic", "silver", "gold", "vip")
    assert list(found(ladder(tiers=tiers), spend())) == ["ladders.0.tiers.3"]
    card = rule("card", "tier_grant", '{ tier = "vip", steps = ["invite"], term = "lifetime" }')
    assert found(ladder(tree("any_of", "spend", "card"), tiers=tiers), spend(), card) == {}


def test_a_score_by_the_name_of_a_protected_characteristic_is_named() -> None:
    scored = rule("spend", "tier_score", '{ scores = { age = "1" }, thresholds = { silver = 5, gold = 6 } }')
    assert list(found(ladder(), scored)) == ["rules.0.config.scores.age"]
    assert found(ladder(), scored.replace("age", "growth")) == {}
