"""What a return changes of the figures that claims rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating.locks import made_at
from loyalty_engine.rating.state import Claim
from loyalty_engine.rating.tallies import View
from loyalty_engine.rules import Figure


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return changed: each figure in each view, on the day on which it counts.

    ``bought`` is the place of the purchase that it names, and ``came`` where a merge brought that into the
    history: earlier claims were not made on it.
    """

    changes: Mapping[tuple[Figure, View], Decimal]
    day: date
    bought: Place | None
    came: Place | None = None

    def is_after(self, claim: Claim) -> bool:
        """Whether the purchase was not known yet when the claim was made."""
        known = self.came or self.bought
        return known is not None and made_at(claim) < known
