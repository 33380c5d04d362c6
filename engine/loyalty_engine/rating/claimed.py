"""The figures that a claim is made on, over the days and cycles of the member."""

from __future__ import annotations

from datetime import date

from loyalty_engine.localtime import local_day
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.judgement import Judgement, figure_key
from loyalty_engine.rating.state import ClaimFigure, LadderState, State
from loyalty_engine.rating.windows import days_of


def cycle_began_on(ladder: LadderState, program: Program) -> date | None:
    """The local day on which the cycle under way began."""
    return None if ladder.cycle is None else local_day(ladder.cycle.began_at, program.zone)


def claim_figures(
    program: Program,
    policy: LadderPolicy,
    judgement: Judgement,
    state: State,
    day: date,
    *,
    at_boundary: bool,
) -> dict[str, ClaimFigure]:
    """What each measure amounted to, and over which days; in a cycle also where that began."""
    ladder, found = state.ladders[policy.key], {}
    began_on = cycle_began_on(ladder, program)
    for rule in policy.rules:
        for measure in program.measures_of[rule]:
            key = figure_key(rule, measure)
            days = days_of(measure.window, day, at_boundary, state.joined_on, began_on)
            after = ladder.cycle.beginning if ladder.cycle is not None and measure.window == "cycle" else None
            found[key] = ClaimFigure(judgement.figures[key], days.start, days.end, after)
    return found
