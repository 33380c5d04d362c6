"""A tree may have 4 levels and 64 nodes: there it is read, decided, explained and shown ways; not beyond."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loyalty_engine.combine.tiers import depth, walk
from loyalty_engine.program import Program, check
from loyalty_engine.rating import routes as ways
from loyalty_engine.rating.explain import Ruling, ruling_nodes, supported_tier
from loyalty_engine.rating.judgement import figure_key
from loyalty_engine.rating.routes import MOST, Route, Way, named
from loyalty_engine.rating.sights import Known, Sight
from loyalty_engine.rules import ActivityLine
from tests.rating.histories import built_in, folded, header, program_of, purchase, tier
from tests.rating.trees import deep, figures_of, names, node, of_trees, program_with, quoted, wide

DAY, JOINED = date(2024, 6, 15), date(2024, 1, 1)
MANY_TIERS = ("base", *(f"tier_{number}" for number in range(1, 50)))

LIMITS = {
    "4 levels": (deep(), 48),
    "64 nodes, any": (wide("any_of"), 63),
    "64 nodes, half of them": (wide("any_of", 32), 63),
    "64 nodes, all": (wide("all_of"), 63),
    "64 nodes, weighted": (wide("weighted", 1008), 63),
}
at_the_limit = pytest.mark.parametrize(("combine", "rules"), LIMITS.values(), ids=LIMITS)


def routes(program: Program, spent: dict[str, int]) -> list[Route]:
    """The routes to every tier above the base tier."""
    policy = program.ladder("status")
    sight = Sight(program, policy, Known(DAY, JOINED), figures_of(program, spent))
    return named(policy, policy.ladder.tiers[1:], [sight])


def ruling(program: Program, spent: dict[str, int], *, at_boundary: bool = False) -> Ruling:
    """What is kept of a decision on what was spent."""
    rules = program.ladder("status").rules
    figures = {figure_key(rule, program.measures_of[rule][0]): Decimal(spent.get(rule, 0)) for rule in rules}
    return Ruling(figures, {}, DAY, at_boundary, JOINED)


@at_the_limit
def test_a_tree_at_the_limit_is_read_as_entry_and_as_keeping(combine: str, rules: int) -> None:
    policy = program_with(combine, rules, keep=combine).ladder("status")
    assert len(list(walk(policy.tree))) == 64
    assert policy.keep == policy.tree
    assert depth(policy.tree) == (4 if rules == 48 else 2)


@pytest.mark.parametrize(
    ("bought", "reached"),
    [
        ({0, 4, 8, 12}, "silver"),
        ({3, 7, 11, 15}, "silver"),
        ({35, 39, 43, 47}, "silver"),
        ({0, 4, 8}, "basic"),
        ({0, 4, 8, 16}, "basic"),
        ({0, 1, 2, 3, 16, 20, 32, 36}, "basic"),
    ],
)
def test_a_tree_of_4_levels_is_decided_down_to_its_last_rule(bought: set[int], reached: str) -> None:
    lines = [ActivityLine(f"r{index}", Decimal(100), category=f"r{index}") for index in sorted(bought)]
    assert (
        tier(folded(program_with(deep(), 48), [purchase("2024-03-01T10:00", "5000", lines=lines)])) == reached
    )


@at_the_limit
def test_a_tree_at_the_limit_is_explained_node_by_node(combine: str, rules: int) -> None:
    program = program_with(combine, rules)
    decided = ruling(program, dict.fromkeys(names(rules), 150))
    nodes = ruling_nodes(program, program.ladder("status"), ("silver", "gold"), decided)
    assert [each.key for each in nodes] == list(range(64))
    assert {each.supports for each in nodes} == {"silver"}
    assert [each.rule for each in nodes if each.rule] == names(rules)
    for each in nodes:
        above, own = each, 1
        while above.parent is not None:
            assert above.parent < above.key
            above, own = nodes[above.parent], own + 1
        assert own <= 4
        assert {reason.parameters["tier"] for reason in each.reasons} == {"silver", "gold"}
    assert supported_tier(program, program.ladder("status"), decided) == "silver"


def test_both_trees_of_a_ladder_may_be_at_the_limit_and_are_explained_together() -> None:
    program = program_with(deep(), 96, keep=deep(first=48))
    decided = ruling(program, dict.fromkeys(names(96)[48:], 100), at_boundary=True)
    nodes = ruling_nodes(program, program.ladder("status"), ("silver",), decided)
    assert [each.key for each in nodes if each.parent is None] == [0, 64]
    assert (nodes[0].supports, nodes[64].supports, len(nodes)) == (None, "silver", 128)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[Way]:
    """Every way that is put together of two others."""
    made: list[Way] = []
    both = ways._both

    def counted(*given: Any) -> Way:
        made.append(both(*given))
        return made[-1]

    monkeypatch.setattr(ways, "_both", counted)
    return made


@at_the_limit
@pytest.mark.parametrize("spent", ["nothing", "much"])
def test_ways_through_a_tree_at_the_limit_are_found_with_bounded_work(
    joined: list[Way], combine: str, rules: int, spent: str
) -> None:
    """Ties everywhere, where nothing was spent, are the worst: nothing tells what is near."""
    program = program_with(combine, rules)
    have = {name: index for index, name in enumerate(names(rules))} if spent == "much" else {}
    found = routes(program, have)
    for asked in ("silver", "gold"):
        assert 1 <= len([route for route in found if route.tier == asked]) <= MOST
    assert [route.distance for route in found] == sorted(route.distance for route in found)
    assert len(joined) <= 2 * 63 * ways.TOGETHER


def test_a_tree_at_the_limit_has_ways_to_each_of_50_tiers() -> None:
    program = program_with(deep(), 48, tiers=MANY_TIERS)
    found = routes(program, {})
    assert [sum(route.tier == asked for route in found) for asked in MANY_TIERS] == [0, *[MOST] * 49]
    assert {len(route.conditions) for route in found} == {4}


BEYOND = {
    "5 levels": (node("any_of", [deep()]), 48, "", "more than 4 levels"),
    "65 nodes": (wide(count=64), 64, "", "more than 64 nodes"),
    "both": (node("all_of", [deep(), '"r0"']), 48, "", "more than 4 levels"),
    "a branch on the sixth level": (
        node(
            "all_of",
            ['"r0"', node("any_of", [deep(innermost="all_of").replace('"r47"', node("any_of", ['"r1"']))])],
        ),
        48,
        ".of.1.of.0.of.2.of.3.of.3",
        "at most 4 levels deep",
    ),
    "thousands of nodes": (node("any_of", ['"r0"'] * 20_000), 1, "", "more than 64 nodes"),
}


@pytest.mark.parametrize("which", ["combine", "keep"])
@pytest.mark.parametrize(("written", "rules", "path", "words"), BEYOND.values(), ids=BEYOND)
def test_a_tree_beyond_the_limit_is_refused_with_its_path(
    written: str, rules: int, path: str, words: str, which: str
) -> None:
    trees = (written, None) if which == "combine" else ('"r0"', written)
    findings = check(header() + of_trees(trees[0], rules, trees[1]), built_in())
    errors = [finding for finding in findings if finding.severity == "error"]
    assert {finding.path for finding in errors} == {f"ladders.0.{which}{path}"}
    assert words in errors[0].message


def test_a_repeated_rule_counts_as_a_node_each_time() -> None:
    written = of_trees(node("any_of", ['"r0"'] * 63), 1)
    assert len(list(walk(program_of(written).ladder("status").tree))) == 64
    (finding,) = check(header() + of_trees(node("any_of", [*quoted(names(1)) * 64]), 1), built_in())
    assert (finding.path, finding.severity) == ("ladders.0.combine", "error")
