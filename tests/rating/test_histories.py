"""What holds for every program and every history (SEMANTICS section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.rating import ActivityFact, Fact, Folding, Outcome, ReturnFact, run
from loyalty_engine.rating.facts import place_of, remaining
from loyalty_engine.rating.tallies import View, tracked_figures
from loyalty_engine.rules import Activity, Figure
from loyalty_engine.services.movements import MOVEMENTS
from tests.rating.generated import History, histories, returns_of, without
from tests.rating.generated_programs import programs
from tests.rating.histories import folded, granted_whole, picture, rulebook_of, taken_live, tallied
from tests.rating.random_settings import HISTORIES


def outcome_of(history: History, facts: Iterable[Fact] | None = None) -> Outcome:
    given_facts = history.facts if facts is None else facts
    return folded(history.program, given_facts, history.until, member=history.member())


def purchases(history: History) -> list[ActivityFact]:
    return [
        fact for fact in history.facts if isinstance(fact, ActivityFact) and fact.activity.kind == "purchase"
    ]


@HISTORIES
@given(histories(), st.data())
def test_any_permutation_and_repetition_of_the_facts_gives_the_same_state(
    history: History, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(history.facts))
    repeated = data.draw(st.lists(st.sampled_from(history.facts), max_size=4))
    first, second = outcome_of(history), outcome_of(history, [*shuffled, *repeated])
    assert picture(second.state) == picture(first.state)
    assert second.effects == first.effects
    assert second.next_boundary_at == first.next_boundary_at


@HISTORIES
@given(histories(linked=False))
def test_steps_taken_live_come_to_the_state_of_one_whole_fold(history: History) -> None:
    live = taken_live(rulebook_of(history.program), history.facts, history.until, member=history.member())
    assert picture(live) == picture(outcome_of(history).state)


@HISTORIES
@given(histories(linked=False), st.lists(st.integers(0, 900), max_size=6))
def test_to_advance_more_often_changes_nothing(history: History, stops: list[int]) -> None:
    """The live fold again, with boundaries applied at some instants of nobody's choosing."""
    rulebook = rulebook_of(history.program)
    start = history.member().joined_at
    begun = Folding(rulebook, history.member())
    begun.enrol()
    state = begun.outcome().state
    facts = sorted(history.facts, key=place_of)
    for stop in [*sorted(start + timedelta(days=day) for day in stops), history.until]:
        while facts and facts[0].occurred_at <= stop:
            step = Folding(rulebook, state)
            run(step.take(facts.pop(0)), granted_whole)
            state = step.outcome().state
        passing = Folding(rulebook, state)
        passing.advance(stop)
        state = passing.outcome().state
    assert picture(state) == picture(outcome_of(history).state)


@HISTORIES
@given(histories(programs(("undo",), net=True)), st.data())
def test_a_purchase_returned_whole_in_any_parts_leaves_no_trace_under_undo(
    history: History, data: st.DataObject
) -> None:
    bought = purchases(history)
    assume(bought)
    chosen = data.draw(st.sampled_from(bought))
    others = without(history.facts, chosen)
    returns = data.draw(returns_of(chosen, history.zone, whole=True))
    back = outcome_of(history, [*others, chosen, *returns])
    assert picture(back.state) == picture(outcome_of(history, others).state)


@HISTORIES
@given(histories(programs(("undo",), net=True)), st.data())
def test_a_purchase_returned_in_part_is_a_purchase_of_the_rest_under_undo(
    history: History, data: st.DataObject
) -> None:
    bought = purchases(history)
    assume(bought)
    chosen = data.draw(st.sampled_from(bought))
    others = without(history.facts, chosen)
    returns = data.draw(returns_of(chosen, history.zone, whole=False))
    rest = remaining(chosen.activity, [fact for fact in returns if isinstance(fact, ReturnFact)])
    smaller = [] if rest is None else [replace(chosen, activity=rest)]
    back = outcome_of(history, [*others, chosen, *returns])
    assert picture(back.state) == picture(outcome_of(history, [*others, *smaller]).state)


@HISTORIES
@given(histories())
def test_the_wallet_is_the_sum_of_the_effects_and_every_lot_what_became_of_it(history: History) -> None:
    outcome = outcome_of(history)
    balances: dict[str, int] = {}
    for key, effect in outcome.effects.items():
        if effect.kind == "points":
            _, source, target = MOVEMENTS[key.slot.split("/")[3]]
            balances[source] = balances.get(source, 0) - effect.value
            balances[target] = balances.get(target, 0) + effect.value
    wallet = outcome.state.wallet("points")
    assert balances.get("wallet", 0) == wallet.available >= 0
    assert balances.get("pending", 0) == wallet.pending >= 0
    assert balances.get("held", 0) == wallet.held >= 0
    assert -balances.get("debt", 0) == wallet.debt >= 0
    assert balances.get("breakage", 0) == sum(lot.expired for lot in wallet.lots.values())
    assert wallet.available == 0 or wallet.debt == 0
    used: dict[EffectKey, int] = {}
    for spending in wallet.spendings.values():
        for lot_key, units in spending.parts.items():
            if lot_key is not None:
                used[lot_key] = used.get(lot_key, 0) + units
    for lot in wallet.lots.values():
        assert lot.amount == lot.remaining + lot.expired + used.get(lot.key, 0)
        assert lot.remaining >= 0


@HISTORIES
@given(histories())
def test_the_standing_is_the_best_of_the_claims_in_force(history: History) -> None:
    outcome = outcome_of(history)
    for policy in history.program.ladders:
        standing = outcome.state.ladders[policy.key]
        best = max((claim.tier for claim in standing.claims), key=policy.ladder.rank, default="basic")
        assert standing.tier == best
        paused = outcome.state.pause is not None  # meanwhile no claim ends
        assert all(
            claim.from_at <= history.until
            and (paused or claim.until_at is None or claim.until_at > history.until)
            for claim in standing.claims
        )


@HISTORIES
@given(histories())
def test_the_tallies_of_a_fold_are_the_sums_over_its_facts(history: History) -> None:
    outcome = outcome_of(history)
    found = tallied(outcome.state.tallies)
    for figure, view in tracked_figures([history.program]):
        if figure.taking != "sum":
            continue
        if figure.of == "earned":
            expected = posted_days(figure, view, history, outcome)
        else:
            expected = naive_days(figure, view, history.facts)
        assert found.get((figure, view), {}) == {day: total for day, total in expected.items() if total}


def posted_days(figure: Figure, view: View, history: History, outcome: Outcome) -> dict[date, Decimal]:
    """The days of points earned, by going through what was posted and nothing else."""
    days: dict[date, Decimal] = {}
    facts = {fact.cause: fact for fact in history.facts}
    digits = history.program.points["points"].section.decimals
    for key, effect in outcome.effects.items():
        fact = facts.get(key.cause)
        if effect.kind not in ("points", "forgone"):
            continue
        if fact is None or not key.rule or (figure.rules and key.rule not in figure.rules):
            continue
        sign = {"earned": 1, "funded": 1, "earned_back": -1, "funded_back": -1, "forgone": -1}
        change = sign.get(key.slot.split("/")[3], 0) * Decimal(effect.value).scaleb(-digits)
        bought: Fact = fact
        if isinstance(fact, ReturnFact):
            bought = next(each for each in history.facts if each.natural_key == fact.of)
        is_return = fact is not bought or (isinstance(fact, ActivityFact) and fact.activity.kind == "return")
        if isinstance(bought, ActivityFact) and not (is_return and view == "gross"):
            day = bought.activity.local_day
            days[day] = days.get(day, Decimal(0)) + change
    return days


def naive_days(figure: Figure, view: View, facts: Iterable[Fact]) -> dict[date, Decimal]:
    """The figure's days, by going through the facts and nothing else."""
    known = list(facts)
    days: dict[date, Decimal] = {}
    for fact in known:
        if not isinstance(fact, ActivityFact):
            continue
        activity = fact.activity
        if view != "gross":
            returns = [each for each in known if isinstance(each, ReturnFact) and each.of == fact.natural_key]
            rest = remaining(activity, returns)
        else:
            rest = None if activity.kind == "return" else activity
        if rest is not None:
            days[activity.local_day] = days.get(activity.local_day, Decimal(0)) + naive_value(figure, rest)
    return days


def naive_value(figure: Figure, activity: Activity) -> Decimal:
    """What an activity adds, without asking the figure."""
    lines = [each for each in activity.lines if each.category in figure.categories]
    if figure.channels and activity.channel not in figure.channels:
        return Decimal(0)
    if activity.counts_as not in figure.kinds:
        return Decimal(0)
    if figure.categories and not lines:
        return Decimal(0)
    if figure.of in ("count", "local_days"):
        return Decimal(0 if activity.kind == "return" else 1)
    if figure.of == "units":
        if figure.categories:
            return sum((each.units or Decimal(0) for each in lines), Decimal(0))
        return activity.units or Decimal(0)
    if figure.categories:
        return sum((each.amount for each in lines), Decimal(0))
    return activity.amount or Decimal(0)
