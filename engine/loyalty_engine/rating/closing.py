"""Leaving on request: a history ends, nothing is claimed in it any more, and no point is kept (SEMANTICS 1).

What comes afterwards corrects what was before: a return takes points back at its own place. Whatever would
come into the history then is gone at once, as what was left when it ended.
"""

from __future__ import annotations

from loyalty_engine.program import Program
from loyalty_engine.rating.facts import ActivityFact, place_of
from loyalty_engine.rating.journal import At
from loyalty_engine.rating.measuring import Measuring
from loyalty_engine.rating.moves import Moves
from loyalty_engine.rating.standing import Standings
from loyalty_engine.rating.state import State
from loyalty_engine.rating.taken import Taken


class Closing:
    """The end of one member's history."""

    def __init__(self, state: State, moves: Moves, measuring: Measuring) -> None:
        self._state = state
        self._moves = moves
        self._measuring = measuring

    def leave(self, at: At, program: Program, fact: ActivityFact, standings: Standings) -> None:
        """Holds, claims and a pause end here, and no boundary comes any more."""
        self._measuring.take(Taken(place_of(fact), fact.activity, fact.activity))
        self._moves.leave(at, program)
        for policy in program.ladders:
            if policy.key in self._state.ladders:
                standings.end(at, policy)
        self._state.pause, self._state.closed, self._state.closed_at = None, True, at.instant

    def forfeit(self, at: At) -> None:
        """Nothing is left to who left, whatever came."""
        if self._state.closed_at is not None:
            self._moves.forfeit(at)
