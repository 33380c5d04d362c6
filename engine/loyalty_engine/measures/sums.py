"""Sums of activities and what they carry, by local day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, String, case, cast, func, literal

from loyalty_engine.entities import ActivityLine, Fact
from loyalty_engine.measures.facts import by_line, of_figure, one_text, summed
from loyalty_engine.rules import Figure
from loyalty_engine.rules.measures import EXACT_NUMBER
from loyalty_engine.store.tables import columns

_fact, _line = columns(Fact), columns(ActivityLine)


def sums_by_day(index: int, figure: Figure, *, gross: bool, since: bool) -> Select[Any]:
    """The sum of a figure's numbers; a linked return lowers that of its purchase's day."""
    value: ColumnElement[Any] = func.coalesce(number_of(index, figure), literal(0))
    if figure.of == "attribute":
        value = case((_fact.reverses_fact_id.is_not(None), -value), else_=value)
    return summed(index, figure, value, of_figure(index, figure), gross=gross, since=since)


def number_of(index: int, figure: Figure) -> Any:
    """A fact's number, NULL without one; that of a linked return is what it takes away."""
    of = _line if by_line(figure) else _fact
    match figure.of:
        case "amount":
            return of.amount
        case "units":
            return case(
                (
                    func.num_nonnulls(of.units, of.closing_units) > 0,
                    func.coalesce(of.units, literal(0)) + func.coalesce(of.closing_units, literal(0)),
                )
            )
        case "attribute":
            written = func.jsonb_extract_path_text(_fact.attributes, one_text(f"attribute_{index}"))
            return case((cast(written, String).regexp_match(literal(EXACT_NUMBER)), cast(written, Numeric)))
        case _:
            return cast(_fact.ones, Numeric)
