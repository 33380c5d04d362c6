"""From exact decimals to integers of a currency's smallest unit, rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

MAXIMUM = 9 * 10**15
"""The greatest amount of one posting, in smallest units (BEHAVIOUR L51)."""

LARGEST_EXPONENT = 15
"""The power of ten of the first digit of the greatest amount."""

ROUNDINGS = {
    "floor": ROUND_FLOOR,
    "toward_zero": ROUND_DOWN,
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
}

EXACT = Context(prec=60)


class AmountOutOfBounds(Exception):
    """The amount is not a number, or beyond 9 * 10^15 smallest units."""


def to_smallest_units(points: Decimal, decimals: int, rounding: str) -> int:
    """The points in smallest units, rounded by the currency's rule.

    Raises AmountOutOfBounds for what is no number or too large.
    """
    if not points.is_finite():
        raise AmountOutOfBounds(f"{points} is no amount of points")
    if not points:
        return 0
    if points.adjusted() > LARGEST_EXPONENT:
        raise AmountOutOfBounds(f"{points} points are more than can be posted at once")
    units = int(EXACT.scaleb(points, decimals).to_integral_value(rounding=ROUNDINGS[rounding], context=EXACT))
    if abs(units) > MAXIMUM:
        raise AmountOutOfBounds(f"{points} points are more than can be posted at once")
    return units


def from_smallest_units(units: int, decimals: int) -> Decimal:
    """The points, with exactly the currency's digits."""
    return Decimal(units).scaleb(-decimals, context=EXACT)


def percent_of(amount: int, percent: Decimal) -> Decimal:
    """A percentage of an integer amount, exact."""
    return EXACT.divide(EXACT.multiply(Decimal(amount), percent), Decimal(100))


def shares(total: int, percents: Sequence[Decimal]) -> list[int]:
    """What each percentage of the total pays, rounded down; the rest is nobody's of these."""
    return [int(percent_of(total, percent).to_integral_value(rounding=ROUND_DOWN)) for percent in percents]


def most_payable(total: int, percents: Sequence[Decimal], available: Sequence[int | None]) -> int:
    """The greatest total up to the one asked of which every share fits into what is available for it."""
    low, high = 0, total
    while low < high:
        middle = (low + high + 1) // 2
        needed = shares(middle, percents)
        if all(have is None or need <= have for need, have in zip(needed, available, strict=True)):
            low = middle
        else:
            high = middle - 1
    return low
