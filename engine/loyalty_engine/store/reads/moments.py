"""Members at other times: what was posted up to an instant, as far as it was recorded by another.

Everything that is read here is only ever added to, so that an answer never changes once no write of
its ``known_at`` is under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, bindparam, column, func, select, true
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import DateTime

from loyalty_engine.store.reads.view import of_business

ALWAYS = datetime.max.replace(tzinfo=UTC)
"""Later than everything, as an instant and as what is known."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A member at an instant, as known at another; both include what has that very instant."""

    member_id: UUID
    at: datetime
    known_at: datetime


_INSTANT = DateTime(timezone=True)
MOMENTS: Any = (
    func.unnest(
        bindparam("members", type_=ARRAY(Uuid)),
        bindparam("instants", type_=ARRAY(_INSTANT)),
        bindparam("known", type_=ARRAY(_INSTANT)),
    )
    .table_valued(
        column("member_id", Uuid),
        column("at", _INSTANT),
        column("known_at", _INSTANT),
        with_ordinality="number",
    )
    .render_derived(name="moment")
)
"""The moments asked for; ``number`` counts them from 1."""


def moment_values(moments: Sequence[Moment]) -> dict[str, object]:
    """The parameters of a statement that reads from MOMENTS."""
    return {
        "members": [moment.member_id for moment in moments],
        "instants": [moment.at for moment in moments],
        "known": [moment.known_at for moment in moments],
    }


def known_then(row: Any) -> Any:
    """That a row with times of its own is the member's, in effect and recorded by then."""
    return and_(
        of_business(row),
        row.member_id == MOMENTS.c.member_id,
        row.effective_at <= MOMENTS.c.at,
        row.recorded_at <= MOMENTS.c.known_at,
    )


def at_each(found: Select[Any]) -> Select[Any]:
    """What a statement finds that names MOMENTS, for each of them in turn, with its number first.

    The offset holds the planner to that: taken all at once, rows would be compared with every moment.
    """
    each = found.correlate(MOMENTS).offset(0).lateral("found")
    return select(MOMENTS.c.number, *each.c).select_from(MOMENTS.join(each, true()))
