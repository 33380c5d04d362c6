"""What tier_grant decides."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loyalty_engine.rules import (
    Admission,
    Application,
    Applied,
    StepDecided,
    Tally,
    Transition,
    VoteClosed,
    VoteTerms,
)
from loyalty_engine.testing import (
    activity,
    check_readme,
    check_rule,
    configured,
    ladder,
    outline,
    problems_of,
    verdicts,
)
from loyalty_tier_grant import loyalty_rules
from loyalty_tier_grant.rule import TierGrant

CLUB = ladder("basic", "silver", "gold")
VOTE: dict[str, Any] = {
    "electorate": ["gold"],
    "closes_after_days": 14,
    "quorum": {"percent": 50},
    "majority": "two_thirds",
    "abstention": {"in_quorum": True, "in_majority": False},
    "tie": "decide",
    "no_quorum": "reject",
}
CHAMBER: dict[str, Any] = {
    "tier": "gold",
    "steps": ["review", "vote", "pay"],
    "fee": "1200",
    "term": {"months": 12},
    "renewal": {"steps": ["pay"], "fee": "1000"},
    "vote": VOTE,
}


def rule(**config: object) -> TierGrant:
    return configured(TierGrant, CHAMBER | config)


def voted(tally: Tally, **vote: object) -> Transition:
    """What comes of a vote of the chamber with this tally."""
    asked = rule(steps=["vote"], fee=None, renewal=None, vote=VOTE | vote)
    return asked.transition(Application("entry", "vote", vote_open=True), VoteClosed(tally))


def test_the_plugin_offers_the_rule_and_the_rule_keeps_to_the_contract() -> None:
    assert loyalty_rules() == [TierGrant]
    check_rule(TierGrant, CHAMBER)
    check_rule(TierGrant, {"tier": "gold", "steps": ["invite"], "term": "lifetime"})


def test_the_readme_has_the_table_of_the_config_and_a_valid_example() -> None:
    check_readme(TierGrant, Path(__file__).parents[1] / "README.md")


def test_it_has_no_opinion_about_tiers() -> None:
    assert verdicts(rule(), CLUB, [activity("1000000")]) == {}


def test_steps_come_in_their_order_and_the_last_one_admits() -> None:
    applied = rule().transition(Application("entry"), Applied())
    assert applied == Transition("open", "review")
    reviewed = rule().transition(Application("entry", "review"), StepDecided(approved=True))
    assert reviewed == Transition("open", "vote", VoteTerms(("gold",), 14))
    carried = rule().transition(
        Application("entry", "vote", vote_open=True), VoteClosed(Tally(4, in_favour=4))
    )
    assert carried == Transition("open", "pay", fee=Decimal(1200), result="carried")
    paid = rule().transition(Application("entry", "pay"), StepDecided(approved=True))
    assert paid == Transition("admitted", admission=Admission("gold", 12))


def test_a_step_that_is_not_approved_rejects() -> None:
    refused = rule().transition(Application("entry", "review"), StepDecided(approved=False))
    assert refused == Transition("rejected")


def test_a_renewal_has_steps_and_a_fee_of_its_own() -> None:
    applied = rule().transition(Application("renewal"), Applied())
    assert applied == Transition("open", "pay", fee=Decimal(1000))


def test_without_renewal_who_is_a_member_may_not_apply() -> None:
    assert rule(renewal=None).transition(Application("renewal"), Applied()).state == "refused"


def test_an_open_vote_is_not_decided_by_hand() -> None:
    open_vote = Application("entry", "vote", vote_open=True)
    assert rule().transition(open_vote, StepDecided(approved=True)).state == "refused"
    assert rule().transition(Application("entry", "vote"), StepDecided(approved=True)).step == "pay"


def test_a_step_that_is_not_at_hand_is_refused() -> None:
    assert rule().transition(Application("entry", "sign"), StepDecided(approved=True)).state == "refused"
    assert rule().transition(Application("entry", "review"), Applied()).state == "refused"
    assert rule().transition(Application("entry", "review"), VoteClosed(Tally(1))).state == "refused"


@pytest.mark.parametrize(
    ("majority", "in_favour", "against", "result"),
    [
        ("simple", 51, 49, "carried"),
        ("simple", 49, 51, "lost"),
        ("two_thirds", 66, 34, "lost"),
        ("two_thirds", 2, 1, "carried"),
        ("two_thirds", 67, 33, "carried"),
        ("three_quarters", 3, 1, "carried"),
        ("three_quarters", 74, 26, "lost"),
        ("unanimous", 99, 1, "lost"),
        ("unanimous", 100, 0, "carried"),
    ],
)
def test_a_majority_is_reached_at_its_exact_share(
    majority: str, in_favour: int, against: int, result: str
) -> None:
    assert voted(Tally(100, in_favour, against), majority=majority, quorum={"count": 1}).result == result


@pytest.mark.parametrize(
    ("quorum", "votes", "reached"),
    [
        ({"percent": 50}, 3, False),
        ({"percent": 50}, 4, True),
        ({"percent": "57.1429"}, 4, False),
        ({"count": 4}, 4, True),
        ({"count": 5}, 4, False),
    ],
)
def test_a_quorum_is_reached_at_its_exact_number(quorum: object, votes: int, reached: bool) -> None:
    assert (voted(Tally(7, in_favour=votes), quorum=quorum).result == "carried") is reached


@pytest.mark.parametrize(("in_quorum", "result"), [(True, "carried"), (False, "no_quorum")])
def test_abstentions_help_to_reach_the_quorum_or_not(in_quorum: bool, result: str) -> None:
    abstention = {"in_quorum": in_quorum, "in_majority": False}
    assert voted(Tally(10, in_favour=2, against=1, abstained=2), abstention=abstention).result == result


@pytest.mark.parametrize(("in_majority", "result"), [(True, "lost"), (False, "carried")])
def test_abstentions_count_in_the_majority_or_not(in_majority: bool, result: str) -> None:
    abstention = {"in_quorum": True, "in_majority": in_majority}
    assert voted(Tally(4, in_favour=2, against=1, abstained=1), abstention=abstention).result == result


@pytest.mark.parametrize(("abstained", "result"), [(0, "carried"), (1, "lost"), (2, "lost")])
def test_half_of_the_votes_is_no_simple_majority(abstained: int, result: str) -> None:
    everybody = {"in_quorum": True, "in_majority": True}
    tally = Tally(9, in_favour=2, against=1, abstained=abstained)
    assert voted(tally, majority="simple", abstention=everybody, quorum={"count": 1}).result == result


def test_a_vote_in_which_nobody_voted_has_no_quorum_even_where_nobody_could() -> None:
    assert voted(Tally(0)).result == "no_quorum"
    assert voted(Tally(9), quorum={"count": 1}).result == "no_quorum"


@pytest.mark.parametrize("key", ["tie", "no_quorum"])
@pytest.mark.parametrize(
    ("then", "state", "step"),
    [("pass", "admitted", None), ("reject", "rejected", None), ("decide", "open", "vote")],
)
def test_a_tie_and_a_missed_quorum_pass_are_rejected_or_decided_by_hand(
    key: str, then: str, state: str, step: str | None
) -> None:
    tally = Tally(4, in_favour=2, against=2) if key == "tie" else Tally(4, in_favour=1)
    found = voted(tally, **{key: then})
    assert (found.state, found.step, found.result) == (state, step, key)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"steps": []}, ("steps",)),
        ({"steps": ["review", "review", "vote", "pay"]}, ("steps",)),
        ({"steps": ["review", "haggle"]}, ("steps", 1)),
        ({"fee": None}, ("fee",)),
        ({"steps": ["review", "vote"]}, ("fee",)),
        ({"renewal": {"steps": ["pay"]}}, ("renewal", "fee")),
        ({"steps": ["review", "pay"]}, ("vote",)),
        ({"vote": None}, ("vote",)),
        ({"term": {"months": 0}}, ("term", "Months", "months")),
        ({"vote": VOTE | {"quorum": {}}}, ("vote", "quorum", "count")),
        ({"vote": VOTE | {"quorum": {"percent": 50, "count": 3}}}, ("vote", "quorum", "count")),
        ({"vote": VOTE | {"quorum": {"percent": 101}}}, ("vote", "quorum", "percent")),
    ],
)
def test_a_mistake_in_the_config_is_an_error_at_its_path(
    wrong: dict[str, object], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        configured(TierGrant, CHAMBER | wrong)
    assert path in [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize("missing", ["quorum", "majority", "abstention", "tie", "no_quorum", "electorate"])
def test_nothing_of_a_vote_has_a_default(missing: str) -> None:
    with pytest.raises(ValidationError) as caught:
        rule(vote={key: value for key, value in VOTE.items() if key != missing})
    assert [error["loc"] for error in caught.value.errors()] == [("vote", missing)]


def test_unknown_tiers_and_a_base_tier_are_errors() -> None:
    found = problems_of(rule(tier="platinum", vote=VOTE | {"electorate": ["gold", "bronze"]}), outline(CLUB))
    assert {path: problem.severity for path, problem in found.items()} == {
        "tier": "error",
        "vote.electorate.1": "error",
    }
    assert list(problems_of(rule(tier="basic"), outline(CLUB))) == ["tier"]
    assert problems_of(rule(), outline(CLUB)) == {}
