"""What a fold wants posted, by key, and the rules that failed on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating.judgement import RuleFailed
from loyalty_engine.rating.state import Claim, Effect, Made, Notice, Ruling
from loyalty_engine.rating.wallets import quota_slot, slot_of

ENROLMENT = Cause("enrolment", "enrolment")


def boundary_cause(at: datetime) -> Cause:
    """The natural key of a boundary: its instant."""
    return Cause("boundary", at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


@dataclass(frozen=True, slots=True)
class At:
    """The fact or boundary at hand: its cause, its instant, the version in force, and a fact's place."""

    cause: Cause
    instant: datetime
    program: UUID
    place: Place | None = None

    @property
    def where(self) -> Place:
        """The place in the order; a boundary comes before the facts of its instant."""
        return self.place or (self.instant, "", "")


@dataclass(frozen=True, slots=True)
class Parked:
    """A rule that failed at a fact or boundary."""

    cause: Cause
    rule: str
    error: str


def claim_slot(ladder: str, claim: Claim) -> str:
    """The slot of a claim among the effects of its cause; one that a version took over says what made it."""
    until = "lifetime" if claim.until_at is None else claim.until_at.isoformat()
    made_by = "" if claim.moved_by is None else f"/{claim.cause.kind}/{claim.cause.key}"
    before = (
        ""
        if claim.made is None
        else f"/{claim.made.at.isoformat()}/{claim.made.cause.kind}/{claim.made.cause.key}"
    )
    return f"{ladder}/{claim.tier}@{until}{made_by}{before}"


def claim_key(ladder: str, claim: Claim) -> EffectKey:
    """The key of the effect that a claim is: one that a pause moved is an effect of the pause's end."""
    return EffectKey(claim.moved_by or claim.cause, "", claim_slot(ladder, claim))


def notice_slot(ladder: str, tier: str, notice: Notice | None) -> str:
    """The slot of a notice of a fall from a tier; None: the one given before holds no more."""
    if notice is None:
        return f"notice/{ladder}/{tier}>kept"
    at, since = (instant.astimezone(UTC).isoformat() for instant in (notice.at, notice.since))
    return f"notice/{ladder}/{tier}>{notice.tier}@{at}/{since}"


def notice_in(slot: str) -> Notice | None:
    """The notice that such a slot tells of; None where it says that there is none."""
    _, _, said, *since = slot.split("/")
    tier, _, at = said.partition(">")[2].partition("@")
    return Notice(tier, datetime.fromisoformat(at), datetime.fromisoformat(since[0])) if since else None


_TAKEN_OVER = re.compile(r"[^/]+/[^/]+(?:/boundary/[^/]+)?/(\d[^/]*)/([a-z]+)/(.*)", re.DOTALL)


def made_of(slot: str) -> Made | None:
    """When and by what the claim of a slot was made, where a version took it over."""
    found = _TAKEN_OVER.fullmatch(slot)
    if found is None:
        return None
    at, kind, key = found.groups()
    return Made(datetime.fromisoformat(at), Cause(kind, key))  # type: ignore[arg-type]


class Journal:
    """Collects effects; several movements of one slot at one cause add up."""

    def __init__(self) -> None:
        self.effects: dict[EffectKey, Effect] = {}
        self.parked: list[Parked] = []
        self._changed: set[tuple[Cause, str]] = set()

    def points(self, at: At, rule: str, currency: str, line: str, movements: Mapping[str, int]) -> None:
        """Movements of points, by movement."""
        for movement, units in movements.items():
            if not units:
                continue
            key = EffectKey(at.cause, rule, slot_of(currency, line, movement))
            known = self.effects.get(key)
            value = units + (known.value if known else 0)
            self.effects[key] = Effect(key, "points", value, at.instant, at.program)

    def used(self, at: At, rule: str, currency: str, line: str) -> None:
        """One award of a promotion's quota."""
        key = EffectKey(at.cause, rule, quota_slot(currency, line))
        self.effects[key] = Effect(key, "quota", 1, at.instant, at.program)

    def forgone(self, at: At, rule: str, currency: str, line: str, units: int) -> None:
        """Points of an award that a return wants back and that had expired: nothing moves."""
        if units:
            key = EffectKey(at.cause, rule, slot_of(currency, line, "forgone"))
            self.effects[key] = Effect(key, "forgone", units, at.instant, at.program)

    def caused(self, effect: Effect) -> None:
        """What is caused in another member's history; nothing takes back what was caused before."""
        if effect.value:
            self.effects[effect.key] = effect
        else:
            self.effects.pop(effect.key, None)

    def standing(
        self, at: At, ladder: str, from_tier: str | None, to_tier: str, ruling: Ruling | None
    ) -> None:
        """A change of standing, or the first standing."""
        self._changed.add((at.cause, ladder))
        key = EffectKey(at.cause, "", f"{ladder}/{from_tier or ''}>{to_tier}")
        self.effects[key] = Effect(
            key, "standing", 1, at.instant, at.program, ladder, from_tier, to_tier, ruling
        )

    def as_one_change(
        self, at: At, ladder: str, from_tier: str | None, to_tier: str, ruling: Ruling | None
    ) -> None:
        """Put one change of standing in the place of all those at a boundary; none where nothing changes."""
        several = [
            key
            for key, effect in self.effects.items()
            if effect.kind == "standing" and effect.ladder == ladder and key.cause == at.cause
        ]
        for key in several:
            ruling = self.effects.pop(key).ruling or ruling
        self._changed.discard((at.cause, ladder))
        if from_tier != to_tier:
            self.standing(at, ladder, from_tier, to_tier, ruling)

    def has_changed(self, at: At, ladder: str) -> bool:
        """Whether the standing on a ladder changes here."""
        return (at.cause, ladder) in self._changed

    def claims(self, at: At, ladder: str, made: Iterable[Claim]) -> None:
        """Claims that were made."""
        for claim in made:
            key = claim_key(ladder, claim)
            self.effects[key] = Effect(key, "claim", 1, at.instant, at.program, ladder, claim=claim)

    def moved(self, at: At, ladder: str, before: Claim, claim: Claim) -> None:
        """A claim whose end a pause moved, in the place of the one before."""
        key, moves = claim_key(ladder, claim), claim_key(ladder, before)
        self.effects[key] = Effect(key, "claim", 1, at.instant, at.program, ladder, claim=claim, moves=moves)

    def withdrawn(self, at: At, ladder: str, gone: Iterable[Claim]) -> None:
        """Claims that a return withdrew or a pause moved, and locks that are over.

        It is an effect of what did it, which names the claim.
        """
        for claim in gone:
            made = claim_key(ladder, claim)
            key = EffectKey(at.cause, "", f"withdraw/{made.slot}/{made.cause.kind}/{made.cause.key}")
            self.effects[key] = Effect(key, "withdrawal", 1, at.instant, at.program, ladder, claim=claim)

    def notice(self, at: At, ladder: str, tier: str, notice: Notice | None) -> None:
        """A notice of a fall from a tier, or that the one given before holds no more."""
        key = EffectKey(at.cause, "", notice_slot(ladder, tier, notice))
        to_tier = None if notice is None else notice.tier
        self.effects[key] = Effect(
            key, "notice", 1, at.instant, at.program, ladder, tier, to_tier, notice=notice
        )

    def relowered(self, ladder: str, claim: Claim) -> None:
        """A claim that stands on lowered figures: what is kept of it changes, not its effect."""
        key = claim_key(ladder, claim)
        if key in self.effects:
            self.effects[key] = replace(self.effects[key], claim=claim)

    def failed(self, at: At, failures: Iterable[RuleFailed]) -> None:
        """Rules that failed here; each is parked once, with its first error."""
        for failure in failures:
            if not any((parked.cause, parked.rule) == (at.cause, failure.rule) for parked in self.parked):
                self.parked.append(Parked(at.cause, failure.rule, failure.error))
