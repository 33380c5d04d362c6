"""Program files: what is compiled from a right one, and what is said about a wrong one."""

from __future__ import annotations

from hashlib import sha256

import pytest

from loyalty_engine.combine.tiers import Branch, Leaf
from loyalty_engine.program import Finding, ProgramInvalid, check, compile_program
from tests.rating.histories import EARN, POINTS, built_in, header, ladder, rule, spend

GOOD = header() + POINTS + ladder() + spend() + EARN


def errors(source: str) -> dict[str, str]:
    """The messages of the errors by path."""
    return {found.path: found.message for found in check(source, built_in()) if found.severity == "error"}


def warnings(source: str) -> dict[str, str]:
    return {found.path: found.message for found in check(source, built_in()) if found.severity == "warning"}


def test_a_right_file_is_compiled_without_findings() -> None:
    program = compile_program(GOOD, built_in())
    assert program.findings == ()
    assert list(program.rules) == ["spend", "earn"]
    assert [policy.key for policy in program.ladders] == ["status"]
    assert list(program.points) == ["points"]
    assert program.zone.key == "Europe/London"
    assert program.hash == sha256(GOOD.encode()).hexdigest()
    assert program.rule_versions == {"tier_spend": "1", "earn_purchase": "1"}
    assert program.ladder("status").tree == Leaf("spend")
    assert program.ladder("status").keep == Leaf("spend")
    with pytest.raises(KeyError):
        program.ladder("circle")


def test_a_comment_is_another_version_of_the_file() -> None:
    first, second = compile_program(GOOD, built_in()), compile_program(GOOD + "# x\n", built_in())
    assert first.hash != second.hash


def changed(old: str, new: str) -> str:
    assert old in GOOD, old
    return GOOD.replace(old, new, 1)


MISTAKES = {
    "not TOML": ("= 1", "", "not a TOML file"),
    "the same key twice in TOML": (GOOD + '[program]\nname = "x"\n', "", "not a TOML file"),
    "nested beyond reason": ("a = " + "[" * 10_000, "", "not a TOML file"),
    "larger than allowed": (GOOD + "#" * 256 * 1024, "", "larger than 256 KiB"),
    "empty": ("", "program", "required"),
    "an unknown table": (GOOD + "[extras]\n", "extras", "unknown key"),
    "an unknown key": (changed("currency = ", "colour = 1\ncurrency = "), "program.colour", "unknown key"),
    "a missing key": (changed('currency = "GBP"\n', ""), "program.currency", "required"),
    "a wrong type": (changed('name = "Shop"', "name = 5"), "program.name", "string"),
    "no such zone": (changed("Europe/London", "Europe/Londres"), "program.timezone", "Europe/Londres"),
    "a zone that is a path": (changed("Europe/London", "../../etc/passwd"), "program.timezone", "no such"),
    "no currency code": (changed('"GBP"', '"pounds"'), "program.currency", "pattern"),
    "a slug with spaces": (changed('"shop"', '"my shop"'), "program.business", "pattern"),
    "unknown rounding": (changed('"toward_zero"', '"up"'), "points.0.rounding", "floor"),
    "decimals as text": (changed("decimals = 0", 'decimals = "0"'), "points.0.decimals", "integer"),
    "decimals as a float": (changed("decimals = 0", "decimals = 0.0"), "points.0.decimals", "integer"),
    "decimals as a boolean": (changed("decimals = 0", "decimals = false"), "points.0.decimals", "integer"),
    "too many decimals": (changed("decimals = 0", "decimals = 5"), "points.0.decimals", "4"),
    "unknown expiry": (changed('expiry = "never"', 'expiry = "soon"'), "points.0.expiry", "never"),
    "expiry of half a month": (
        changed('expiry = "never"', "expiry = { months = 0.5 }"),
        "points.0.expiry.months",
        "integer",
    ),
    "expiry with an unknown key": (
        changed('expiry = "never"', "expiry = { months = 5, weeks = 1 }"),
        "points.0.expiry.weeks",
        "unknown key",
    ),
    "expiry on the 31st": (
        changed('expiry = "never"', 'expiry = { day = "01-31", after_months = 1 }'),
        "points.0.expiry.day",
        "pattern",
    ),
    "offers that are not chosen": (
        changed('expiry = "never"', 'expiry = "never"\noffers = { choose = "first" }'),
        "points.0.offers.choose",
        "best",
    ),
    "a ladder of one tier": (
        changed('{ key = "basic" }, { key = "silver" }, { key = "gold" }', '{ key = "basic" }'),
        "ladders.0.tiers",
        "2",
    ),
    "a tier key in capitals": (
        changed('key = "silver"', 'key = "Silver"'),
        "ladders.0.tiers.1.key",
        "pattern",
    ),
    "no downgrade": (changed('downgrade = { to = "qualified" }\n', ""), "ladders.0.downgrade", "required"),
    "an unknown downgrade": (changed('"qualified"', '"nowhere"'), "ladders.0.downgrade.to", "one_step"),
    "a tree of keeping that names no rule": (
        changed('combine = "spend"', 'combine = "spend"\nkeep = { op = "any_of", of = ["nothing"] }'),
        "ladders.0.keep.of.0",
        "the ids are",
    ),
    "less than no grace": (
        changed('to = "qualified"', 'to = "qualified", grace_days = -1'),
        "ladders.0.downgrade.grace_days",
        "0",
    ),
    "a review both every month and on dates": (
        changed(
            "downgrade", 'review = { every = "month", dates = ["03-01"], until = "lifetime" }\ndowngrade'
        ),
        "ladders.0.review",
        "either every",
    ),
    "a review at no time": (
        changed("downgrade", 'review = { until = "lifetime" }\ndowngrade'),
        "ladders.0.review",
        "either every",
    ),
    "a review on one date twice": (
        changed("downgrade", 'review = { dates = ["03-01", "03-01"], until = "lifetime" }\ndowngrade'),
        "ladders.0.review",
        "twice",
    ),
    "a review on a day that not every year has": (
        changed("downgrade", 'review = { dates = ["02-29"], until = "lifetime" }\ndowngrade'),
        "ladders.0.review.dates.0",
        "pattern",
    ),
    "an unknown policy of returns": (changed('"at_review"', '"maybe"'), "ladders.0.returns", "undo"),
    "an unknown period": (
        changed('end_of = "year"', 'end_of = "decade"'),
        "ladders.0.upgrade.until.end_of",
        "year",
    ),
    "an unknown occasion": (changed('at = "activity"', 'at = "noon"'), "ladders.0.upgrade.at", "review"),
    "a tree that is a number": (changed('combine = "spend"', "combine = 5"), "ladders.0.combine", ""),
    "two tiers of one key": (changed('key = "silver"', 'key = "gold"'), "ladders.0.tiers.2", "twice"),
    "two ladders of one key": (GOOD + ladder(), "ladders.1", "twice"),
    "two currencies of one key": (GOOD + POINTS, "points.1", "twice"),
    "two rules of one id": (GOOD + spend(), "rules.2", "twice"),
    "an unknown plugin": (changed('"tier_spend"', '"tier_magic"'), "rules.0.rule", "tier_spend"),
    "a version that is not installed": (
        changed('rule = "tier_spend"\n', 'rule = "tier_spend"\nversion = "2"\n'),
        "rules.0.version",
        "installed is 1",
    ),
    "no configuration": (GOOD + '[[rules]]\nid = "x"\nrule = "tier_spend"\n', "rules.2.config", "required"),
    "a key that the rule does not know": (
        changed("{ window", "{ windows = 1, window"),
        "rules.0.config.windows",
        "unknown key",
    ),
    "a threshold for a tier that the ladder lacks": (
        changed("gold = ", "platinum = "),
        "rules.0.config.thresholds.platinum",
        "basic, silver, gold",
    ),
    "a threshold that is a float": (
        changed('"100"', "100.5"),
        "rules.0.config.thresholds.silver",
        "not exact",
    ),
    "a threshold that is a word": (changed('"100"', '"lots"'), "rules.0.config.thresholds.silver", "decimal"),
    "a threshold below zero": (changed('"100"', '"-1"'), "rules.0.config.thresholds.silver", "0"),
    "a threshold that is true": (changed('"100"', "true"), "rules.0.config.thresholds.silver", ""),
    "a threshold without end": (changed('"500"', '"Infinity"'), "rules.0.config.thresholds.gold", "finite"),
    "an unknown window": (
        changed('{ calendar = "year" }, t', '{ calendar = "aeon" }, t'),
        "rules.0.config.window.calendar",
        "month",
    ),
    "a window of two kinds": (
        changed('{ calendar = "year" }, t', '{ calendar = "year", rolling_days = 3 }, t'),
        "rules.0.config.window.rolling_days",
        "unknown key",
    ),
    "a window of no days": (
        changed('{ calendar = "year" }, t', "{ rolling_days = 0 }, t"),
        "rules.0.config.window.rolling_days",
        "1",
    ),
    "a window of true days": (
        changed('{ calendar = "year" }, t', "{ rolling_days = true }, t"),
        "rules.0.config.window.rolling_days",
        "integer",
    ),
    "a window of another kind": (
        changed('{ calendar = "year" }, t', "5, t"),
        "rules.0.config.window",
        "lifetime",
    ),
    "a previous window of an unknown period": (
        changed('{ calendar = "year" }, t', '{ previous = { calendar = "aeon" } }, t'),
        "rules.0.config.window.previous.calendar",
        "month",
    ),
    "neither a rate nor rates": (changed('rate = "1", ', ""), "rules.1.config.rates", "either rate"),
    "a kind that is none": (
        changed('rate = "1"', 'rate = "1", kinds = ["return"]'),
        "rules.1.config.kinds.0",
        "purchases",
    ),
    "a number that is no attribute": (
        changed('rate = "1"', 'rate = "1", figure = { attribute = "" }'),
        "rules.1.config.figure.attribute",
        "1 character",
    ),
    "an unknown currency of points": (
        changed('currency = "points"', 'currency = "miles"'),
        "rules.1.config.currency",
        "points",
    ),
    "a rate that is a float": (changed('rate = "1"', "rate = 1.5"), "rules.1.config.rate", "not exact"),
}


@pytest.mark.parametrize(("source", "path", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_path(source: str, path: str, words: str) -> None:
    found = errors(source)
    assert path in found
    assert words in found[path]
    with pytest.raises(ProgramInvalid) as caught:
        compile_program(source, built_in())
    assert {finding.path for finding in caught.value.findings} == set(found)
    assert path in str(caught.value)


@pytest.mark.parametrize(("source", "path", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_once_and_nothing_else_with_it(source: str, path: str, words: str) -> None:
    if source:
        assert list(errors(source)) == [path]


def test_several_mistakes_are_all_named() -> None:
    source = GOOD.replace('"100"', "100.5").replace('rate = "1"', "rate = 1.5").replace("window =", "windo =")
    assert set(errors(source)) == {
        "rules.0.config.thresholds.silver",
        "rules.0.config.window",
        "rules.0.config.windo",
        "rules.1.config.rate",
    }


def test_a_finding_reads_as_a_line() -> None:
    assert str(Finding("rules.0.id", "it is wrong")) == "error rules.0.id: it is wrong"
    assert str(Finding("", "it is wrong", "warning")) == "warning: it is wrong"


def tree(combine: str, *more: str) -> str:
    rules = [spend(rule_id=key) for key in ("a", "b", "c")]
    return header() + POINTS + ladder(combine) + "".join(rules) + EARN + "".join(more)


def nested(levels: int) -> str:
    return '{ op = "any_of", of = [' * levels + '"a"' + "] }" * levels


def many(leaves: int) -> str:
    return f'{{ op = "any_of", of = {["a"] * leaves} }}'


TREES = {
    "an unknown rule": ('"nobody"', "", "the ids are a, b, c, earn"),
    "a rule that decides nothing about tiers": ('"earn"', "", "decides nothing about tiers"),
    "an unknown rule within": ('{ op = "any_of", of = ["a", "nobody"] }', ".of.1", "no rule has the id"),
    "an unknown operation": ('{ op = "none_of", of = ["a"] }', ".op", "any_of, all_of, weighted"),
    "no operation": ('{ of = ["a"] }', ".op", "any_of"),
    "an operation that is a list": ('{ op = ["any_of"], of = ["a"] }', ".op", "any_of"),
    "nothing to combine": ('{ op = "any_of", of = [] }', ".of", "list of rule ids"),
    "no list to combine": ('{ op = "any_of", of = "a" }', ".of", "list of rule ids"),
    "a number to combine": ('{ op = "any_of", of = ["a", 5] }', ".of.1", "write a rule id"),
    "an unknown key": ('{ op = "any_of", of = ["a"], atleast = 1 }', ".atleast", "unknown key"),
    "at_least for all_of": ('{ op = "all_of", of = ["a", "b"], at_least = 1 }', ".at_least", "unknown key"),
    "weights for any_of": ('{ op = "any_of", of = ["a"], weights = { a = 1 } }', ".weights", "unknown key"),
    "more than there are": ('{ op = "any_of", of = ["a", "b"], at_least = 3 }', ".at_least", "from 1 to 2"),
    "at least none": ('{ op = "any_of", of = ["a", "b"], at_least = 0 }', ".at_least", "from 1 to 2"),
    "at least a float": ('{ op = "any_of", of = ["a", "b"], at_least = 1.5 }', ".at_least", "whole number"),
    "at least true": ('{ op = "any_of", of = ["a", "b"], at_least = true }', ".at_least", "whole number"),
    "weighted without a bound": (
        '{ op = "weighted", of = ["a", "b"], weights = { a = 2, b = 1 } }',
        ".at_least",
        "from 1 to 3",
    ),
    "weighted beyond the sum": (
        '{ op = "weighted", of = ["a", "b"], weights = { a = 2, b = 1 }, at_least = 4 }',
        ".at_least",
        "from 1 to 3",
    ),
    "weighted without weights": (
        '{ op = "weighted", of = ["a"], at_least = 1 }',
        ".weights",
        "for each of a",
    ),
    "a weight for a stranger": (
        '{ op = "weighted", of = ["a"], weights = { a = 1, c = 1 }, at_least = 1 }',
        ".weights",
        "for each of a",
    ),
    "a weight of nothing": (
        '{ op = "weighted", of = ["a"], weights = { a = 0 }, at_least = 1 }',
        ".weights.a",
        "from 1 to",
    ),
    "a weight that is a float": (
        '{ op = "weighted", of = ["a"], weights = { a = 1.5 }, at_least = 1 }',
        ".weights.a",
        "whole number",
    ),
    "a weighted tree": (
        '{ op = "weighted", of = [{ op = "any_of", of = ["a"] }], weights = { a = 1 }, at_least = 1 }',
        ".of",
        "rule ids alone",
    ),
    "five levels": (nested(4), "", "more than 4 levels"),
    "65 nodes": (many(64), "", "more than 64 nodes"),
}


@pytest.mark.parametrize(("combine", "path", "words"), TREES.values(), ids=TREES)
def test_a_mistake_in_a_tree_is_named_with_its_path(combine: str, path: str, words: str) -> None:
    found = errors(tree(combine))
    assert list(found) == [f"ladders.0.combine{path}"]
    assert words in found[f"ladders.0.combine{path}"]


def test_a_tree_nested_beyond_reason_is_named_and_not_followed() -> None:
    (path,) = errors(tree(nested(20)))
    assert path.startswith("ladders.0.combine.of.0")


@pytest.mark.parametrize("combine", [nested(3), many(63)])
def test_a_tree_may_have_4_levels_and_64_nodes(combine: str) -> None:
    assert errors(tree(combine)) == {}


def test_a_tree_is_read_as_it_is_written() -> None:
    source = tree(
        '{ op = "any_of", at_least = 2, of = ["a", { op = "all_of", of = ["b", "c"] }, '
        '{ op = "weighted", of = ["a", "b"], weights = { b = 1, a = 2 }, at_least = 3 }] }'
    )
    assert compile_program(source, built_in()).ladder("status").tree == Branch(
        "any_of",
        (
            Leaf("a"),
            Branch("all_of", (Leaf("b"), Leaf("c"))),
            Branch("weighted", (Leaf("a"), Leaf("b")), at_least=3, weights=(2, 1)),
        ),
        at_least=2,
    )


def test_what_is_idle_is_a_warning_and_no_error() -> None:
    source = GOOD + spend(rule_id="unused") + ladder('"half"', key="circle")
    half = rule("half", "tier_spend", '{ window = "lifetime", thresholds = { silver = "1" } }')
    found = warnings(source + half)
    assert found["rules.2.id"] == "no ladder's tree names this tier rule"
    assert found["ladders.1.tiers.2"] == "no rule of the tree speaks for 'gold'"
    assert errors(source + half) == {}
    assert compile_program(source + half, built_in()).findings != ()


def test_a_higher_tier_that_asks_for_less_is_a_warning() -> None:
    assert warnings(changed('"500"', '"99"')) == {
        "rules.0.config.thresholds.gold": "'gold' asks for no more than the lower tier 'silver'"
    }


def test_a_tier_of_two_ladders_is_named_with_its_ladder() -> None:
    both = header() + ladder() + ladder(key="circle")
    plain = errors(both + spend())
    assert "write status.silver" in plain["rules.0.config.thresholds.silver"]
    named = '{ window = "lifetime", thresholds = { "status.gold" = "5", "circle.silver" = "3" } }'
    program = compile_program(both + rule("spend", "tier_spend", named), built_in())
    assert set(program.ladder("status").requirements["spend"]) == {"gold"}
    assert set(program.ladder("circle").requirements["spend"]) == {"silver"}
    twice = '{ window = "lifetime", thresholds = { "status.gold" = "5", "status.platinum" = "6" } }'
    assert list(errors(both + rule("spend", "tier_spend", twice))) == [
        "rules.0.config.thresholds.status.platinum"
    ]
