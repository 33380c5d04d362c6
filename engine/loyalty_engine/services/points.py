"""Points as they come from outside: of a currency of the program, and no finer than its smallest unit."""

from __future__ import annotations

from decimal import Decimal

from loyalty_engine.ledger.amounts import AmountOutOfBounds, from_smallest_units, to_smallest_units
from loyalty_engine.program import Program
from loyalty_engine.program.file import PointsSection
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid


def points_section(program: Program, currency: str | None, *path: str) -> PointsSection:
    """The points currency of a key; left out: the first of the file. Refused where there is none."""
    if currency is None and program.points:
        return next(iter(program.points.values())).section
    if currency is None or currency not in program.points:
        raise invalid("points-currency-unknown", *(path or ("currency",)), currency=currency or "")
    return program.points[currency].section


def units_of(section: PointsSection, points: Decimal, *path: str) -> int:
    """Points above zero in smallest units; refused where they are finer or out of bounds."""
    units = signed_units_of(section, points, *path)
    if units <= 0:
        raise invalid("points-above-zero", *path)
    return units


def signed_units_of(section: PointsSection, points: Decimal, *path: str) -> int:
    """Points in smallest units, also below zero; refused where they are finer or out of bounds."""
    try:
        units = to_smallest_units(points, section.decimals, "floor")
    except AmountOutOfBounds:
        raise invalid("number-out-of-bounds", *path) from None
    if from_smallest_units(units, section.decimals) != points:
        raise invalid("number-too-fine", *path, decimals=str(section.decimals))
    return units


def insufficient(section: PointsSection, available: int, wanted: int) -> Refused:
    """INSUFFICIENT_POINTS, with what there is and what was wanted."""
    return Refused(
        Refusal(
            RefusalCode.INSUFFICIENT_POINTS,
            "insufficient-points",
            {
                "available": format(from_smallest_units(available, section.decimals), "f"),
                "wanted": format(from_smallest_units(wanted, section.decimals), "f"),
            },
        )
    )
