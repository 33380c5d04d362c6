"""Where a change of standing stands in the order of the fold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, func, literal, select, true, tuple_

from loyalty_engine.entities import Effect, Fact, Standing
from loyalty_engine.store.tables import columns, table

_standing, _effect, _fact = columns(Standing), columns(Effect), columns(Fact)
_bought = table(Fact).alias("bought")
_purchase = (
    select(_bought.c.source, _bought.c.external_id)
    .select_from(
        table(Fact).join(
            _bought,
            and_(
                _bought.c.business_id == _fact.business_id,
                _bought.c.fact_id == _fact.reverses_fact_id,
                _bought.c.occurred_at == _fact.occurred_at,
            ),
        )
    )
    .where(_fact.business_id == _effect.business_id, _fact.fact_id == _effect.activity_id)
    .correlate(table(Effect))
    .offset(0)
    .lateral("purchase")
)
"""The purchase that a change of standing returns at its instant.

The offset holds the planner to one look-up for each change: while nothing is known of the tables it takes the
facts of a business for few, and pairs them all.
"""

_EARLY: Any = func.coalesce(
    tuple_(_purchase.c.source, _purchase.c.external_id) > tuple_(_standing.source, _standing.external_id),
    literal(False),
)
PLACE: dict[str, Any] = {
    "effective_at": _standing.effective_at,
    "is_fact": ~_standing.is_boundary,
    "after_source": case((_EARLY, _purchase.c.source), else_=_standing.source),
    "after_external_id": case((_EARLY, _purchase.c.external_id), else_=_standing.external_id),
    "is_early": _EARLY,
    "source": _standing.source,
    "external_id": _standing.external_id,
}
"""What the changes of a member are sorted by; a return comes right after its purchase of the same instant.

It reads from what ``with_purchases`` makes.
"""


def with_purchases(changes: Any) -> Any:
    """Changes of standing with their effects, joined to the purchases that they return at their instant."""
    return changes.outerjoin(_purchase, true())
