"""Edges of bands that several rules of a tree set together: which overlap and are told, and which do not."""

from __future__ import annotations

import pytest

from loyalty_engine.program import Finding, compile_program
from tests.rating.histories import built_in, ladder, program_of, rule, spend


def only(rule_id: str, tier: str, bound: str, window: str = '"lifetime"', more: str = "") -> str:
    """Spend that asks for one tier alone."""
    return rule(
        rule_id, "tier_spend", f'{{ window = {window}{more}, thresholds = {{ {tier} = "{bound}" }} }}'
    )


def found(*parts: str) -> dict[str, Finding]:
    """The findings by path, each a warning with what would mend it."""
    findings = compile_program(program_of(*parts).source, built_in()).findings
    assert all(finding.severity == "warning" and finding.fix for finding in findings)
    return {finding.path: finding for finding in findings}


ANY = '{ op = "any_of", of = ["low", "high"] }'
ALL = '{ op = "all_of", of = ["low", "high"] }'


@pytest.mark.parametrize("tree", [ANY, ALL])
@pytest.mark.parametrize("gold", ["99.9999", "100"])
def test_an_edge_that_another_rule_sets_no_higher_leaves_nobody_on_the_lower_tier(
    tree: str, gold: str
) -> None:
    findings = found(ladder(tree), only("low", "silver", "100"), only("high", "gold", gold))
    assert list(findings) == ["ladders.0.tiers.1"]
    assert findings["ladders.0.tiers.1"].message == (
        f"nobody stands on 'silver' by figures: its band begins at 100, and that of 'gold' at {gold}"
    )


@pytest.mark.parametrize("tree", [ANY, ALL])
def test_an_edge_one_unit_higher_is_no_overlap(tree: str) -> None:
    assert found(ladder(tree), only("low", "silver", "100"), only("high", "gold", "100.0001")) == {}


def test_of_two_rules_that_both_ask_the_tree_says_which_edge_counts() -> None:
    rules = (spend("100", "500", window='"lifetime"', rule_id="low"), only("high", "gold", "90"))
    assert list(found(ladder(ANY), *rules)) == ["ladders.0.tiers.1"]
    assert found(ladder(ALL), *rules) == {}


@pytest.mark.parametrize(
    "other",
    [
        only("high", "gold", "50", '{ calendar = "year" }'),
        only("high", "gold", "50", more=', categories = ["tea"]'),
        rule("high", "tier_tenure", '{ unit = "months", thresholds = { gold = 3 } }'),
    ],
    ids=["another window", "another category", "another figure"],
)
def test_edges_on_different_figures_are_not_compared(other: str) -> None:
    assert found(ladder(ANY), only("low", "silver", "100"), other) == {}


def test_edges_of_one_rule_are_told_once_by_the_rule_itself() -> None:
    assert list(found(ladder(), spend("100", "100"))) == ["rules.0.config.thresholds.gold"]


def test_a_rule_without_figures_leaves_edges_unknown() -> None:
    card = rule("card", "tier_grant", '{ tier = "silver", steps = ["invite"], term = "lifetime" }')
    tree = '{ op = "any_of", of = ["low", "high", "card"] }'
    assert found(ladder(tree), only("low", "silver", "100"), only("high", "gold", "50"), card) == {}


def test_a_band_that_no_rule_opens_is_a_gap_and_is_told() -> None:
    """Bands have no other gaps: the one below goes on to the next edge."""
    findings = found(ladder('"high"'), only("high", "gold", "500"))
    assert list(findings) == ["ladders.0.tiers.1"]
    assert "no rule of the tree speaks for 'silver'" in findings["ladders.0.tiers.1"].message
