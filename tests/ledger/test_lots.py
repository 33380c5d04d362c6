"""Lots: which points are used first, and when they are gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Lot, consume, expire, in_order, next_expiry
from tests.rating.random_settings import PROPERTY

START = datetime(2024, 1, 1, tzinfo=UTC)


def lot(
    name: str, remaining: int, ends_on: int | None = None, *, earned_on: int = 0, amount: int = 100
) -> Lot:
    """A lot of a source of that name, its end and its earning in days from the start."""
    place = (START + timedelta(days=earned_on), "till", name)
    ends = None if ends_on is None else START + timedelta(days=ends_on)
    return Lot(EffectKey(Cause("activity", name), "earn", "x"), place, amount, remaining, 0, ends)


def keyed(lots: Iterable[Lot]) -> dict[EffectKey, Lot]:
    return {each.key: each for each in lots}


def names(lots: Iterable[Lot]) -> list[str]:
    return [each.key.cause.key for each in lots]


def test_the_lot_that_expires_first_is_used_first_and_one_without_end_last() -> None:
    never, late = lot("a never", 10, earned_on=0), lot("b late", 10, 20, earned_on=1)
    early, empty = lot("c early", 10, 10, earned_on=2), lot("d empty", 0, 1, earned_on=3)
    assert names(in_order(keyed([never, late, early, empty]))) == ["c early", "b late", "a never"]


def test_of_lots_that_expire_together_the_one_first_in_the_order_of_the_fold_is_used_first() -> None:
    lots = [lot("b", 10, 5, earned_on=2), lot("c", 10, 5, earned_on=1), lot("a", 10, 5, earned_on=2)]
    assert names(in_order(keyed(lots))) == ["c", "a", "b"]


def test_lots_of_one_activity_are_used_by_rule_and_slot() -> None:
    first = Lot(EffectKey(Cause("activity", "a"), "base", "y"), (START, "till", "a"), 1, 1, 0, None)
    second = Lot(EffectKey(Cause("activity", "a"), "base", "z"), (START, "till", "a"), 1, 1, 0, None)
    third = Lot(EffectKey(Cause("activity", "a"), "offer", "x"), (START, "till", "a"), 1, 1, 0, None)
    assert in_order(keyed([third, second, first])) == [first, second, third]


def test_to_take_more_than_there_is_empties_all_and_says_what_was_lacking() -> None:
    lots = keyed([lot("a", 10, 5), lot("b", 20)])
    after, lacking = consume(lots, 35)
    assert (sum(each.remaining for each in after.values()), lacking) == (0, 5)
    after, lacking = consume(lots, 12)
    assert ({each.key.cause.key: each.remaining for each in after.values()}, lacking) == (
        {"a": 0, "b": 18},
        0,
    )
    assert sum(each.remaining for each in lots.values()) == 30


def test_what_expires_at_an_instant_is_gone_at_that_instant() -> None:
    lots = keyed([lot("a", 10, 5), lot("b", 20, 6), lot("c", 30)])
    after, gone = expire(lots, START + timedelta(days=5))
    assert gone == 10
    assert {each.key.cause.key: (each.remaining, each.expired) for each in after.values()} == {
        "a": (0, 10),
        "b": (20, 0),
        "c": (30, 0),
    }
    assert expire(lots, START + timedelta(days=5) - timedelta(microseconds=1)) == (lots, 0)
    assert expire(after, START + timedelta(days=5)) == (after, 0)


def test_the_next_expiry_is_of_lots_with_something_left() -> None:
    assert next_expiry(keyed([lot("a", 0, 1), lot("b", 5, 3), lot("c", 5)])) == START + timedelta(days=3)
    assert next_expiry(keyed([lot("c", 5)])) is None


ends = st.none() | st.integers(0, 5)
many = st.lists(st.tuples(st.integers(0, 30), ends, st.integers(0, 3)), max_size=6).map(
    lambda drawn: keyed(
        lot(str(index), remaining, end, earned_on=earned)
        for index, (remaining, end, earned) in enumerate(drawn)
    )
)


@PROPERTY
@given(many, st.integers(0, 100))
def test_nothing_is_lost_when_points_are_taken(lots: dict[EffectKey, Lot], amount: int) -> None:
    after, lacking = consume(lots, amount)
    before, left = (sum(each.remaining for each in held.values()) for held in (lots, after))
    assert before - left + lacking == amount
    assert lacking == 0 or left == 0
    assert all(0 <= after[key].remaining <= lots[key].remaining for key in lots)
    touched = [lots[key] != after[key] for key in (each.key for each in in_order(lots))]
    assert touched == sorted(touched, reverse=True)


@PROPERTY
@given(many, st.integers(0, 60), st.integers(0, 60))
def test_to_take_twice_is_to_take_the_sum(lots: dict[EffectKey, Lot], first: int, second: int) -> None:
    once, lacking = consume(lots, first + second)
    part, lacked = consume(lots, first)
    twice, more = consume(part, second)
    assert (twice, lacked + more) == (once, lacking)


@PROPERTY
@given(many, st.integers(0, 6))
def test_expiry_counts_what_it_takes(lots: dict[EffectKey, Lot], day: int) -> None:
    after, gone = expire(lots, START + timedelta(days=day))
    assert gone == sum(lots[key].remaining - after[key].remaining for key in lots)
    assert gone == sum(each.expired for each in after.values())
    soonest = next_expiry(after)
    assert soonest is None or soonest > START + timedelta(days=day)
