"""The life of a standing on one ladder: claims made, ended and withdrawn, and the fall (SEMANTICS 4).

A standing is the best of the claims in force. A fall is nothing but the end, or the withdrawal by a
return, of the last claim on a tier.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating.locks import lock_of
from loyalty_engine.rating.state import Claim, ClaimFigure, LadderState
from loyalty_engine.rules import Ladder


@dataclass(frozen=True, slots=True)
class Regraded:
    """The standing afterwards, and the claims that were made on the way."""

    state: LadderState
    made: tuple[Claim, ...]


def with_claim(state: LadderState, claim: Claim, ladder: Ladder, keep_all: bool) -> Regraded:
    """The claims with one more; one that another outlasts on the same or a higher tier is not needed.

    ``keep_all`` keeps those too: a return may withdraw the better one (``returns = "from_now"``). Claims made
    by hand neither make others needless nor become so: they may be ended by hand, and be locked.
    """
    if any(same(claim, other) for other in state.claims):
        return Regraded(state, ())
    if not keep_all and any(_outlasts(other, claim, ladder) for other in state.claims):
        return Regraded(state, ())
    kept = tuple(other for other in state.claims if keep_all or not _outlasts(claim, other, ladder))
    outlasted = tuple(other for other in state.claims if other not in kept)
    after = replace(state, claims=(*kept, claim), outlasted=(*state.outlasted, *outlasted))
    return Regraded(after, (claim,))


def needed(state: LadderState, policy: LadderPolicy) -> LadderState:
    """The claims without those that another outlasts, unless a return may withdraw the better ones.

    Of two that outlast each other the one is needed that begins first, in whatever order they were read.
    A frozen ladder may have claims on tiers that the policy lacks; they stay as they are.
    """
    claims = state.claims
    if keeps_all(policy) or any(claim.tier not in policy.ladder.tiers for claim in claims):
        return state
    kept = tuple(
        claim
        for index, claim in enumerate(claims)
        if not any(
            _outlasts(other, claim, policy.ladder)
            and (
                (place_of_claim(other), place) < (place_of_claim(claim), index)
                or not _outlasts(claim, other, policy.ladder)
            )
            for place, other in enumerate(claims)
            if place != index
        )
    )
    outlasted = tuple(claim for claim in claims if claim not in kept)
    return replace(state, claims=kept, outlasted=(*state.outlasted, *outlasted))


def place_of_claim(claim: Claim) -> tuple[datetime, bool, str, str, str]:
    """One order of claims, however they were read."""
    until = "" if claim.until_at is None else claim.until_at.astimezone(UTC).isoformat()
    return (claim.from_at, claim.cause.kind != "boundary", claim.cause.key, claim.tier, until)


def keeps_all(policy: LadderPolicy) -> bool:
    """Whether outlasted claims are kept, because a return may withdraw the better ones."""
    return policy.section.returns in ("from_now", "undo")


def same(claim: Claim, other: Claim) -> bool:
    """Whether two claims are one: the same tier and end, by the same cause."""
    return (claim.tier, claim.until_at, claim.cause, claim.made) == (
        other.tier,
        other.until_at,
        other.cause,
        other.made,
    )


def _outlasts(claim: Claim, other: Claim, ladder: Ladder) -> bool:
    if claim.origin != "rules" or other.origin != "rules":
        return False
    if ladder.rank(claim.tier) < ladder.rank(other.tier):
        return False
    return claim.until_at is None or (other.until_at is not None and claim.until_at >= other.until_at)


def best(claims: Sequence[Claim], ladder: Ladder) -> str:
    """The highest tier claimed, else the base tier."""
    return max((claim.tier for claim in claims), key=ladder.rank, default=ladder.base)


def risen(state: LadderState, ladder: Ladder, at: datetime) -> LadderState:
    """The standing raised to the best claim, from which it never falls here; or where a lock puts it."""
    lock = lock_of(state.claims)
    if lock is not None:
        return _at_tier(state, lock.tier, at)
    tier = best(state.claims, ladder)
    return _at_tier(state, tier, at) if ladder.rank(tier) > ladder.rank(state.tier) else state


def _at_tier(state: LadderState, tier: str, at: datetime) -> LadderState:
    return state if tier == state.tier else replace(state, tier=tier, since=at)


def settled(
    state: LadderState,
    policy: LadderPolicy,
    kept: str,
    figures: dict[str, ClaimFigure],
    cause: Cause,
    at: datetime,
    until: datetime | None,
) -> Regraded:
    """The standing after claims ended or were withdrawn, all claims in ``state`` being in force.

    ``kept`` is the tier that ``keep`` supports now, and ``until`` the end of a claim that must be made
    so that the standing stays the best of the claims. While a lock is in force it stands where the lock puts
    it, and all claims stay as they are.
    """
    ladder = policy.ladder
    if (lock := lock_of(state.claims)) is not None:
        return Regraded(_at_tier(state, lock.tier, at), ())
    tier = next_tier(policy, state, kept)
    claims = tuple(claim for claim in state.claims if ladder.rank(claim.tier) <= ladder.rank(tier))
    made: tuple[Claim, ...] = ()
    if best(claims, ladder) != tier:
        made = (Claim(tier, at, until, cause, figures=figures),)
    since = state.since if tier == state.tier else at
    after = replace(state, tier=tier, since=since, claims=(*claims, *made))
    return Regraded(after, made)


def next_tier(policy: LadderPolicy, state: LadderState, kept: str) -> str:
    """The tier after claims ended, given those left and made, and the tier that ``keep`` supports."""
    ladder = policy.ladder
    left = best(state.claims, ladder)
    held = ladder.rank(state.tier)
    if ladder.rank(left) >= held:
        return left
    if ladder.rank(kept) >= held:
        return state.tier
    match policy.downgrade.to:
        case "base":
            return ladder.base
        case "one_step":
            return ladder.tiers[max(ladder.rank(left), ladder.rank(kept), held - 1)]
        case "qualified":
            return max(left, kept, key=ladder.rank)


def follows(
    policy: LadderPolicy, held: str, after: str, supported: str, kept: str, claimed: Collection[str]
) -> bool:
    """Whether a change of standing is what the policy makes of the tiers that its trees support.

    ``claimed`` are the tiers on which there was a claim at that instant.
    """
    ladder = policy.ladder
    if ladder.rank(after) > ladder.rank(held):
        return after == supported
    if ladder.rank(kept) >= ladder.rank(held):
        return False
    match policy.downgrade.to:
        case "base":
            return after == ladder.base
        case "one_step":
            return ladder.rank(after) == ladder.rank(held) - 1
        case "qualified":
            return after == kept or (ladder.rank(after) > ladder.rank(kept) and after in claimed)
