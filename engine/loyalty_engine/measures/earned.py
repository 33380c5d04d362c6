"""Points that activities earned, as posted, by local day; in smallest units."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, and_, any_, case, cast, func, literal

from loyalty_engine.entities import Effect, Fact
from loyalty_engine.measures.facts import FACTS, one_text, summed, texts
from loyalty_engine.rules import Figure
from loyalty_engine.store.tables import columns

_fact, _effect = columns(Fact), columns(Effect)

EARNED = ("earned", "funded")
"""Movements of what rules award, whoever pays."""

LOST = ("earned_back", "funded_back", "forgone")
"""Movements of what returns take back of it, and what they want back and has expired."""


def earned_by_day(index: int, figure: Figure, *, gross: bool, since: bool) -> Select[Any]:
    """The points of one currency that rules awarded, less what returns took back of them."""
    movement = func.split_part(_effect.slot, literal("/"), literal(4))
    conditions = [
        _effect.business_id == _fact.business_id,
        _effect.member_id == _fact.member_id,
        _effect.activity_id == _fact.fact_id,
        _effect.kind.in_(("points", "forgone")),
        _effect.rule != literal(""),
        func.split_part(_effect.slot, literal("/"), literal(2)) == one_text(f"currency_{index}"),
        movement.in_((*EARNED, *LOST)),
    ]
    if figure.rules:
        conditions.append(_effect.rule == any_(texts(f"rules_{index}")))
    value = cast(case((movement.in_(EARNED), _effect.value), else_=-_effect.value), Numeric)
    source = FACTS.join(Effect.__table__, and_(*conditions))  # type: ignore[attr-defined]
    return summed(index, figure, value, source, gross=gross, since=since)
