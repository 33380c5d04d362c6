"""Standings set by hand: what an activity of kind `override` says, in its attributes.

It is a claim like any other, with an origin that is no rule; no rule is asked for it. Without a tier it ends
the claims of its origin on its ladder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from loyalty_engine.rules import Activity

OVERRIDE = "override"
"""The kind of activity by which a standing is set by hand."""

HandOrigin = Literal["override", "grant", "match"]
HAND_ORIGINS: tuple[str, ...] = get_args(HandOrigin)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A claim made by hand on a tier of a ladder until an exclusive end, None being for life.

    Without a tier it ends the claims of its origin. ``evidence`` is what the business wants to keep of why.
    """

    ladder: str
    tier: str | None
    until: datetime | None = None
    locked: bool = False
    origin: HandOrigin = "override"
    evidence: Mapping[str, object] | None = None

    def attributes(self) -> dict[str, object]:
        """As it is kept with the activity."""
        found: dict[str, object] = {
            "ladder": self.ladder,
            "tier": self.tier,
            "until": None if self.until is None else self.until.isoformat(),
            "locked": self.locked,
            "origin": self.origin,
        }
        return found if self.evidence is None else {**found, "evidence": dict(self.evidence)}


def by_hand(activity: Activity) -> ByHand | None:
    """What an activity sets by hand; None for every other kind."""
    if activity.kind != OVERRIDE:
        return None
    said = activity.attributes
    until = said["until"]
    return ByHand(
        str(said["ladder"]),
        None if said["tier"] is None else str(said["tier"]),
        None if until is None else datetime.fromisoformat(str(until)),
        bool(said["locked"]),
        cast("HandOrigin", said["origin"]),
        cast("Mapping[str, object] | None", said.get("evidence")),
    )
