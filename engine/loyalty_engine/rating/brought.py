"""What a history that was absorbed had for the measures of the one that goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating.facts import (
    GIFT,
    ActivityFact,
    Brought,
    Fact,
    NaturalKey,
    ReturnFact,
    ValueFact,
    place_of,
    remaining,
    returns_by_purchase,
)
from loyalty_engine.rating.taken import Lowered, Taken
from loyalty_engine.rules import Points

NOTHING: Points = {}


def brought_of(
    facts: Iterable[Fact], earned: Mapping[NaturalKey, Points], after: Place | None, before: Place
) -> Brought:
    """Of an absorbed history what lies between two places, each return with what remained around it.

    ``earned`` are the points that each activity earned, as they were posted; of a return they are below zero.
    """
    known = {fact.natural_key: fact for fact in facts}
    returns = returns_by_purchase(known.values())
    found: list[tuple[Place, Taken | Lowered]] = []
    for fact in known.values():
        if isinstance(fact, ActivityFact):
            found += _measured(fact, returns.get(fact.natural_key, []), earned)
    between = [(place, each) for place, each in found if place < before and (after is None or place > after)]
    between.sort(key=lambda each: (each[0], isinstance(each[1], Lowered)))
    values = (fact for fact in known.values() if isinstance(fact, ValueFact))
    return Brought(
        tuple(each for _, each in between),
        tuple(
            value
            for value in sorted(values, key=place_of)
            if place_of(value) < before and (after is None or place_of(value) > after)
        ),
    )


def _measured(
    fact: ActivityFact, returns: list[ReturnFact], earned: Mapping[NaturalKey, Points]
) -> Iterator[tuple[Place, Taken | Lowered]]:
    """An activity and its returns, each with its place; a return is not before what it returns.

    A gift whose cause went was never given.
    """
    activity, place = fact.activity, place_of(fact)
    net = remaining(activity, returns)
    if activity.kind == GIFT and net is None:
        return
    own = earned.get(fact.natural_key, NOTHING)
    parts = [own, *(earned.get(part.natural_key, NOTHING) for part in returns)]
    yield place, Taken(place, activity, net, own, _sum(parts))
    for index, part in enumerate(returns):
        before, after = remaining(activity, returns[:index]), remaining(activity, returns[: index + 1])
        back = {name: -points for name, points in parts[index + 1].items()}
        yield max(place, place_of(part)), Lowered(Taken(place, activity, after), before, back)


def _sum(parts: Iterable[Points]) -> Points:
    found: dict[tuple[str, str], Decimal] = {}
    for points in parts:
        for name, value in points.items():
            found[name] = found.get(name, Decimal(0)) + value
    return found
