"""What a ladder's rules will read at an instant at which it decides, if nothing comes until then.

From it follows of each condition what is missing, who can bring it, since when it counts and until when it
has to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from loyalty_engine.localtime import DAY, add_months, first_instant, local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.explain import unit_of
from loyalty_engine.rating.facts import GIFT
from loyalty_engine.rating.tallies import Tallies, view_of
from loyalty_engine.rating.windows import Days, days_of
from loyalty_engine.rules import (
    AtLeast,
    DatedValue,
    Figure,
    Measure,
    Previous,
    Reading,
    RollingDays,
    RollingMonths,
    Tenure,
    Term,
    Window,
    held_until,
)

Means = Literal["activity", "single_activity", "points", "others", "time", "several"]
"""By what a figure rises."""

Opinions = Mapping[str, Mapping[str, bool]]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of one rule: what there is, what is needed, by what it rises, and when."""

    rule: str
    have: Decimal
    need: Decimal
    unit: str
    by: datetime | None
    place: tuple[int, ...]
    """Where it stands in the tree and in its rule's requirement; two rules may ask for the same."""
    since: datetime | None = None
    """Since when what comes counts; None: already."""
    means: Means = "activity"
    begins_anew: bool = False
    """Whether a change of tier on the way may begin the cycle anew in which it is counted, or is reviewed."""

    @property
    def missing(self) -> Decimal:
        """How much is still needed."""
        return max(ZERO, self.need - self.have)

    @property
    def distance(self) -> Decimal:
        """What is missing as a part of what is needed."""
        if not self.missing:
            return ZERO
        return self.missing / self.need if self.need > 0 else Decimal(1)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member on a ladder now: what came so far, and what holds."""

    day: date
    joined_on: date
    tallies: Tallies = field(default_factory=Tallies)
    values: Mapping[tuple[str, str], object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to but without another; None is without a limit on that side."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Sight:
    """One point at which a ladder decides.

    ``figures`` are those of ``day``, ``opinions`` what rules without figures say then; ``by`` is the review
    that decides, ``not_before`` when the tier is reached at the earliest, None being at once. ``cycle`` are
    the limits of the one that is read.
    """

    program: Program
    policy: LadderPolicy
    known: Known
    figures: Mapping[Measure, Decimal]
    opinions: Opinions = field(default_factory=dict)
    day: date | None = None
    at_boundary: bool = False
    by: datetime | None = None
    not_before: datetime | None = None
    cycle: Span = Span(None, None)
    restarts: bool = False
    """Whether a rise on the way begins the cycle anew."""
    lowest: int = 0
    """The rank on which the member may stand before: that of the tier held, or the base after a fall."""
    moves: bool = False
    """Whether a fall on the way would begin the cycle anew at whose end it decides."""
    drifts: bool = False
    """Whether a fall at a time that is not known may begin the cycle anew on the way."""

    @property
    def read_on(self) -> date:
        """The local day on which it decides."""
        return self.day or self.known.day

    def condition(
        self, rule: str, asked: AtLeast, place: tuple[int, ...], *, next_above: bool = True
    ) -> Condition:
        """A condition as it stands then; one of time alone, as it stands now.

        Where the tier is not the ``next_above``, others are reached on the way.
        """
        unit, means = unit_of(self.program, asked), means_of(asked)
        if means == "time":
            return Condition(rule, self._grown(asked), asked.bound, unit, None, place, None, means)
        counted = [term for term in asked.terms if isinstance(term.measure.figure, Figure)]
        spans = [self._span(term.measure.window) for term in counted]
        starts = (span.start for span in spans if span.start is not None)
        later = [start for start in starts if local_day(start, self.program.zone) > self.known.day]
        ends = [self.by, *(span.end for span in spans), self._worse_at(asked)]
        by = min((end for end in ends if end is not None), default=None)
        rises = self.restarts and not next_above
        in_cycle = any(term.measure.window == "cycle" for term in counted)
        anew = self.moves or (in_cycle and (rises or self.drifts))
        return Condition(
            rule,
            asked.have(self.figures),
            asked.bound,
            unit,
            by,
            place,
            max(later, default=None),
            means,
            anew,
        )

    def is_open(self, asked: AtLeast) -> bool:
        """Whether a condition is met then, or can be: neither time alone nor what is over meets it."""
        return asked.met(self.figures) or any(
            term.weight > 0 and self._rises(term, asked) for term in asked.terms
        )

    def opens_on(self, asked: AtLeast) -> date | None:
        """The first day on which one that is not open may be; None: never."""
        if means_of(asked) == "time":
            return _long_enough(asked, self.known.joined_on)
        days = [
            self._next_window(term.measure.window)
            for term in asked.terms
            if isinstance(term.measure.figure, Figure)
        ]
        return min((day for day in days if day is not None), default=None)

    def _grown(self, asked: AtLeast) -> Decimal:
        tenure = Tenure().read(self.known.joined_on, self.known.day)
        return asked.have({term.measure: tenure for term in asked.terms})

    def _rises(self, term: Term, asked: AtLeast) -> bool:
        measure = term.measure
        if not isinstance(measure.figure, Figure):
            return isinstance(measure.figure, DatedValue)
        if measure.window == "cycle":
            return True
        days = self._days(measure.window)
        if days.end is not None and days.end <= self.known.day:
            return False
        most = term.weight * self._days_left(measure, days)
        return len(asked.terms) > 1 or most >= asked.bound - asked.have(self.figures)

    def _days_left(self, measure: Measure, days: Days) -> Decimal:
        """How many days can still be counted, of what is counted by days in a window with an end."""
        figure = measure.figure
        rolls = isinstance(measure.window, RollingDays | RollingMonths) and not self.at_boundary
        if not isinstance(figure, Figure) or figure.of != "local_days" or days.end is None or rolls:
            return Decimal("Infinity")
        first = max(self.known.day, days.start or self.known.day)
        tally = self.known.tallies.of(figure, view_of(figure, self.policy.section.returns))
        counted = 1 - tally.change(first, Decimal(1)) if first == self.known.day else ZERO
        return (days.end - first).days - counted

    def _next_window(self, window: Window) -> date | None:
        day = self.known.day
        if isinstance(window, Previous):
            return days_of(window.previous, day, False, self.known.joined_on).end
        if window in ("lifetime", "cycle") or isinstance(window, RollingDays | RollingMonths):
            return None
        return days_of(window, day, False, self.known.joined_on).end

    def _days(self, window: Window) -> Days:
        return days_of(window, self.read_on, self.at_boundary, self.known.joined_on)

    def _span(self, window: Window) -> Span:
        """When what comes is read; one that rolls and is read now has no end for everything at once."""
        if window == "cycle":
            return self.cycle
        days, zone = self._days(window), self.program.zone
        start = None if days.start is None else first_instant(days.start, zone)
        rolls = isinstance(window, RollingDays | RollingMonths)
        if days.end is None or (rolls and self.read_on == self.known.day):
            return Span(start, None)
        return Span(start, first_instant(days.end, zone))

    def _worse_at(self, asked: AtLeast) -> datetime | None:
        """When more will be missing of a condition that is read now, as something leaves or holds no more."""
        if self.at_boundary or self.read_on != self.known.day:
            return None
        known, missing = self.known, asked.bound - asked.have(self.figures)
        for day in sorted({day for term in asked.terms for day in self._leaving(term.measure)}):
            figures = known.tallies.figures(
                [term.measure for term in asked.terms],
                self.policy.section.returns,
                day,
                known.joined_on,
                ladder=self.policy.key,
                values=known.values,
            )
            if asked.bound - asked.have(figures) > max(ZERO, missing):
                return first_instant(day, self.program.zone)
        return None

    def _leaving(self, measure: Measure) -> Iterator[date]:
        """The days on which something leaves a window that rolls, or a value ends."""
        figure, window = measure.figure, measure.window
        if isinstance(figure, DatedValue):
            _, until = held_until(self.known.values.get((figure.kind, figure.key)))
            if until is not None and until > self.known.day:
                yield until
        elif isinstance(figure, Figure) and isinstance(window, RollingDays | RollingMonths):
            days = self._days(window)
            view = view_of(figure, self.policy.section.returns)
            tallies = self.known.tallies
            kept = tallies.of(figure, view) if figure.taking == "sum" else tallies.entries(figure, view)
            yield from (_gone_on(day, window) for day in kept.by_day() if days.hold(day))


def _gone_on(day: date, window: RollingDays | RollingMonths) -> date:
    """The first day on which a window that rolls holds a day no more."""
    if isinstance(window, RollingDays):
        return day + window.rolling_days * DAY
    gone = add_months(day, window.rolling_months)
    while add_months(gone, -window.rolling_months) < day:
        gone += DAY
    return gone


def _long_enough(asked: AtLeast, joined_on: date) -> date | None:
    """The day on which a membership is long enough; None beyond the calendar."""
    weight = sum((term.weight for term in asked.terms), ZERO)
    if weight <= 0:
        return None
    months = int((asked.bound / weight).to_integral_value(ROUND_CEILING))
    try:
        return Tenure.reached_on(joined_on, months)
    except ValueError:
        return None


def means_of(asked: AtLeast) -> Means:
    """By what a condition comes to be met."""
    found = {_rises_by(term.measure.figure) for term in asked.terms}
    return found.pop() if len(found) == 1 else "several"


def _rises_by(figure: Reading) -> Means:
    if isinstance(figure, Tenure):
        return "time"
    if isinstance(figure, DatedValue) or figure.kinds == (GIFT,):
        return "others"
    if figure.of == "earned":
        return "points"
    return "activity" if figure.taking == "sum" else "single_activity"
