"""From exact decimals to integers of a smallest unit, and shares of them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.ledger.amounts import (
    MAXIMUM,
    AmountOutOfBounds,
    from_smallest_units,
    most_payable,
    percent_of,
    shares,
    to_smallest_units,
)
from tests.rating.random_settings import PROPERTY

ROUNDINGS = ("floor", "toward_zero", "half_up", "half_even")
exact = st.decimals(min_value=-(10**11), max_value=10**11, places=6)


@pytest.mark.parametrize(
    ("points", "decimals", "by_rounding"),
    [
        ("2.5", 0, (2, 2, 3, 2)),
        ("3.5", 0, (3, 3, 4, 4)),
        ("-2.5", 0, (-3, -2, -3, -2)),
        ("-0.1", 0, (-1, 0, 0, 0)),
        ("0.125", 2, (12, 12, 13, 12)),
        ("7", 2, (700, 700, 700, 700)),
        ("0.00004", 4, (0, 0, 0, 0)),
        ("0e9999999999", 4, (0, 0, 0, 0)),
        ("0e-9999999999", 4, (0, 0, 0, 0)),
    ],
)
def test_each_rounding_rounds_as_it_is_called(
    points: str, decimals: int, by_rounding: tuple[int, ...]
) -> None:
    found = tuple(to_smallest_units(Decimal(points), decimals, rounding) for rounding in ROUNDINGS)
    assert found == by_rounding


@pytest.mark.parametrize(
    "points",
    ["NaN", "sNaN", "Infinity", "-Infinity", "1e18", "-1e18", "9000000000000001", "1e999999", "-1e9999999"],
)
def test_what_is_no_amount_or_too_large_is_refused(points: str) -> None:
    with pytest.raises(AmountOutOfBounds):
        to_smallest_units(Decimal(points), 0, "floor")


def test_the_greatest_amount_is_in_smallest_units() -> None:
    assert to_smallest_units(Decimal(MAXIMUM), 0, "floor") == MAXIMUM
    assert to_smallest_units(Decimal(MAXIMUM) / 100, 2, "floor") == MAXIMUM
    with pytest.raises(AmountOutOfBounds):
        to_smallest_units(Decimal(MAXIMUM), 1, "floor")


@PROPERTY
@given(exact, st.integers(0, 4), st.sampled_from(ROUNDINGS))
def test_rounding_moves_by_less_than_a_unit(points: Decimal, decimals: int, rounding: str) -> None:
    units = to_smallest_units(points, decimals, rounding)
    assert abs(Fraction(units) - Fraction(points) * 10**decimals) < 1


@PROPERTY
@given(st.integers(-MAXIMUM, MAXIMUM), st.integers(0, 4))
def test_units_to_points_and_back_is_nothing(units: int, decimals: int) -> None:
    points = from_smallest_units(units, decimals)
    assert to_smallest_units(points, decimals, "floor") == units
    assert points.as_tuple().exponent == -decimals


@PROPERTY
@given(st.integers(-MAXIMUM, MAXIMUM), st.decimals(0, 1000, places=4))
def test_a_percentage_is_exact(amount: int, percent: Decimal) -> None:
    assert Fraction(percent_of(amount, percent)) == Fraction(amount) * Fraction(percent) / 100


percents = st.lists(st.decimals(0, 33, places=2), max_size=3)


@PROPERTY
@given(st.integers(0, 10**9), percents)
def test_shares_are_never_more_than_the_whole(total: int, paying: list[Decimal]) -> None:
    found = shares(total, paying)
    assert sum(found) <= total
    for part, percent in zip(found, paying, strict=True):
        assert 0 <= Fraction(total) * Fraction(percent) / 100 - part < 1


@PROPERTY
@given(
    st.integers(0, 500),
    st.lists(st.tuples(st.decimals(0, 50, places=1), st.none() | st.integers(0, 200)), max_size=2),
)
def test_the_most_payable_is_the_greatest_total_that_every_budget_can_pay(
    total: int, paying: list[tuple[Decimal, int | None]]
) -> None:
    each, available = [percent for percent, _ in paying], [have for _, have in paying]

    def payable(amount: int) -> bool:
        return all(
            have is None or need <= have for need, have in zip(shares(amount, each), available, strict=True)
        )

    assert most_payable(total, each, available) == max(
        amount for amount in range(total + 1) if payable(amount)
    )
