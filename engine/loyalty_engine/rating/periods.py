"""What a fold came to in a period: points given, taken back and gone, by rule and by who pays for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from loyalty_engine.rating.state import Effect
from loyalty_engine.rating.wallets import gift_of, parts_of

Sort = Literal["earned", "given", "expired"]

_SIGNED: dict[str, tuple[Sort, int]] = {
    "earned": ("earned", 1),
    "funded": ("earned", 1),
    "earned_back": ("earned", -1),
    "funded_back": ("earned", -1),
    "expired": ("expired", 1),
}
"""The movements that cost or save something; what members do with their points is the same in any program."""


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """Points of one sort by a rule; ``partner`` is who pays, "" the business itself.

    ``earned`` is what returns leave of them, ``given`` went to other members, ``expired`` is of no rule.
    """

    sort: Sort
    currency: str
    rule: str
    partner: str


def costs(effects: Iterable[Effect], start: datetime, end: datetime) -> Counter[Cost]:
    """The costs of what took effect from ``start`` until before ``end``, in smallest units."""
    found: Counter[Cost] = Counter()
    for effect in effects:
        if start <= effect.effective_at < end:
            counted = cost_of(effect.kind, effect.key.rule, effect.key.slot)
            if counted is not None:
                found[counted[0]] += counted[1] * effect.value
    return found


def cost_of(kind: str, rule: str, slot: str) -> tuple[Cost, int] | None:
    """What an effect costs, and the sign that its value has there; None where it costs nothing."""
    if kind == "caused":
        return Cost("given", gift_of(slot)[0], rule, ""), 1
    if kind == "points":
        currency, movement, partner = parts_of(slot)
        if movement in _SIGNED:
            sort, sign = _SIGNED[movement]
            return Cost(sort, currency, rule, partner), sign
    return None
