"""What of lots is gone at an instant, also where it is reckoned from the last activity that keeps points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, and_, bindparam, column, false, func, literal, not_, or_
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Counter, Lot
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class IdleEnds:
    """What is gone at an instant of a currency whose points end with idleness.

    Of what was earned before ``earned_before`` all is gone, unless it was kept on a later day than
    ``kept_until``, a day's ordinal.
    """

    currency: str
    earned_before: datetime
    kept_until: int


_INSTANT = DateTime(timezone=True)
_lot, _counter = columns(Lot), columns(Counter)

NOW = bindparam("now", type_=_INSTANT)
IDLE: Any = (
    func.unnest(
        bindparam("idle_currencies", type_=ARRAY(Text)),
        bindparam("idle_earned_before", type_=ARRAY(_INSTANT)),
        bindparam("idle_kept_until", type_=ARRAY(BigInteger)),
    )
    .table_valued(
        column("currency", Text), column("earned_before", _INSTANT), column("kept_until", BigInteger)
    )
    .render_derived(name="idle")
)
KEPT = func.coalesce(_counter.used, 0)
"""The ordinal of the last day on which something kept the lot's currency; 0 where nothing did."""


def lots_with_kept() -> Any:
    """Lots, each with the counter of the last day on which its currency was kept."""
    return table(Lot).outerjoin(
        table(Counter),
        and_(
            _counter.business_id == _lot.business_id,
            _counter.member_id == _lot.member_id,
            _counter.rule == literal(""),
            _counter.name == literal("kept/") + _lot.currency,
        ),
    )


def lots_with_ends() -> Any:
    """The same, with what says when idle ones are gone."""
    return lots_with_kept().outerjoin(IDLE, IDLE.c.currency == _lot.currency)


def not_over() -> Any:
    """That the lot's end has not come ``:now``; of the lots of ``lots_with_ends``."""
    idle = and_(_lot.expires_at.is_(None), _lot.earned_at < IDLE.c.earned_before, IDLE.c.kept_until >= KEPT)
    return not_(func.coalesce(or_(_lot.expires_at <= NOW, idle), false()))


def end_values(now: datetime, idle: Sequence[IdleEnds]) -> dict[str, object]:
    """The parameters of a statement that has ``not_over``."""
    return {
        "now": now,
        "idle_currencies": [each.currency for each in idle],
        "idle_earned_before": [each.earned_before for each in idle],
        "idle_kept_until": [each.kept_until for each in idle],
    }
