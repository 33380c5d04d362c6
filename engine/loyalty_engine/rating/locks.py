"""Which of several claims count: a locked one is the only one while it lasts (SEMANTICS section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating.facts import natural_key_of


class MadeBy(Protocol):
    """What made a claim, by its natural key."""

    @property
    def kind(self) -> str:
        """What kind of thing it was."""

    @property
    def key(self) -> str:
        """Its natural key."""


class MadeBefore(Protocol):
    """When and by what a claim was first made."""

    @property
    def at(self) -> datetime:
        """Since when it was claimed."""

    @property
    def cause(self) -> MadeBy:
        """What made it."""


class MadeClaim(Protocol):
    """A claim, as far as it says when and by what it was made."""

    @property
    def locked(self) -> bool:
        """Whether no other claim counts while it lasts."""

    @property
    def from_at(self) -> datetime:
        """Since when it holds."""

    @property
    def cause(self) -> MadeBy:
        """What made it."""


Made = TypeVar("Made", bound=MadeClaim)


def made_at(claim: MadeClaim) -> Place:
    """Where in the order a claim was made; a boundary comes before the activities of its instant.

    One that a version took over under another name was made where it was first made.
    """
    made: MadeBefore | None = getattr(claim, "made", None)
    at, cause = (claim.from_at, claim.cause) if made is None else (made.at, made.cause)
    if cause.kind not in ("activity", "value"):
        return (at, "", "")
    return (at, *natural_key_of(cause.key))


def lock_of(claims: Iterable[Made]) -> Made | None:
    """The locked claim that counts alone, of several the one made last; None where none is locked."""
    locked = [claim for claim in claims if claim.locked]
    return max(reversed(locked), key=made_at, default=None)


def counting(claims: Sequence[Made]) -> Sequence[Made]:
    """The claims that count."""
    lock = lock_of(claims)
    return claims if lock is None else (lock,)
