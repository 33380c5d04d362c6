"""Measures as data: aggregates over a member's activities that rules read instead of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from loyalty_engine.rules.inputs import Activity
from loyalty_engine.rules.windows import Window

Quantity = Literal["amount", "units", "count", "local_days", "attribute"]


EXACT_NUMBER = r"^[+-]?[0-9]{1,15}([.][0-9]{1,6})?$"
"""How a named number is written as text: up to 15 digits, and up to 6 after the point."""


def number(value: object) -> Decimal:
    """A named number of an activity's attributes; what is not an exact number counts as nothing."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return Decimal(0)
    written = str(value)
    return Decimal(written) if re.fullmatch(EXACT_NUMBER, written) else Decimal(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """What of an activity is added up, and of which activities.

    ``of`` is the amount, the units, the number of activities, the distinct local days with one, or a
    named number of the activity's ``attributes``. A filter that is empty lets everything through.
    ``net`` figures are lowered by returns.
    """

    of: Quantity
    kinds: tuple[str, ...] = ("purchase",)
    attribute: str | None = None
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    net: bool = True

    def __post_init__(self) -> None:
        if (self.of == "attribute") != (self.attribute is not None):
            raise ValueError("an attribute is named exactly where a figure is of an attribute")

    def takes(self, activity: Activity) -> bool:
        """Whether the activity is one of those added up."""
        return (
            (not self.kinds or activity.counts_as in self.kinds)
            and (self.net or activity.kind != "return")
            and (not self.channels or activity.channel in self.channels)
            and (not self.partners or activity.partner in self.partners)
            and (not self.categories or any(line.category in self.categories for line in activity.lines))
        )

    def value(self, activity: Activity) -> Decimal:
        """What the activity adds; ``local_days`` counts activities, days are told apart by the tally."""
        if not self.takes(activity):
            return Decimal(0)
        match self.of:
            case "count" | "local_days":
                return Decimal(activity.occurrences)
            case "attribute":
                return number(activity.attributes.get(self.attribute or ""))
            case "amount" | "units":
                return self._sum(activity)

    def _sum(self, activity: Activity) -> Decimal:
        """The amount or units of the whole activity, or of its lines of the categories alone."""
        parts = (
            [line for line in activity.lines if line.category in self.categories]
            if self.categories
            else [activity]
        )
        numbers = (part.amount if self.of == "amount" else part.units for part in parts)
        return sum((number for number in numbers if number is not None), Decimal(0))


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over a window, under the key by which an explanation names it."""

    key: str
    figure: Figure
    window: Window
