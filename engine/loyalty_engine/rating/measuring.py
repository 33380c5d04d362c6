"""How measures take an activity with what it earned, and what returns take away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import Program
from loyalty_engine.rating.state import State
from loyalty_engine.rating.taken import Lowered, Taken
from loyalty_engine.rating.tallies import (
    ZERO,
    Tallies,
    View,
    contribution,
    tracked_cycles,
    tracked_figures,
)
from loyalty_engine.rules import Activity, Figure

Changes = Mapping[tuple[Figure, View], Decimal]
"""By how much each sum changed."""


class Measuring:
    """Keeps the tallies of a member's state."""

    def __init__(self, state: State, programs: Iterable[Program]) -> None:
        known = tuple(programs)
        self._state = state
        self.figures = tracked_figures(known)
        self.cycles = tracked_cycles(known)

    @property
    def reads_points_in_the_end(self) -> bool:
        """Whether some figure is of points that were earned by what remains in the end."""
        return any(figure.of == "earned" and view == "undone" for figure, view in self.figures)

    def take(self, taken: Taken) -> Changes:
        """An activity is in the measures from now on."""
        for ladder, figure, view in self.cycles:
            if self._in_cycle(ladder, taken.place if taken.came is not None else None):
                _take(self._state.tallies.cycle(ladder), figure, view, taken)
        return {
            (figure, view): _take(self._state.tallies, figure, view, taken) for figure, view in self.figures
        }

    def lower(self, lowered: Lowered) -> Changes:
        """A return lowers figures at its own place."""
        for ladder, figure, view in self.cycles:
            if view == "in_place" and self._in_cycle(ladder, lowered.bought.place):
                _lower(self._state.tallies.cycle(ladder), figure, lowered)
        return {
            (figure, view): _lower(self._state.tallies, figure, lowered)
            for figure, view in self.figures
            if view == "in_place"
        }

    def _in_cycle(self, ladder: str, place: Place | None) -> bool:
        """Whether a place, None: the present one, belongs to a cycle under way of a ladder."""
        standing = self._state.ladders.get(ladder)
        if standing is None or standing.cycle is None:
            return False
        return place is None or place > standing.cycle.beginning


def _take(tallies: Tallies, figure: Figure, view: View, taken: Taken) -> Decimal:
    activity = taken.activity
    if figure.taking != "sum":
        shown = taken.net if view == "undone" else activity
        number = None if shown is None else figure.reading(shown)
        tallies.entries(figure, view).put(activity.local_day, taken.place, number, taken.came)
        return ZERO
    if figure.of != "earned":
        value = contribution(figure, view, activity, taken.net)
    elif view == "gross" and activity.kind == "return":
        value = ZERO
    else:
        earned = taken.earned_in_the_end if view == "undone" else taken.earned
        value = figure.points(activity, earned)
    return _add(tallies, figure, view, activity, value)


def _lower(tallies: Tallies, figure: Figure, lowered: Lowered) -> Decimal:
    bought = lowered.bought
    activity, after = bought.activity, bought.net
    if figure.taking != "sum":
        number = None if after is None else figure.reading(after)
        tallies.entries(figure, "in_place").put(activity.local_day, bought.place, number, bought.came)
        return ZERO
    if figure.of == "earned":
        change = -figure.points(activity, lowered.back)
    else:
        change = _value(figure, after) - _value(figure, lowered.before)
    return _add(tallies, figure, "in_place", activity, change)


def _add(tallies: Tallies, figure: Figure, view: View, activity: Activity, value: Decimal) -> Decimal:
    """Add to a tally; by how much the figure changed."""
    tally = tallies.of(figure, view)
    change = tally.change(activity.local_day, value)
    tally.add(activity.local_day, value)
    return change


def _value(figure: Figure, activity: Activity | None) -> Decimal:
    return ZERO if activity is None else figure.value(activity)
