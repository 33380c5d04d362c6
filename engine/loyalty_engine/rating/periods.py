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
            _count(found, effect)
    return found


def _count(found: Counter[Cost], effect: Effect) -> None:
    rule = effect.key.rule
    if effect.kind == "caused":
        found[Cost("given", gift_of(effect.key.slot)[0], rule, "")] += effect.value
    elif effect.kind == "points":
        currency, movement, partner = parts_of(effect.key.slot)
        if movement in _SIGNED:
            sort, sign = _SIGNED[movement]
            found[Cost(sort, currency, rule, partner)] += sign * effect.value
