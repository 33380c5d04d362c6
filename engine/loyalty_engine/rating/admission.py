"""Applications for membership: a history of their own with the same kind of fold (SEMANTICS section 7).

Its boundaries are the ends of votes. Nobody reads a clock or another member here: the electorate and the
votes are inputs, like the decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.localtime import add_months, first_instant, local_day
from loyalty_engine.program import Program
from loyalty_engine.rating.facts import came_with_a_merge
from loyalty_engine.rating.judgement import failure
from loyalty_engine.rating.state import PROLONGING, Claim, State
from loyalty_engine.rules import (
    Admission,
    AdmissionEvent,
    AdmissionKind,
    AdmissionStep,
    Application,
    Tally,
    Transition,
    VoteClosed,
)


class AdmissionFailed(Exception):
    """The rule that decides about applications failed."""


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """Where an application stands. ``closes_at`` is set while votes may be cast."""

    kind: AdmissionKind
    state: str = "open"
    step: AdmissionStep | None = None
    fee: Decimal | None = None
    closes_at: datetime | None = None

    @property
    def shown(self) -> Application:
        """As the rule may see it."""
        return Application(self.kind, self.step, self.closes_at is not None)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote of an elector; of the versions cast in time the latest counts."""

    elector: object
    version: int
    choice: str
    cast_at: datetime


def admits(program: Program) -> list[str]:
    """The rules of a program to which one may apply."""
    return list(program.implementations["transition"])


def asked(program: Program, rule: str, state: ApplicationState, event: AdmissionEvent) -> Transition:
    """What the rule makes of an event.

    Raises AdmissionFailed when it fails, or answers what is no transition.
    """
    try:
        answer = program.implementations["transition"][rule](state.shown, event)
    except Exception as error:
        raise AdmissionFailed(failure(rule, error).error) from error
    if not isinstance(answer, Transition) or not _is_sound(program, state, event, answer):
        raise AdmissionFailed(f"no transition: {answer!r}")
    return answer


def _is_sound(program: Program, state: ApplicationState, event: AdmissionEvent, answer: Transition) -> bool:
    """Whether a transition says what belongs together, and a closed vote comes to something."""
    admission, closed = answer.admission, isinstance(event, VoteClosed)
    return (
        (answer.state == "open") == (answer.step is not None)
        and (answer.state == "admitted") == (admission is not None)
        and (admission is None or len(tiers_named(program, admission.tier)) == 1)
        and (answer.vote is None or (answer.step == "vote" and state.step != "vote"))
        and (answer.fee is None or answer.step == "pay")
        and closed == (answer.result is not None)
    )


def tiers_named(program: Program, name: str) -> list[tuple[str, str]]:
    """The tiers that a name means, with their ladders."""
    ladders = [policy.ladder for policy in program.ladders]
    return [(ladder.key, tier) for ladder in ladders if (tier := ladder.own(name)) is not None]


def followed(
    state: ApplicationState, transition: Transition, at: datetime, zone: ZoneInfo
) -> ApplicationState:
    """The application after what came of an event at an instant."""
    if transition.state == "refused":
        return state
    vote, closes_at = transition.vote, None
    if transition.state == "open" and vote is not None:
        last = local_day(at, zone) + timedelta(days=vote.closes_after_days)
        closes_at = first_instant(last + timedelta(days=1), zone)
    return replace(
        state, state=transition.state, step=transition.step, fee=transition.fee, closes_at=closes_at
    )


def tally_of(electors: int, ballots: Iterable[Ballot], closes_at: datetime) -> Tally:
    """What was voted before a vote closed; each elector counts once."""
    latest: dict[object, Ballot] = {}
    for ballot in ballots:
        known = latest.get(ballot.elector)
        if ballot.cast_at < closes_at and (known is None or known.version < ballot.version):
            latest[ballot.elector] = ballot
    choices = [ballot.choice for ballot in latest.values()]
    return Tally(electors, choices.count("in_favour"), choices.count("against"), choices.count("abstained"))


@dataclass(frozen=True, slots=True)
class Term:
    """So many months in all from the day of the first admission (None: for life), and the days paused."""

    anchor: date
    months: int | None
    paused_days: int = 0

    def until(self, zone: ZoneInfo) -> datetime | None:
        """Its end, exclusive; months are counted from the anchor, never from an end to the next."""
        if self.months is None:
            return None
        return first_instant(add_months(self.anchor, self.months) + timedelta(days=self.paused_days), zone)

    def attributes(self) -> dict[str, object]:
        """As it is kept with the activity of the admission."""
        return {"admittedOn": self.anchor.isoformat(), "months": self.months}


@dataclass(frozen=True, slots=True)
class Membership:
    """A term that is under way: what was kept of it, and the end to which pauses have moved it."""

    kept: Mapping[str, object]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """An admission: what granted which tier of a ladder, and what was kept of it.

    The tier has its name of now. Where a merge brought it (``is_brought``), the claim is the merge's.
    """

    cause: Cause
    ladder: str
    tier: str
    kept: Mapping[str, object]
    is_brought: bool = False

    def granted(self, claim: Claim) -> bool:
        """Whether a claim on its ladder is the one that it made."""
        if not self.is_brought:
            return claim.first_cause == self.cause
        came = came_with_a_merge(claim.first_cause)
        return came and claim.origin == "grant" and claim.tier == self.tier

    def kept_of(self, claim: Claim, zone: ZoneInfo) -> Mapping[str, object]:
        """What was kept of it, with the day since when a claim that it made rests with a pause."""
        if not self.is_brought:
            return self.kept
        return {**self.kept, "claimedOn": local_day(claim.first_at, zone).isoformat()}


def membership(state: State, admitted: Admitted, at: datetime, zone: ZoneInfo) -> Membership | None:
    """The term that an admission granted, while a claim of it lasts; while the member is paused it does.

    Of several that merges brought on one tier it is the one that lasts longest.
    """
    ladder = state.ladders.get(admitted.ladder)
    lasting = [
        claim
        for claim in (() if ladder is None else ladder.claims)
        if admitted.granted(claim)
        and (claim.until_at is None or claim.until_at > at or state.pause is not None)
    ]
    if not lasting:
        return None
    claim = max(lasting, key=lambda each: (each.until_at is None, each.until_at))
    return Membership(admitted.kept_of(claim, zone), claim.until_at)


def prolonged(
    state: State, admitted: Admitted, claims: Iterable[Claim], at: datetime, zone: ZoneInfo
) -> Membership | None:
    """The term that an admission granted, when it is over and its end was put off, by grace or for a notice.

    ``claims`` are those that the ladder ever had. What one of them prolongs ended where it begins.
    """
    ends = [claim for claim in claims if claim.until_at is not None and claim.until_at <= at]
    over = [claim for claim in ends if admitted.granted(claim)]
    if not over:
        return None
    claim = max(over, key=lambda each: each.until_at or at)
    under_way = {
        each.first_at
        for each in state.ladders[admitted.ladder].claims
        if each.origin in PROLONGING and each.tier == admitted.tier
    }
    end = claim.until_at
    while end is not None and end not in under_way:
        end = next(
            (each.until_at for each in ends if each.origin in PROLONGING and each.first_at == end), None
        )
    return None if end is None else Membership(admitted.kept_of(claim, zone), claim.until_at)


def term_of(
    admission: Admission, state: State, held: Membership | None, at: datetime, zone: ZoneInfo
) -> Term:
    """The term of an admission: one more of the membership that is held, or the first one of another.

    So it is too where one more would be over already, as late in a long grace. A pause under way moves an
    earlier claim by more days than one that is made meanwhile: by those that are added here.
    """
    today = local_day(at, zone)
    months = None if held is None else held.kept["months"]
    if held is None or held.until is None or admission.months is None or not isinstance(months, int):
        return Term(today, admission.months)
    anchor = date.fromisoformat(str(held.kept["admittedOn"]))
    paused = local_day(held.until, zone) - add_months(anchor, months)
    if state.pause is not None:
        claimed_on = date.fromisoformat(str(held.kept["claimedOn"]))
        paused += today - max(claimed_on, local_day(state.pause.since, zone))
    term = Term(anchor, months + admission.months, paused.days)
    until = term.until(zone)
    return Term(today, admission.months) if until is not None and until <= at else term
