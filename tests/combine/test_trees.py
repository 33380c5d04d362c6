"""The combination tree: one node, three spellings (SEMANTICS section 4)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.combine.tiers import (
    Branch,
    Leaf,
    Node,
    Verdict,
    decide,
    depth,
    entry_tier,
    rules_of,
    walk,
)
from tests.rating.random_settings import PROPERTY

YES, NO, ABSTAIN, FAILED = Verdict.SUPPORTS, Verdict.DENIES, Verdict.ABSTAINS, Verdict.UNDECIDED
A, B, C = Leaf("a"), Leaf("b"), Leaf("c")


def said(node: Node, *verdicts: Verdict) -> Verdict:
    return decide(node, dict(zip("abc", verdicts, strict=False)))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_rule_alone_is_its_own_verdict(verdict: Verdict) -> None:
    assert said(A, verdict) is verdict


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((YES, NO), YES),
        ((NO, NO), NO),
        ((ABSTAIN, YES), YES),
        ((ABSTAIN, NO), NO),
        ((ABSTAIN, ABSTAIN), ABSTAIN),
        ((FAILED, YES), YES),
        ((FAILED, NO), FAILED),
        ((FAILED, ABSTAIN), FAILED),
        ((FAILED, FAILED), FAILED),
    ],
)
def test_any_of_needs_one(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert said(Branch("any_of", (A, B)), *verdicts) is expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((YES, YES), YES),
        ((YES, NO), NO),
        ((ABSTAIN, YES), YES),
        ((ABSTAIN, NO), NO),
        ((ABSTAIN, ABSTAIN), ABSTAIN),
        ((FAILED, YES), FAILED),
        ((FAILED, NO), NO),
        ((FAILED, ABSTAIN), FAILED),
    ],
)
def test_all_of_needs_everyone_who_speaks(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert said(Branch("all_of", (A, B)), *verdicts) is expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((YES, YES, NO), YES),
        ((YES, NO, NO), NO),
        ((YES, ABSTAIN, ABSTAIN), NO),
        ((YES, FAILED, NO), FAILED),
        ((YES, YES, FAILED), YES),
        ((NO, FAILED, NO), NO),
        ((ABSTAIN, ABSTAIN, ABSTAIN), ABSTAIN),
    ],
)
def test_any_of_may_need_several(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert said(Branch("any_of", (A, B, C), at_least=2), *verdicts) is expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((YES, NO, NO), YES),
        ((NO, YES, YES), NO),
        ((NO, YES, NO), NO),
        ((ABSTAIN, YES, YES), NO),
        ((FAILED, YES, NO), FAILED),
        ((FAILED, NO, NO), FAILED),
        ((YES, FAILED, NO), YES),
        ((NO, FAILED, YES), NO),
        ((ABSTAIN, ABSTAIN, ABSTAIN), ABSTAIN),
    ],
)
def test_weighted_needs_the_weights_of_those_who_support(
    verdicts: tuple[Verdict, ...], expected: Verdict
) -> None:
    assert said(Branch("weighted", (A, B, C), at_least=3, weights=(3, 1, 1)), *verdicts) is expected


def test_a_node_is_asked_as_its_parent_asks_a_rule() -> None:
    tree = Branch("all_of", (A, Branch("any_of", (B, C))))
    assert said(tree, YES, NO, YES) is YES
    assert said(tree, YES, NO, NO) is NO
    assert said(tree, YES, ABSTAIN, ABSTAIN) is YES
    assert said(tree, NO, FAILED, FAILED) is NO
    assert said(tree, YES, FAILED, NO) is FAILED


def test_the_entry_tier_is_the_highest_supported_even_over_one_that_is_not() -> None:
    tiers = ("basic", "silver", "gold")
    assert entry_tier(A, tiers, {"silver": {"a": NO}, "gold": {"a": YES}}) == "gold"
    assert entry_tier(A, tiers, {"silver": {"a": YES}, "gold": {"a": YES}}) == "gold"
    assert entry_tier(A, tiers, {"silver": {"a": YES}, "gold": {"a": ABSTAIN}}) == "silver"
    assert entry_tier(A, tiers, {"silver": {"a": NO}, "gold": {"a": FAILED}}) == "basic"


def test_a_tree_is_walked_from_the_root_in_the_order_of_the_file() -> None:
    tree = Branch("all_of", (B, Branch("any_of", (A, B)), C))
    assert [node.rule if isinstance(node, Leaf) else node.op for node in walk(tree)] == [
        "all_of",
        "b",
        "any_of",
        "a",
        "b",
        "c",
    ]
    assert rules_of(tree) == ("b", "a", "c")
    assert depth(tree) == 3
    assert depth(A) == 1


@st.composite
def trees(draw: st.DrawFn, level: int = 3) -> Node:
    if level == 0 or draw(st.booleans()):
        return draw(st.sampled_from([A, B, C]))
    children = tuple(draw(st.lists(trees(level - 1), min_size=1, max_size=3)))
    op = draw(st.sampled_from(["any_of", "all_of", "weighted"]))
    if op == "all_of":
        return Branch("all_of", children)
    if op == "any_of":
        return Branch("any_of", children, at_least=draw(st.integers(1, len(children))))
    weights = tuple(draw(st.integers(1, 3)) for _ in children)
    return Branch("weighted", children, at_least=draw(st.integers(1, sum(weights))), weights=weights)


verdicts_of_three = st.tuples(*(st.sampled_from(list(Verdict)) for _ in range(3)))


@PROPERTY
@given(trees(), verdicts_of_three)
def test_undecided_is_said_exactly_where_the_failed_rules_could_decide(
    tree: Node, verdicts: tuple[Verdict, ...]
) -> None:
    """Undecided covers every outcome that the failed rules might have had, had they spoken.

    A tree that names a failed rule in two places may be called undecided though it is not.
    """
    failed = [index for index, verdict in enumerate(verdicts) if verdict is FAILED]
    found = said(tree, *verdicts)
    outcomes = set()
    for repaired in product([YES, NO], repeat=len(failed)):
        spoken = list(verdicts)
        for index, verdict in zip(failed, repaired, strict=True):
            spoken[index] = verdict
        outcomes.add(said(tree, *spoken))
    if found is not FAILED:
        assert outcomes == {found}


@PROPERTY
@given(trees(), verdicts_of_three, st.integers(0, 2))
def test_more_support_never_turns_a_supporting_tree(
    tree: Node, verdicts: tuple[Verdict, ...], index: int
) -> None:
    if verdicts[index] is NO and said(tree, *verdicts) is YES:
        better = [YES if place == index else verdict for place, verdict in enumerate(verdicts)]
        assert said(tree, *better) is YES


@PROPERTY
@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=3))
def test_any_of_and_all_of_are_weighted_in_other_words(verdicts: list[Verdict]) -> None:
    leaves = (A, B, C)[: len(verdicts)]
    ones = (1,) * len(leaves)
    any_of = Branch("any_of", leaves)
    assert said(any_of, *verdicts) is said(Branch("weighted", leaves, at_least=1, weights=ones), *verdicts)
    if ABSTAIN not in verdicts:
        weighted = Branch("weighted", leaves, at_least=len(leaves), weights=ones)
        assert said(Branch("all_of", leaves), *verdicts) is said(weighted, *verdicts)
