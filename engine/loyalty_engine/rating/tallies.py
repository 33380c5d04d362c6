"""Day buckets of figures: every window is a sum of buckets.

Live, the buckets come from one grouped SQL statement; in a fold they grow fact by fact. Both are
read by the same code, so that live equals fold.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import Program
from loyalty_engine.rating.windows import Days, days_of
from loyalty_engine.rules import Activity, DatedValue, Figure, Measure, Tenure, Window

View = Literal["undone", "in_place", "gross"]
"""How returns enter a figure: as never bought, at the return's own place, or not at all."""

ZERO = Decimal(0)


def view_of(figure: Figure, returns: str) -> View:
    """The view of a figure under a ladder's ``returns`` policy."""
    if not figure.net or returns == "never":
        return "gross"
    return "undone" if returns == "undo" else "in_place"


class Tally:
    """A figure's value for each local day that has one."""

    __slots__ = ("_days", "_sorted", "_total", "figure")

    def __init__(self, figure: Figure, buckets: Iterable[tuple[date, Decimal]] = ()) -> None:
        self.figure = figure
        self._days: dict[date, Decimal] = {}
        self._sorted: list[date] = []
        self._total = ZERO
        for day, value in buckets:
            self.add(day, value)

    def copy(self) -> Tally:
        """A tally that can be added to without changing this one."""
        twin = Tally(self.figure)
        twin._days, twin._sorted, twin._total = dict(self._days), list(self._sorted), self._total
        return twin

    def add(self, day: date, value: Decimal) -> None:
        """Add to a day's bucket; a value below zero lowers it."""
        if not value:
            return
        if day not in self._days:
            insort(self._sorted, day)
        before = self._days.get(day, ZERO)
        self._days[day] = before + value
        self._total += self._worth(before + value) - self._worth(before)

    def by_day(self) -> dict[date, Decimal]:
        """The buckets that hold something."""
        return {day: value for day, value in self._days.items() if value}

    def _worth(self, bucket: Decimal) -> Decimal:
        if self.figure.of == "local_days":
            return Decimal(1) if bucket > 0 else ZERO
        return bucket

    def change(self, day: date, value: Decimal) -> Decimal:
        """By how much the figure would change if the value were added to the day."""
        before = self._days.get(day, ZERO)
        return self._worth(before + value) - self._worth(before)

    def over(self, days: Days) -> Decimal:
        """The figure over some days."""
        if days.start is None and days.end is None:
            return self._total
        first = 0 if days.start is None else bisect_left(self._sorted, days.start)
        last = len(self._sorted) if days.end is None else bisect_left(self._sorted, days.end)
        return sum((self._worth(self._days[day]) for day in self._sorted[first:last]), ZERO)


class Entries:
    """The number of each activity by its place, for each local day: for the largest or the last of them."""

    __slots__ = ("_came", "_days", "figure")

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self._days: dict[date, dict[Place, Decimal]] = {}
        self._came: dict[Place, Place] = {}

    def copy(self) -> Entries:
        """Entries that can be changed without changing these."""
        twin = Entries(self.figure)
        twin._days = {day: dict(numbers) for day, numbers in self._days.items()}
        twin._came = dict(self._came)
        return twin

    def put(self, day: date, place: Place, number: Decimal | None, came: Place | None = None) -> None:
        """What is left of an activity's number; None takes it out. ``came`` is where a merge brought it."""
        if came is not None:
            self._came[place] = came
        if number is not None:
            self._days.setdefault(day, {})[place] = number
        elif day in self._days:
            self._days[day].pop(place, None)

    def by_day(self) -> dict[date, Decimal]:
        """The figure of each day that has an activity, but for those of zero."""
        found = {day: self._taken(numbers) for day, numbers in self._days.items()}
        return {day: value for day, value in found.items() if value}

    def over(self, days: Days, after: Place | None = None, until: Place | None = None) -> Decimal:
        """The figure over some days, of the activities behind a place and known up to another."""
        return self._taken(
            {
                place: number
                for day, numbers in self._days.items()
                if days.hold(day)
                for place, number in numbers.items()
                if (after is None or place > after)
                and (until is None or self._came.get(place, place) <= until)
            }
        )

    def with_next(self, days: Days, number: Decimal | None) -> Decimal:
        """The figure over some days if an activity came after all others."""
        if number is None:
            return self.over(days)
        if self.figure.taking == "last":
            return number
        numbers = [each for day, of_day in self._days.items() if days.hold(day) for each in of_day.values()]
        return max(*numbers, number) if numbers else number

    def _taken(self, numbers: Mapping[Place, Decimal]) -> Decimal:
        if not numbers:
            return ZERO
        return numbers[max(numbers)] if self.figure.taking == "last" else max(numbers.values())


class Figures(Mapping[Measure, Decimal]):
    """The declared measures as read at one point, each worked out when it is first asked for."""

    __slots__ = ("_known", "_measures", "_read")

    def __init__(self, measures: Iterable[Measure], read: Callable[[Measure], Decimal]) -> None:
        self._measures = tuple(measures)
        self._read = read
        self._known: dict[Measure, Decimal] = {}

    def __getitem__(self, measure: Measure) -> Decimal:
        if measure not in self._known:
            if measure not in self._measures:
                raise KeyError(f"measure {measure.key!r} was not declared in measures()")
            self._known[measure] = self._read(measure)
        return self._known[measure]

    def __iter__(self) -> Iterator[Measure]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)


class Tallies:
    """The tallies of one member, by figure and view; and those of each ladder's cycle under way."""

    __slots__ = ("_by_view", "_entries", "cycles")

    def __init__(self) -> None:
        self._by_view: dict[tuple[Figure, View], Tally] = {}
        self._entries: dict[tuple[Figure, View], Entries] = {}
        self.cycles: dict[str, Tallies] = {}

    def copy(self) -> Tallies:
        """Tallies that can be added to without changing these."""
        twin = Tallies()
        twin._by_view = {key: tally.copy() for key, tally in self._by_view.items()}
        twin._entries = {key: entries.copy() for key, entries in self._entries.items()}
        twin.cycles = {ladder: tallies.copy() for ladder, tallies in self.cycles.items()}
        return twin

    def cycle(self, ladder: str) -> Tallies:
        """The tallies of a ladder's cycle under way."""
        return self.cycles.setdefault(ladder, Tallies())

    def of(self, figure: Figure, view: View) -> Tally:
        """The tally of a figure in a view, empty when nothing was added yet."""
        key = (figure, view)
        if key not in self._by_view:
            self._by_view[key] = Tally(figure)
        return self._by_view[key]

    def entries(self, figure: Figure, view: View) -> Entries:
        """The entries of a figure that is no sum, in a view."""
        key = (figure, view)
        if key not in self._entries:
            self._entries[key] = Entries(figure)
        return self._entries[key]

    def by_day(self) -> dict[tuple[Figure, View], dict[date, Decimal]]:
        """The buckets of every figure that hold something, those of cycles left out."""
        found = {key: tally.by_day() for key, tally in self._by_view.items()}
        found |= {key: entries.by_day() for key, entries in self._entries.items()}
        return {key: buckets for key, buckets in found.items() if buckets}

    def figures(
        self,
        measures: Iterable[Measure],
        returns: str,
        day: date,
        joined_on: date,
        *,
        at_boundary: bool = False,
        ladder: str | None = None,
        extra: Activity | None = None,
        values: Mapping[tuple[str, str], object] | None = None,
    ) -> Figures:
        """The measures read on a local day; ``extra`` is counted on that day as if it had been taken.

        The cycle is that of the ladder; without one, no measure may read it. ``values`` are the dated values.
        """

        def read(measure: Measure) -> Decimal:
            if isinstance(measure.figure, Tenure):
                return measure.figure.read(joined_on, day)
            if isinstance(measure.figure, DatedValue):
                return measure.figure.read(values or {}, day)
            if measure.window != "cycle":
                days = days_of(measure.window, day, at_boundary, joined_on)
                return self.over(measure.figure, returns, days, extra if days.hold(day) else None)
            if ladder is None:
                raise KeyError(f"measure {measure.key!r} reads the cycle of no ladder")
            return self.cycle(ladder).over(measure.figure, returns, Days(None, None))

        return Figures(measures, read)

    def over(self, figure: Figure, returns: str, days: Days, extra: Activity | None = None) -> Decimal:
        """A figure over some days under a ladder's ``returns`` policy, with ``extra`` as if it came next."""
        view = view_of(figure, returns)
        if figure.taking != "sum":
            entries = self.entries(figure, view)
            return entries.over(days) if extra is None else entries.with_next(days, figure.reading(extra))
        tally = self.of(figure, view)
        if extra is None:
            return tally.over(days)
        return tally.over(days) + tally.change(extra.local_day, contribution(figure, view, extra, extra))


def contribution(figure: Figure, view: View, gross: Activity, net: Activity | None) -> Decimal:
    """What an activity adds to a sum at its own place; ``net`` is what remains of it in the end."""
    if view == "undone":
        return ZERO if net is None else figure.value(net)
    if view == "gross" and gross.kind == "return":
        return ZERO
    return figure.value(gross)


def tracked_figures(programs: Iterable[Program]) -> tuple[tuple[Figure, View], ...]:
    """Every figure that the programs' rules read, in each view in which one of them reads it."""
    found: dict[tuple[Figure, View], None] = {}
    for program in programs:
        for policy in program.ladders:
            for figure, _ in _of_activities(policy.measures):
                found[(figure, view_of(figure, policy.section.returns))] = None
        for figure, _ in _of_activities(program.measures):
            found[(figure, view_of(figure, "undo" if program.undoes else "from_now"))] = None
    return tuple(found)


def tracked_cycles(programs: Iterable[Program]) -> tuple[tuple[str, Figure, View], ...]:
    """Every figure that a ladder's rules read over its cycle, with the ladder's key."""
    return tuple(
        dict.fromkeys(
            (policy.key, figure, view_of(figure, policy.section.returns))
            for program in programs
            for policy in program.ladders
            for figure, window in _of_activities(policy.measures)
            if window == "cycle"
        )
    )


def _of_activities(measures: Iterable[Measure]) -> Iterator[tuple[Figure, Window]]:
    """The measures that are of the member's activities."""
    for measure in measures:
        if isinstance(measure.figure, Figure):
            yield measure.figure, measure.window
