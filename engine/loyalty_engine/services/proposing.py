"""Who of a crowd that is due goes first: the members whose outcome may change, as the database sees it.

It is an order and nothing else. Whoever is not proposed is due as before, and what becomes of any member
is decided by a step, so that a form that is wrong costs time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from loyalty_engine.localtime import is_day_start, local_day
from loyalty_engine.measures import Condition, supported
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.qualifying import NoSqlForm, conditions
from loyalty_engine.store.merges import absorbed_by
from loyalty_engine.store.qualifying import due_members, tiers_held

CROWD = 500
"""So many due members of one business are worth asking the database about."""


@dataclass(slots=True)
class _Place:
    """How far the members that are due at an instant have been looked through."""

    instant: datetime
    after: UUID | None = None
    is_over: bool = False
    waiting: deque[UUID] = field(default_factory=deque)


class Proposals:
    """What one worker has been proposed of each business, a chunk of its members at a time."""

    def __init__(self, crowd: int = CROWD) -> None:
        self._crowd = crowd
        self._places: dict[UUID, _Place] = {}

    async def first(
        self, engine: Engine, business_id: UUID, listed: Sequence[UUID], instant: datetime
    ) -> list[UUID]:
        """Members to go before those listed, at most as many; ``instant`` is what the listed are due at.

        There are none where the listed are no crowd, or no ladder can be asked by the database.
        Raises ProgramUnavailable.
        """
        if len(listed) < self._crowd:
            return []
        place = self._places.get(business_id)
        if place is None or place.instant < instant:
            place = self._places[business_id] = _Place(instant)
        if not place.waiting and not place.is_over:
            await _look(engine, business_id, place)
        return [place.waiting.popleft() for _ in range(min(len(listed), len(place.waiting)))]


async def _look(engine: Engine, business_id: UUID, place: _Place) -> None:
    """Ask about the next chunk of members."""
    async with engine.database.reading(business_id) as connection:
        rulebook = await engine.rulebook(connection, business_id)
        program = rulebook.in_force(place.instant).program
        asked = list(_asked(program, place.instant))
        ids = await due_members(connection, business_id, place.instant, place.after) if asked else []
        absorbed = await absorbed_by(connection, business_id, ids)
        moving: set[UUID] = set()
        for policy, tiers in asked:
            held = await tiers_held(connection, business_id, policy.key, ids)
            ranks = await supported(connection, business_id, ids, tiers, absorbed)
            moving |= {each for each in ids if policy.ladder.tiers[ranks[each]] != held.get(each)}
    place.waiting.extend(each for each in ids if each in moving)
    place.after, place.is_over = (ids[-1], False) if ids else (place.after, True)


def _asked(program: Program, instant: datetime) -> Iterator[tuple[LadderPolicy, Sequence[Condition]]]:
    """The ladders that the database can be asked about, with what each of their tiers wants."""
    day, at_boundary = local_day(instant, program.zone), is_day_start(instant, program.zone)
    for policy in program.ladders:
        try:
            yield policy, conditions(program, policy, day, at_boundary=at_boundary)
        except NoSqlForm:
            continue
