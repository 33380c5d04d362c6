"""Tiers that rewards name: written ``tier`` or ``ladder.tier``, kept as ``ladder.tier``, held or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loyalty_engine.program import Program
from loyalty_engine.rating import State
from loyalty_engine.services import checks
from loyalty_engine.services.refusals import invalid


@dataclass(frozen=True, slots=True)
class Price:
    """What a reward costs a member in smallest units, and the tier whose price that is."""

    units: int
    tier: str | None = None


def named_tier(program: Program, written: str, *path: str) -> str:
    """A tier of the program as ``ladder.tier``; a key that two ladders share names its ladder."""
    name = checks.text(written, *path)
    found = [known for known in _tiers(program) if name in (known, known.partition(".")[2])]
    if len(found) != 1:
        word = "tier-of-several-ladders" if found else "tier-unknown"
        raise invalid(word, *path, tier=name)
    return found[0]


def _tiers(program: Program) -> list[str]:
    return [f"{policy.key}.{tier.key}" for policy in program.ladders for tier in policy.tiers]


def price_for(program: Program, state: State, price: int, prices: Mapping[str, int]) -> Price:
    """On each ladder the price of the highest tier named that the member holds; of those the lowest.

    Without one it is the general price.
    """
    held = _ranks_held(program, state, prices)
    highest: dict[str, tuple[int, str]] = {}
    for tier, rank in held.items():
        ladder = tier.partition(".")[0]
        highest[ladder] = max(highest.get(ladder, (rank, tier)), (rank, tier))
    named = [Price(prices[tier], tier) for _, tier in highest.values()]
    return min(named, key=lambda each: (each.units, each.tier or ""), default=Price(price))


def is_eligible(program: Program, state: State, tiers: Iterable[str]) -> bool:
    """Whether the member holds one of the tiers; where none is named everybody does."""
    named = list(tiers)
    return not named or bool(_ranks_held(program, state, named))


def _ranks_held(program: Program, state: State, named: Iterable[str]) -> dict[str, int]:
    """The ranks of those of the tiers that the member stands on or above; a tier that is gone is left out."""
    ranks = {
        policy.key: {tier.key: rank for rank, tier in enumerate(policy.tiers)} for policy in program.ladders
    }
    found = {}
    for name in named:
        ladder, _, tier = name.partition(".")
        standing = state.ladders.get(ladder)
        rank = ranks.get(ladder, {}).get(tier)
        if standing is not None and rank is not None and ranks[ladder].get(standing.tier, -1) >= rank:
            found[name] = rank
    return found
