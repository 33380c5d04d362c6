"""Measures as data: aggregates over a member's activities that rules read instead of rows."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from loyalty_engine.rules.inputs import Activity
from loyalty_engine.rules.windows import Window

Quantity = Literal["amount", "units", "count", "local_days", "attribute", "earned"]

Taking = Literal["sum", "largest", "last"]

Points = Mapping[tuple[str, str], Decimal]
"""Points of one activity, by rule and currency."""

EXACT_NUMBER = r"^[+-]?[0-9]{1,15}([.][0-9]{1,6})?$"
"""How a named number is written as text: up to 15 digits, and up to 6 after the point."""


def exact(value: object) -> Decimal | None:
    """A named number of an activity's attributes; None for what is not an exact number."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    written = str(value)
    return Decimal(written) if re.fullmatch(EXACT_NUMBER, written) else None


def plain_text(value: object) -> str | None:
    """An attribute as a filter compares it: a text, a number or a truth value as written in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int | str) else None


@dataclass(frozen=True, slots=True)
class Figure:
    """What of an activity is added up, and of which activities.

    ``of`` is the amount, the units, the number of activities, the distinct local days with one, a named
    number of the activity's ``attributes``, or the points of ``currency`` that it earned by ``rules`` (any).
    ``taking`` adds up, or takes the largest of single activities or that of the last one, 0 without any.
    A filter that is empty lets everything through; ``where`` lists an attribute's key with its values.
    ``net`` figures are lowered by returns.
    """

    of: Quantity
    kinds: tuple[str, ...] = ("purchase",)
    attribute: str | None = None
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    net: bool = True
    currency: str | None = None
    rules: tuple[str, ...] = ()
    taking: Taking = "sum"
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        if (self.of == "attribute") != (self.attribute is not None):
            raise ValueError("an attribute is named exactly where a figure is of an attribute")
        if (self.of == "earned") != (self.currency is not None):
            raise ValueError("a currency is named exactly where a figure is of points earned")
        if self.rules and self.of != "earned":
            raise ValueError("rules are named only where a figure is of points earned")
        if self.taking != "sum" and self.of not in ("amount", "units", "attribute"):
            raise ValueError("the largest and the last are of an amount, of units or of an attribute")

    def takes(self, activity: Activity) -> bool:
        """Whether the activity is one of those added up."""
        return (
            (not self.kinds or activity.counts_as in self.kinds)
            and (self.net or activity.kind != "return")
            and (not self.channels or activity.channel in self.channels)
            and (not self.partners or activity.partner in self.partners)
            and (not self.categories or any(line.category in self.categories for line in activity.lines))
            and all(plain_text(activity.attributes.get(key)) in values for key, values in self.where)
        )

    def value(self, activity: Activity) -> Decimal:
        """What the activity adds; ``local_days`` counts activities, days are told apart by the tally.

        What it earns is not known to the activity, and is 0 here.
        """
        if self.of == "earned" or not self.takes(activity):
            return Decimal(0)
        if self.of in ("count", "local_days"):
            return Decimal(activity.occurrences)
        return self._number(activity) or Decimal(0)

    def reading(self, activity: Activity) -> Decimal | None:
        """The number of a single activity; None without one, and for a return that names no purchase."""
        if activity.kind == "return" or not self.takes(activity):
            return None
        return self._number(activity)

    def points(self, activity: Activity, earned: Points) -> Decimal:
        """What the activity adds of the points that it earned."""
        if not self.takes(activity):
            return Decimal(0)
        return sum(
            (
                points
                for (rule, currency), points in earned.items()
                if currency == self.currency and (not self.rules or rule in self.rules)
            ),
            Decimal(0),
        )

    def _number(self, activity: Activity) -> Decimal | None:
        """The number of the whole activity, or the amount or units of its lines of the categories alone."""
        if self.of == "attribute":
            return exact(activity.attributes.get(self.attribute or ""))
        parts = (
            [line for line in activity.lines if line.category in self.categories]
            if self.categories
            else [activity]
        )
        numbers = [part.amount if self.of == "amount" else part.units for part in parts]
        known = [number for number in numbers if number is not None]
        return sum(known, Decimal(0)) if known else None


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A dated value of the member, as known at the point of the fold, as a figure.

    It is the value's number, 0 where it has none; with ``among`` it is 1 while the value is one of them.
    A value may say until when it holds: ``{"value": "gold", "until": "2027-01-01"}``, that day excluded.
    """

    kind: str
    key: str
    among: tuple[str, ...] = ()

    def read(self, values: Mapping[tuple[str, str], object], day: date) -> Decimal:
        """The figure on a local day."""
        value, until = held_until(values.get((self.kind, self.key)))
        if until is not None and day >= until:
            return Decimal(0)
        if self.among:
            return Decimal(1 if plain_text(value) in self.among else 0)
        return exact(value) or Decimal(0)


@dataclass(frozen=True, slots=True)
class Tenure:
    """Whole months of membership as a figure, counted from the day of joining, clamped to short months."""

    def read(self, joined_on: date, day: date) -> Decimal:
        """The figure on a local day."""
        months = max(0, (day.year - joined_on.year) * 12 + day.month - joined_on.month)
        return Decimal(months if months == 0 or self.reached_on(joined_on, months) <= day else months - 1)

    @staticmethod
    def reached_on(joined_on: date, months: int) -> date:
        """The local day on which so many months are over."""
        year, month = divmod(joined_on.year * 12 + joined_on.month - 1 + months, 12)
        return date(year, month + 1, min(joined_on.day, monthrange(year, month + 1)[1]))


Reading = Figure | DatedValue | Tenure
"""What a measure is of: the member's activities, what is known about the member, or how long it is one."""


def held_until(value: object) -> tuple[object, date | None]:
    """A dated value, and the local day from which on it holds no more; what is no date is no end."""
    if not isinstance(value, Mapping):
        return value, None
    try:
        until = date.fromisoformat(str(value["until"])) if value.get("until") is not None else None
    except ValueError:
        until = None
    return value.get("value"), until


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over a window, under the key by which an explanation names it.

    What is no figure of activities has no window: it is read as it stands, and its window is "lifetime".
    """

    key: str
    figure: Reading
    window: Window = "lifetime"
