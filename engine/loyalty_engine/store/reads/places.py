"""Where a change of standing stands in the order of the fold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, func, literal, tuple_

from loyalty_engine.entities import Effect, Fact, Standing
from loyalty_engine.store.tables import columns, table

_standing, _effect, _fact = columns(Standing), columns(Effect), columns(Fact)
_bought = table(Fact).alias("bought")

_EARLY: Any = func.coalesce(
    tuple_(_bought.c.source, _bought.c.external_id) > tuple_(_standing.source, _standing.external_id),
    literal(False),
)
PLACE: dict[str, Any] = {
    "effective_at": _standing.effective_at,
    "is_fact": ~_standing.is_boundary,
    "after_source": case((_EARLY, _bought.c.source), else_=_standing.source),
    "after_external_id": case((_EARLY, _bought.c.external_id), else_=_standing.external_id),
    "is_early": _EARLY,
    "source": _standing.source,
    "external_id": _standing.external_id,
}
"""What the changes of a member are sorted by; a return comes right after its purchase of the same instant.

It reads from what ``with_purchases`` makes.
"""


def with_purchases(changes: Any) -> Any:
    """Changes of standing with their effects, joined to the purchases that they return at their instant."""
    return changes.outerjoin(
        table(Fact), and_(_fact.business_id == _effect.business_id, _fact.fact_id == _effect.activity_id)
    ).outerjoin(
        _bought,
        and_(
            _bought.c.business_id == _fact.business_id,
            _bought.c.fact_id == _fact.reverses_fact_id,
            _bought.c.occurred_at == _fact.occurred_at,
        ),
    )
