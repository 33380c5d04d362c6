"""What a tier of one version is called in a later one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty_engine.program.plan import LadderPlan
from loyalty_engine.rating.rulebook import Rulebook
from loyalty_engine.rules import Ladder


def carried_tier(before: Ladder, after: Ladder, plan: LadderPlan, tier: str) -> str | None:
    """The tier to which a tier's claims go; None where the plan says nothing, and they end.

    The base tier is claimed by nobody, so that it is always the base tier.
    """
    if tier == before.base:
        return after.base
    found = plan.tiers.get(tier, tier)
    return found if found in after.tiers else None


def in_order(ladder: Ladder, other: Ladder) -> list[str]:
    """The tiers of a ladder that another one has too, from the base upwards."""
    return [tier for tier in ladder.tiers if tier in other.tiers]


def tier_later(rulebook: Rulebook, ladder: str, tier: str, then: datetime, at: datetime) -> str:
    """What a tier of the version in force at one instant is called at a later one; else the base tier."""
    before = next(
        (policy.ladder for policy in rulebook.in_force(then).program.ladders if policy.key == ladder), None
    )
    for version in rulebook.begun(then, at):
        after = next((policy.ladder for policy in version.program.ladders if policy.key == ladder), None)
        if after is None:
            continue
        if before is not None:
            tier = carried_tier(before, after, version.plan.of(ladder), tier) or after.base
        before = after
    return tier


@dataclass(frozen=True, slots=True)
class TierName:
    """What a tier is called in the versions from a number up to another, both included."""

    first: int
    last: int
    ladder: str
    tier: str


BEGINNING = datetime.min.replace(tzinfo=UTC)


def names_until(rulebook: Rulebook, tiers: Collection[tuple[str, str]], at: datetime) -> list[TierName]:
    """The tiers that become some tiers, given with their ladders, of the version in force at an instant.

    So whoever was folded by an earlier version, and by none since, is known to stand on one of them.
    """
    found: list[TierName] = []
    spans: dict[tuple[str, str], int] = {}
    versions = rulebook.until(at).versions
    for index, version in enumerate(versions):
        then = version.effective_at or BEGINNING
        named = {
            (policy.key, tier)
            for policy in version.program.ladders
            for tier in policy.ladder.tiers
            if (policy.key, tier_later(rulebook, policy.key, tier, then, at)) in tiers
        }
        last = versions[index - 1].number
        found += [TierName(spans.pop(each), last, *each) for each in sorted(spans.keys() - named)]
        spans = {each: spans.get(each, version.number) for each in named}
    return found + [TierName(first, versions[-1].number, *each) for each, first in sorted(spans.items())]
