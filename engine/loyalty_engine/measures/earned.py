"""Points that activities earned, as posted, by local day; in smallest units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Numeric, Select, and_, any_, case, cast, func, literal, select

from loyalty_engine.entities import Effect, Fact
from loyalty_engine.measures.facts import FACTS, of_members, one_text, summed, texts
from loyalty_engine.rules import Figure
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns

_fact, _effect = columns(Fact), columns(Effect)

EARNED = ("earned", "funded")
"""Movements of what rules award, whoever pays."""

LOST = ("earned_back", "funded_back", "forgone")
"""Movements of what returns take back of it, and what they want back and has expired."""

EFFECTS: Any = Effect.__table__  # type: ignore[attr-defined]
_MOVEMENT = func.split_part(_effect.slot, literal("/"), literal(4))
_CURRENCY = func.split_part(_effect.slot, literal("/"), literal(2))
_VALUE = case((_MOVEMENT.in_(EARNED), _effect.value), else_=-_effect.value)


def earned_by_day(index: int, figure: Figure, *, gross: bool, since: bool) -> Select[Any]:
    """The points of one currency that rules awarded, less what returns took back of them."""
    conditions = [*_of_facts(), one_text(f"currency_{index}") == _CURRENCY]
    if figure.rules:
        conditions.append(_effect.rule == any_(texts(f"rules_{index}")))
    source = FACTS.join(EFFECTS, and_(*conditions))
    return summed(index, figure, cast(_VALUE, Numeric), source, gross=gross, since=since)


def _of_facts() -> list[ColumnElement[bool]]:
    """The effects by which activities earned, or returns took back."""
    return [
        _effect.business_id == _fact.business_id,
        _effect.member_id == _fact.member_id,
        _effect.activity_id == _fact.fact_id,
        _effect.kind.in_(("points", "forgone")),
        _effect.rule != literal(""),
        _MOVEMENT.in_((*EARNED, *LOST)),
    ]


_BY_FACT = Statement(
    select(
        _fact.member_id,
        _fact.source,
        _fact.external_id,
        _effect.rule,
        _CURRENCY.label("currency"),
        cast(func.sum(_VALUE), Numeric).label("units"),
    )
    .select_from(FACTS.join(EFFECTS, and_(*_of_facts())))
    .where(*of_members())
    .group_by(_fact.member_id, _fact.source, _fact.external_id, _effect.rule, _CURRENCY)
)


async def earned_by_fact(
    connection: Connection, business_id: UUID, member_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """The points that each activity of some members earned, by rule and currency; below zero for returns."""
    return await _BY_FACT.fetch(connection, business_id=business_id, member_ids=list(member_ids))
