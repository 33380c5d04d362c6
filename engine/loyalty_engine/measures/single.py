"""The largest number of a single activity, or that of the last one, by local day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from loyalty_engine.entities import Fact
from loyalty_engine.measures.facts import FACTS, behind_places, of_figure, of_members, taken
from loyalty_engine.measures.sums import number_of
from loyalty_engine.rules import Figure
from loyalty_engine.store.tables import columns

_fact = columns(Fact)


def single_by_day(index: int, figure: Figure, *, gross: bool, since: bool) -> Select[Any]:
    """For each member and day the number that the figure takes, with the place of its activity.

    Linked returns lower the number of their purchase; one that is returned whole has none any more.
    """
    entry = _entries(index, figure, gross=gross, since=since).subquery(f"entry_{index}")
    bought = FACTS.alias(f"bought_{index}")
    conditions: list[ColumnElement[bool]] = [bought.c.kind != literal("return")]
    if not gross:
        back = FACTS.alias(f"back_{index}")
        conditions.append(
            ~exists(
                select(literal(1)).where(
                    back.c.business_id == bought.c.business_id,
                    back.c.reverses_fact_id == bought.c.fact_id,
                    back.c.ones == literal(-1),
                )
            )
        )
    order: list[Any] = [bought.c.occurred_at.desc(), bought.c.source.desc(), bought.c.external_id.desc()]
    if figure.taking == "largest":
        order.insert(0, entry.c.value.desc())
    return (
        select(
            entry.c.member_id,
            literal(index).label("figure"),
            entry.c.day,
            entry.c.value,
            bought.c.occurred_at.label("at"),
            bought.c.source,
            bought.c.external_id,
        )
        .select_from(
            entry.join(
                bought,
                and_(bought.c.business_id == entry.c.business_id, bought.c.fact_id == entry.c.bought_id),
            )
        )
        .where(*conditions)
        .ext(distinct_on(entry.c.member_id, entry.c.day))
        .order_by(entry.c.member_id, entry.c.day, *order)
    )


def _entries(index: int, figure: Figure, *, gross: bool, since: bool) -> Select[Any]:
    """What is left of the number of each activity that has one."""
    number = number_of(index, figure)
    first = case((_fact.reverses_fact_id.is_(None), number))
    left = func.sum(first if figure.of == "attribute" else number)
    bought_id = func.coalesce(_fact.reverses_fact_id, _fact.fact_id)
    source, conditions = of_figure(index, figure), [*of_members(), *taken(index, figure, gross=gross)]
    if since:
        source, behind = behind_places(source)
        conditions.append(behind)
    return (
        select(
            _fact.business_id,
            _fact.member_id,
            _fact.counts_on.label("day"),
            bought_id.label("bought_id"),
            left.label("value"),
        )
        .select_from(source)
        .where(*conditions)
        .group_by(_fact.business_id, _fact.member_id, _fact.counts_on, bought_id)
        .having(func.count(first) > 0)
    )
