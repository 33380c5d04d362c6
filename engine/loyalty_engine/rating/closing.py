"""Leaving on request: a history ends, nothing is claimed in it any more, and no point is kept (SEMANTICS 1).

What comes afterwards corrects what was before: a return takes points back at its own place. Whatever would
come into the history then is gone at once, as what was left when it ended.
"""

from __future__ import annotations

from dataclasses import replace

from loyalty_engine.rating.facts import ActivityFact, place_of
from loyalty_engine.rating.journal import At
from loyalty_engine.rating.measuring import Measuring
from loyalty_engine.rating.moves import Moves
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.standing import Standings
from loyalty_engine.rating.state import State
from loyalty_engine.rating.taken import Taken


class Closing:
    """The end of one member's history."""

    def __init__(self, rulebook: Rulebook, state: State, moves: Moves, measuring: Measuring) -> None:
        self._rulebook = rulebook
        self._state = state
        self._moves = moves
        self._measuring = measuring

    def leave(self, at: At, version: ProgramVersion, fact: ActivityFact, standings: Standings) -> None:
        """Holds, claims and a pause end here, and no boundary comes any more.

        On a ladder that the version dropped they end too, by the last one that had it: it may come back.
        """
        self._measuring.take(Taken(place_of(fact), fact.activity, fact.activity))
        self._moves.leave(at, version.program)
        for ladder in tuple(self._state.ladders):
            known = self._rulebook.last_with(version, ladder)
            if known is not None:
                standings.end(replace(at, program=known.id), known.program.ladder(ladder))
        self._state.pause, self._state.closed, self._state.closed_at = None, True, at.instant

    def forfeit(self, at: At) -> None:
        """Nothing is left to who left, whatever came."""
        if self._state.closed_at is not None:
            self._moves.forfeit(at)
