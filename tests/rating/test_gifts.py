"""Gifts: what one member's history causes in another's, on both sides (SEMANTICS section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from loyalty_engine.program import Program
from loyalty_engine.rating import (
    ActivityFact,
    Fact,
    Folding,
    Moved,
    Outcome,
    Portion,
    ReturnFact,
    State,
    run,
)
from loyalty_engine.rating.facts import GIFT
from loyalty_engine.rating.wallets import gift_of, gift_slot
from loyalty_engine.rules import EarnHooks, Gift, Line, Member, Occasion, Rule, RuleConfig
from tests.rating.histories import (
    EARN,
    POINTS,
    available,
    balance,
    folded,
    granted_whole,
    instant,
    ladder,
    linked_return,
    moved,
    new_member,
    picture,
    program_of,
    purchase,
    rule,
    rulebook_of,
    taken_live,
    tier,
    wallet,
    with_rules,
)


class NoConfig(RuleConfig):
    """Nothing to say."""


class Friend(Rule[NoConfig], EarnHooks):
    """Gives half of the first purchase of 20 or more to whoever referred the member, who gets a fixed 7."""

    name = "friend"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Line | Gift]:
        """Both sides, once."""
        amount = occasion.activity.amount or Decimal(0)
        if member.referred_by is None or amount < 20:
            return ()
        return (
            Gift("referrer", member.referred_by, "points", amount / 2, once="referrer"),
            Line("referred", "points", Decimal(7), once="referred"),
        )


class Stranger(Rule[NoConfig], EarnHooks):
    """Gives to whom it may not."""

    name = "stranger"
    version = "1"
    Config = NoConfig

    def earnings(self, occasion: Occasion, member: Member) -> Sequence[Gift]:
        """Somebody whom only the rule knows."""
        points = Decimal(-1) if occasion.activity.channel == "below" else Decimal(1)
        to = "mallory" if occasion.activity.channel is None else member.referred_by
        return (Gift("any", to or "", "points", points),)


INSTALLED = with_rules(Friend, Stranger)
FRIEND = rule("friend", "friend", "{}")
UNDO = program_of(POINTS, FRIEND, installed=INSTALLED)
SPEND = rule(
    "spend", "tier_spend", '{ window = { calendar = "year" }, thresholds = { silver = "900", gold = "999" } }'
)
FROM_NOW = program_of(POINTS, ladder(returns="from_now"), SPEND, FRIEND, installed=INSTALLED)


def referred() -> State:
    return replace(new_member(), referred_by="ann/of the till")


def given(outcome: Outcome) -> dict[str, int]:
    """What is caused in others' histories, by the id of what caused it."""
    return {
        key.cause.key.partition(",")[2].strip('"]'): effect.value
        for key, effect in outcome.effects.items()
        if effect.kind == "caused"
    }


def given_after(program: Program, *facts: Fact) -> dict[str, int]:
    return given(folded(program, facts, member=referred()))


def test_what_is_given_to_another_member_is_an_effect_and_moves_nothing_of_ones_own() -> None:
    outcome = folded(UNDO, [purchase("2024-02-01", "30", "a")], member=referred())
    (effect,) = [each for each in outcome.effects.values() if each.kind == "caused"]
    assert (effect.value, effect.key.rule) == (15, "friend")
    assert gift_of(effect.key.slot) == ("points", "ann/of the till")
    assert moved(outcome) == {"friend:points/points/referred/earned": 7}
    assert balance(outcome) == 7


def test_a_slot_names_whom_it_gives_to_whatever_the_id() -> None:
    assert gift_of(gift_slot("points", "referrer", "a/b//c")) == ("points", "a/b//c")
    with pytest.raises(ValueError, match="is no gift"):
        gift_of("points/points/-/earned")


def test_a_member_whom_nobody_referred_causes_nothing() -> None:
    assert given(folded(UNDO, [purchase("2024-02-01", "30", "a")])) == {}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_first_purchase_that_qualifies_gives_whichever_arrives_first(order: tuple[int, ...]) -> None:
    facts = [
        purchase("2024-02-01", "19", "small"),
        purchase("2024-02-02", "30", "first"),
        purchase("2024-02-03", "50", "second"),
        purchase("2024-02-04", "70", "third"),
    ]
    assert given_after(UNDO, *(facts[index] for index in order)) == {"first": 15}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_as_if_never_bought_the_next_purchase_gives_instead(order: tuple[int, ...]) -> None:
    first, second = purchase("2024-02-01", "30", "first"), purchase("2024-02-03", "50", "second")
    facts: list[Fact] = [first, second, linked_return("2024-02-05", first, "30")]
    assert given_after(UNDO, *(facts[index] for index in order)) == {"second": 25}


def test_what_remains_of_a_purchase_decides_what_it_gives() -> None:
    first = purchase("2024-02-01", "60", "first")
    for program in (UNDO, FROM_NOW):
        assert given_after(program, first, linked_return("2024-02-05", first, "20")) == {"first": 20}
        assert given_after(program, first, linked_return("2024-02-05", first, "41")) == {}


def test_from_a_return_on_both_sides_are_rewarded_for_the_next_purchase_after_it() -> None:
    first, between = purchase("2024-02-01", "30", "first"), purchase("2024-02-03", "50", "between")
    returns = [linked_return("2024-02-05", first, "10"), linked_return("2024-02-06", first, "20")]
    later = [purchase("2024-02-07", "70", "third"), purchase("2024-02-08", "90", "fourth")]
    outcome = folded(FROM_NOW, [first, between, *returns], member=referred())
    assert (given(outcome), balance(outcome)) == ({}, 0)
    outcome = folded(FROM_NOW, [first, between, *returns, *later], member=referred())
    assert (given(outcome), balance(outcome)) == ({"third": 35}, 7)


def test_a_second_return_does_not_give_again_what_the_next_purchase_gave() -> None:
    first = purchase("2024-02-01", "30", "first")
    facts: list[Fact] = [
        first,
        linked_return("2024-02-05", first, "15"),
        purchase("2024-02-06", "40", "second"),
        linked_return("2024-02-07", first, "15"),
        purchase("2024-02-08", "50", "third"),
    ]
    outcome = folded(FROM_NOW, facts, member=referred())
    assert (given(outcome), balance(outcome)) == ({"second": 20}, 7)


@pytest.mark.parametrize(("channel", "error"), [(None, "somebody else"), ("below", "less than nothing")])
def test_a_rule_that_may_not_give_so_has_failed_and_others_go_on(channel: str | None, error: str) -> None:
    program = program_of(POINTS, EARN, rule("stranger", "stranger", "{}"), installed=INSTALLED)
    outcome = folded(program, [purchase("2024-02-01", "30", channel=channel)], member=referred())
    (parked,) = outcome.parked
    assert parked.rule == "stranger"
    assert error in parked.error
    assert (given(outcome), balance(outcome)) == ({}, 30)


# The side that is given to


MONTHS = POINTS.replace('"never"', "{ months = 1 }")
WORTH = (
    '{ count = "activities", kinds = ["gift"], net = NET, window = "lifetime", thresholds = { silver = 1 } }'
)
TELLING = rule("spend", "tier_frequency", WORTH)


def gift(at: str, units: int, external_id: str = "gift") -> ActivityFact:
    """What arrives at the other member."""
    fact = purchase(at, None, external_id, kind=GIFT)
    moving = Moved("points", units, lots=(Portion(units, by_program=True),))
    return ActivityFact(fact.activity, moving, ("till", "caused by"))


def undone(fact: ActivityFact) -> ReturnFact:
    return linked_return(fact.occurred_at, fact, "0", f"{fact.activity.external_id}-undone")


def redemption(at: str, units: int) -> ActivityFact:
    return ActivityFact(purchase(at, None, kind="redemption").activity, Moved("points", -units))


def test_a_gift_is_issued_by_the_business_expires_by_the_program_and_earns_nothing() -> None:
    program = program_of(MONTHS, EARN, FRIEND, installed=INSTALLED)
    outcome = folded(program, [gift("2024-02-10T12:00", 40)], "2024-02-11", member=referred())
    assert moved(outcome) == {":points/points/-/given": 40}
    (lot,) = wallet(outcome).lots.values()
    assert lot.expires_at == instant("2024-03-11")
    assert (given(outcome), available(outcome)) == ({}, 40)


def test_a_gift_pays_what_is_owed_first() -> None:
    outcome = folded(UNDO, [redemption("2024-02-01", 30), gift("2024-02-10", 40)])
    assert (available(outcome), wallet(outcome).debt) == (10, 0)


def test_a_gift_is_pending_like_what_is_earned() -> None:
    program = program_of(POINTS + "pending = { days = 10 }\n")
    facts = [gift("2024-02-10", 40)]
    before, after = folded(program, facts, "2024-02-19"), folded(program, facts, "2024-02-20")
    assert (wallet(before).pending, available(before)) == (40, 0)
    assert (wallet(after).pending, available(after)) == (0, 40)


@pytest.mark.parametrize("returns", ["undo", "from_now", "at_review", "never"])
@pytest.mark.parametrize("net", ["true", "false"])
def test_a_gift_whose_cause_went_was_never_given(returns: str, net: str) -> None:
    program = program_of(
        MONTHS,
        ladder(returns=returns, until='"lifetime"'),
        TELLING.replace("NET", net),
        EARN,
    )
    others: list[Fact] = [
        purchase("2024-02-05", "50", "own"),
        redemption("2024-02-12", 60),
        purchase("2024-02-20", "5", "later"),
    ]
    it = gift("2024-02-10", 40)
    with_it, without = folded(program, [*others, it, undone(it)]), folded(program, others)
    assert picture(with_it.state) == picture(without.state)
    assert {key: each.value for key, each in with_it.effects.items()} == {
        key: each.value for key, each in without.effects.items()
    }
    assert tier(folded(program, [*others, it])) == "silver"
    assert tier(without) == "basic"


def test_a_gift_taken_live_leaves_the_state_of_a_whole_fold() -> None:
    program = program_of(MONTHS, ladder(), TELLING.replace("NET", "true"), EARN, FRIEND, installed=INSTALLED)
    facts = [purchase("2024-02-05", "50"), gift("2024-02-10", 40), redemption("2024-02-12", 60)]
    until, rulebook = instant("2024-02-20"), rulebook_of(program)
    live = taken_live(rulebook, facts, until, member=referred())
    assert picture(live) == picture(folded(program, facts, until, member=referred()).state)


def test_one_step_gives_what_a_whole_fold_gives() -> None:
    step = Folding(rulebook_of(UNDO), referred())
    run(step.take(purchase("2024-02-01", "30", "a")), granted_whole)
    assert given(step.outcome()) == {"a": 15}
