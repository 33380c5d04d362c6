"""What histories caused in others: what is posted about it, and the activities that it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from loyalty_engine.entities import Effect, Fact
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.activities import ActivityRow, activities
from loyalty_engine.store.reads.effects import EffectRow, effect_columns, grouped_by
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class GiftRow:
    """How many smallest units more a history gives to another member, or less."""

    units: int
    effect: EffectRow


_effect, _fact = columns(Effect), columns(Fact)
_reversal = table(Fact).alias("reversal")


def _gifts(held: bool) -> Any:
    return (
        select(_effect.value, *effect_columns())
        .where(of_business(_effect), _effect.kind == "caused", *linked(_effect.member_id, held))
        .order_by(_effect.effect_id)
    )


_BY_EFFECT = ViewStatement(lambda held: _gifts(held).where(one_of_ids(_effect.effect_id)))
_BY_ACTIVITY = ViewStatement(lambda held: _gifts(held).where(one_of_ids(_effect.activity_id)))
_STANDING = ViewStatement(
    lambda held: (
        activities(held)
        .where(
            one_of_ids(_fact.about_fact_id),
            _fact.kind == "gift",
            ~exists(select(1).where(of_business(_reversal.c), _reversal.c.reverses_fact_id == _fact.fact_id)),
        )
        .order_by(_fact.fact_id)
    )
)


async def gifts_by_effect(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, GiftRow]:
    """Gifts by the id of their effect."""
    records = await _BY_EFFECT.fetch(connection, view, ids=list(ids))
    return {row.effect.effect_id: row for row in map(_gift, records)}


async def gifts_by_activity(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[GiftRow]]:
    """Gifts that activities caused, by activity."""
    records = await _BY_ACTIVITY.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.effect.activity_id, map(_gift, records))


async def standing_gifts(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[ActivityRow]]:
    """The activities of other members that are the gifts of activities and were not reversed, by cause."""
    records = await _STANDING.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.about_fact_id, (ActivityRow(*record) for record in records))


def _gift(record: Any) -> GiftRow:
    units, *effect = record
    return GiftRow(units, EffectRow(*effect))
