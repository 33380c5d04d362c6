"""What merges brought into a history for its measures: read from the histories that were absorbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating import ActivityFact, Fact
from loyalty_engine.rating.brought import brought_of
from loyalty_engine.rating.carried import ABSORPTION, MERGE
from loyalty_engine.rating.facts import NaturalKey, place_of
from loyalty_engine.rules import Points

Facts = Mapping[UUID, Mapping[UUID, Fact]]
"""The facts of some members, by member and id."""

Earned = Mapping[NaturalKey, Points]
"""What activities earned, as it was posted; what returns took back is below zero."""


def with_brought(
    own: Mapping[UUID, Fact], absorbed: Sequence[UUID], facts: Facts, earned: Earned
) -> dict[UUID, Fact]:
    """A member's facts, each absorption with what the other history had from the one before it up to it."""
    if not absorbed:
        return dict(own)
    left = {
        fact.natural_key: member_id
        for member_id in absorbed
        for fact in facts.get(member_id, {}).values()
        if _is(fact, MERGE)
    }
    return {fact_id: _brought(fact, left, facts, earned) for fact_id, fact in own.items()}


def _brought(fact: Fact, left: Mapping[NaturalKey, UUID], facts: Facts, earned: Earned) -> Fact:
    if not isinstance(fact, ActivityFact) or not _is(fact, ABSORPTION) or fact.about is None:
        return fact
    other = left[fact.about]
    ends = sorted(place_of(each) for each in facts[other].values() if _is(each, MERGE))
    merges = {each.natural_key: place_of(each) for each in facts[other].values()}
    until = merges[fact.about]
    before: Place | None = max((end for end in ends if end < until), default=None)
    of_all = [each for member_id in _within(other, left, facts) for each in facts[member_id].values()]
    return replace(fact, brought=brought_of(of_all, earned, before, until))


def _within(member_id: UUID, left: Mapping[NaturalKey, UUID], facts: Facts) -> set[UUID]:
    """A member, and all whose histories it had absorbed itself."""
    found = {member_id}
    for fact in facts[member_id].values():
        if isinstance(fact, ActivityFact) and _is(fact, ABSORPTION) and fact.about is not None:
            found |= _within(left[fact.about], left, facts)
    return found


def _is(fact: Fact, kind: str) -> bool:
    return isinstance(fact, ActivityFact) and fact.activity.kind == kind
