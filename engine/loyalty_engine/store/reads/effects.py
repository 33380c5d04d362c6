"""What every effect has: its cause, its rule, when it took effect, and the program that decided it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import and_

from loyalty_engine.entities import Claim, Effect
from loyalty_engine.store.tables import columns, or_itself, table

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One posting under its key; ``rule`` is empty for the program itself."""

    effect_id: UUID
    cause_kind: str
    cause_key: str
    activity_id: UUID | None
    boundary_at: datetime | None
    rule: str
    effective_at: datetime
    recorded_at: datetime
    program_version_id: UUID
    slot: str


_effect = columns(Effect)


def effect_columns() -> list[Any]:
    """The columns of an EffectRow, under names that no other table's columns have."""
    return [_effect[name].label(f"effect_{name}") for name in EffectRow.__slots__]


def effect_from(owner: Any, owner_table: Any) -> Any:
    """A table whose rows each name their effect, joined to it."""
    return owner_table.join(
        table(Effect),
        and_(_effect.business_id == owner.business_id, _effect.effect_id == owner.effect_id),
    )


def effect_of_first_claim(claim: Any, claim_table: Any) -> Any:
    """A table that has claims, joined to the effects that made them, before pauses moved their ends."""
    first = table(Claim).alias("first_claim")
    return claim_table.join(
        first,
        and_(
            first.c.business_id == claim.business_id,
            first.c.claim_id == or_itself(claim.moves_claim_id, claim.claim_id),
        ),
    ).join(
        table(Effect),
        and_(_effect.business_id == first.c.business_id, _effect.effect_id == first.c.effect_id),
    )


def grouped_by(key: Callable[[Row], UUID | None], rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    """Rows by what they belong to, in their order; a row that belongs to nothing is left out."""
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        owner = key(row)
        if owner is not None:
            found.setdefault(owner, []).append(row)
    return found
