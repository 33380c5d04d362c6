"""What the lint says of a whole program: each finding has a path, a severity and a fix."""

from __future__ import annotations

import pytest

from loyalty_engine.program import Finding, compile_program
from tests.rating.histories import EARN, POINTS, built_in, ladder, program_of, rule, spend

VISITS = rule(
    "visits",
    "tier_frequency",
    '{ count = "activities", window = { calendar = "year" }, thresholds = { silver = 12 } }',
)


def found(*parts: str, sector: str | None = None) -> dict[str, Finding]:
    """The findings of a program by path; none is an error, and each says what would mend it."""
    source = program_of(*parts).source
    if sector is not None:
        source = source.replace("[program]\n", f'[program]\nsector = "{sector}"\n')
    program = compile_program(source, built_in())
    assert all(finding.severity == "warning" and finding.fix for finding in program.findings)
    return {finding.path: finding for finding in program.findings}


def earn(rates: str) -> str:
    """Points at rates by tier."""
    return rule(
        "earn", "earn_purchase", f'{{ currency = "points", rates = {rates}, negative = "take_back" }}'
    )


def test_a_program_that_says_what_it_means_has_no_findings() -> None:
    rates = '{ basic = "1", silver = "1.5", gold = "2" }'
    assert found(POINTS, ladder(), spend(), earn(rates)) == {}


def test_a_tier_that_no_rule_speaks_for_is_unreachable() -> None:
    assert "no rule of the tree" in found(ladder('"visits"'), VISITS)["ladders.0.tiers.2"].message


@pytest.mark.parametrize(
    "combine",
    [
        '{ op = "any_of", of = ["spend", "visits"], at_least = 2 }',
        '{ op = "weighted", of = ["spend", "visits"], weights = { spend = 2, visits = 1 }, at_least = 3 }',
    ],
)
def test_a_tier_for_which_too_few_rules_speak_is_unreachable(combine: str) -> None:
    findings = found(ladder(combine), spend(), VISITS)
    assert list(findings) == ["ladders.0.tiers.2"]
    assert "unreachable" in findings["ladders.0.tiers.2"].message


def test_two_tiers_that_begin_at_one_edge_overlap() -> None:
    findings = found(ladder(), spend("100", "100"))
    assert "begin at the same edge" in findings["rules.0.config.thresholds.gold"].message


def test_a_higher_tier_that_asks_for_less_is_out_of_order() -> None:
    findings = found(ladder(), spend("100", "50"))
    assert "exchange the two" in str(findings["rules.0.config.thresholds.gold"].fix)


def test_a_higher_tier_that_adds_nothing_is_named_unless_a_table_says_that_it_is_meant() -> None:
    findings = found(POINTS, ladder(), spend(), earn('{ basic = "1", silver = "2" }'))
    assert "adds nothing to 'silver'" in findings["ladders.0.tiers.2"].message
    assert found(POINTS, ladder(), spend(), earn('{ basic = "1", silver = "2", gold = "2" }')) == {}


def test_where_no_rule_tells_tiers_apart_none_is_said_to_add_nothing() -> None:
    assert found(POINTS, ladder(), spend(), EARN) == {}


def test_keeping_that_asks_for_more_than_entry_is_named() -> None:
    kept = spend("150", "400", rule_id="kept")
    findings = found(ladder(keep='"kept"'), spend(), kept)
    assert list(findings) == ["ladders.0.keep"]
    assert "'silver' is harder to keep than to reach: 150" in findings["ladders.0.keep"].message
    assert found(ladder(keep='"kept"'), spend(), spend("80", "400", rule_id="kept")) == {}


def test_a_tier_rule_that_no_tree_names_is_named() -> None:
    assert list(found(ladder(), spend(), spend(rule_id="other"))) == ["rules.1.id"]


def counting(number: str, categories: str = "[]") -> str:
    """A tier rule over a number of receipts."""
    config = (
        f"{{ count = {number}, window = 'lifetime', categories = {categories}, "
        "thresholds = { silver = 1, gold = 2 } }"
    )
    return rule("spend", "tier_frequency", config.replace("'", '"'))


def test_a_protected_attribute_is_named_in_every_sector() -> None:
    findings = found(ladder(), counting("{ attribute = 'Age' }"))
    assert list(findings) == ["rules.0.config.count.attribute"]
    assert "protected" in findings["rules.0.config.count.attribute"].message


def test_what_a_sector_bans_is_named_there_and_not_elsewhere() -> None:
    formula = counting("'activities'", "['infant formula', 'bread']")
    assert found(ladder(), formula) == {}
    findings = found(ladder(), formula, sector="grocery")
    assert list(findings) == ["rules.0.config.categories.0"]
    assert "banned" in findings["rules.0.config.categories.0"].message
    assert found(ladder(), formula, sector="insurance") == {}
