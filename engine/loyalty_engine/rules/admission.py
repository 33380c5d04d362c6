"""Applications for membership as rules see them: an application, what happens to it, and what comes of that.

A rule decides the transitions; the engine keeps the history, fixes electorates, counts votes and tells when
a vote is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

AdmissionKind = Literal["entry", "renewal"]

AdmissionStep = Literal["invite", "review", "inspect", "vote", "sign", "pay"]

VoteResult = Literal["carried", "lost", "tie", "no_quorum"]


@dataclass(frozen=True, slots=True)
class Application:
    """An application before what happens to it: ``step`` is the one that it waits for, None at its beginning.

    A renewal is the application of somebody who holds what the rule grants. ``vote_open`` says whether votes
    may still be cast.
    """

    kind: AdmissionKind
    step: AdmissionStep | None = None
    vote_open: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """Somebody applies."""


@dataclass(frozen=True, slots=True)
class StepDecided:
    """The step at hand was decided by somebody who may."""

    approved: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """What a vote came to: so many could vote, and each of those who did counts once, by the last choice."""

    electors: int
    in_favour: int = 0
    against: int = 0
    abstained: int = 0

    @property
    def voted(self) -> int:
        """How many voted, abstentions included."""
        return self.in_favour + self.against + self.abstained


@dataclass(frozen=True, slots=True)
class VoteClosed:
    """The time of the vote is up."""

    tally: Tally


AdmissionEvent = Applied | StepDecided | VoteClosed


@dataclass(frozen=True, slots=True)
class VoteTerms:
    """Who may vote, by the tiers held when the vote opens, and after how many local days it closes."""

    electorate: tuple[str, ...]
    closes_after_days: int


@dataclass(frozen=True, slots=True)
class Admission:
    """The tier that is claimed, for so many months from the day of admission; None: for life."""

    tier: str
    months: int | None


@dataclass(frozen=True, slots=True)
class Transition:
    """What comes of an event: the application waits for ``step``, or it has ended.

    ``refused`` leaves everything as it was. ``vote`` opens a vote and ``fee`` asks for a payment with the
    step that begins; an application has one vote at most. Where a vote that is over leads to the step of the
    vote, it waits to be decided by hand.
    """

    state: Literal["open", "admitted", "rejected", "refused"]
    step: AdmissionStep | None = None
    vote: VoteTerms | None = None
    fee: Decimal | None = None
    admission: Admission | None = None
    result: VoteResult | None = None
