"""Where members stand, by which claims, how they came there, and how many stand on each tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, not_, or_, select
from sqlalchemy.types import Text

from loyalty_engine.entities import Claim, CurrentStanding, Effect, Member, Standing
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.effects import (
    EffectRow,
    effect_columns,
    effect_from,
    effect_of_first_claim,
    grouped_by,
)
from loyalty_engine.store.reads.pages import (
    PARENTS,
    Page,
    Slice,
    Sort,
    for_each,
    pages_of,
    seek_values,
    sliced,
)
from loyalty_engine.store.reads.places import PLACE, with_purchases
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business, one_of_ids, rows_of
from loyalty_engine.store.tables import columns, table

Place = tuple[datetime, str, str]
"""A place in the order of the fold."""


@dataclass(frozen=True, slots=True)
class StandingRow:
    """Where a member stands on a ladder now; ``ruling`` decided it, empty at joining.

    Of a downgrade that is announced: to which tier, when, and since when it is.
    """

    member_id: UUID
    ladder: str
    tier: str
    since: datetime
    until_at: datetime | None
    next_review_at: datetime | None
    notice_tier: str | None
    notice_at: datetime | None
    noticed_at: datetime | None
    ruling: Mapping[str, Any]
    program_version_id: UUID
    recorded_at: datetime
    is_boundary: bool
    effective_at: datetime
    source: str
    external_id: str

    @property
    def last(self) -> Place | None:
        """The place of the activity that decided; None at a boundary."""
        return None if self.is_boundary else (self.effective_at, self.source, self.external_id)


class MadeBy(NamedTuple):
    """What made a claim, by its natural key."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim in force."""

    claim_id: UUID
    member_id: UUID
    ladder: str
    tier: str
    from_at: datetime
    until_at: datetime | None
    rule: str | None
    locked: bool
    origin: str
    effect: EffectRow

    @property
    def cause(self) -> MadeBy:
        """What made it."""
        return MadeBy(self.effect.cause_kind, self.effect.cause_key)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of standing that stands."""

    standing_id: UUID
    member_id: UUID
    ladder: str
    from_tier: str
    to_tier: str
    effective_at: datetime
    is_boundary: bool
    source: str
    external_id: str
    ruling: Mapping[str, Any]
    effect: EffectRow
    place: tuple[Any, ...] = ()
    """What the list of a member's changes is sorted by, where it is read from that."""

    @property
    def recorded_at(self) -> datetime:
        """When it was decided."""
        return self.effect.recorded_at

    @property
    def last(self) -> Place | None:
        """The place of the activity that decided; None at a boundary."""
        return None if self.is_boundary else (self.effective_at, self.source, self.external_id)


_current, _change = columns(CurrentStanding), columns(Standing)
_claim, _member, _effect = columns(Claim), columns(Member), columns(Effect)
_CHANGE_PART = ChangeRow.__slots__[:-2]
CLAIM_PART = ClaimRow.__slots__[:-1]


_LIVED = func.least(_member.folded_until, _member.paused_at)
"""Up to when ends came: in a pause none does, and without one `least` passes over it."""


def _same(one: Any, other: Any, name: str) -> Any:
    return and_(one.business_id == other.business_id, one[name] == other[name])


_CURRENT = ViewStatement(
    lambda held: (
        select(
            *(_current[name] for name in StandingRow.__slots__[:-7]),
            _change.ruling,
            _effect.program_version_id,
            _effect.recorded_at,
            _change.is_boundary,
            _change.effective_at,
            _change.source,
            _change.external_id,
        )
        .select_from(
            table(CurrentStanding)
            .join(table(Standing), _same(_change, _current, "standing_id"))
            .join(table(Effect), _same(_effect, _change, "effect_id"))
        )
        .where(
            of_business(_current),
            one_of_ids(_current.member_id),
            *linked(_current.member_id, held),
        )
    )
)
_CLAIMS = ViewStatement(
    lambda held: (
        select(*(_claim[name] for name in CLAIM_PART), *effect_columns())
        .select_from(
            effect_of_first_claim(_claim, table(Claim)).join(
                table(Member), _same(_member, _claim, "member_id")
            )
        )
        .where(
            of_business(_claim),
            one_of_ids(_claim.member_id),
            _claim.withdrawn_effect_id.is_(None),
            or_(_claim.until_at.is_(None), _claim.until_at > _LIVED),
            *linked(_claim.member_id, held),
        )
        .order_by(_claim.member_id, _claim.ladder, _claim.from_at, _claim.claim_id)
    )
)
_ENDED = exists(
    select(1).where(
        of_business(_member),
        _member.member_id == _current.member_id,
        or_(_member.status == "merged", _member.closed_at.is_not(None)),
    )
)
"""That who stands somewhere went into another member, or has left."""

_COUNTS = ViewStatement(
    lambda held: (
        select(_current.ladder, _current.tier, func.count())
        .where(of_business(_current), not_(_ENDED), *linked(_current.member_id, held))
        .group_by(_current.ladder, _current.tier)
    )
)


def _changes(held: bool, joined: Callable[[Any], Any] = lambda changes: changes) -> Any:
    return (
        select(*(_change[name] for name in _CHANGE_PART), *effect_columns())
        .select_from(joined(effect_from(_change, table(Standing))))
        .where(
            of_business(_change),
            _change.withdrawn_effect_id.is_(None),
            _change.from_tier.is_not(None),
            *linked(_change.member_id, held),
        )
    )


_CHANGES_BY_ID = ViewStatement(lambda held: _changes(held).where(one_of_ids(_change.standing_id)))
_CHANGES_BY_ACTIVITY = ViewStatement(
    lambda held: (
        _changes(held).where(one_of_ids(_effect.activity_id)).order_by(_change.effective_at, _change.ladder)
    )
)
_CHANGES_BY_EFFECT = ViewStatement(
    lambda held: (
        _changes(held).where(one_of_ids(_effect.effect_id)).order_by(_change.effective_at, _change.ladder)
    )
)


def _change_row(record: Any) -> ChangeRow:
    width = len(_CHANGE_PART)
    end = width + len(EffectRow.__slots__)
    return ChangeRow(*(*record[:width], EffectRow(*record[width:end]), tuple(record[end:])))


async def current_standings(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, dict[str, StandingRow]]:
    """The standings of members, by member and ladder."""
    found: dict[UUID, dict[str, StandingRow]] = {}
    for row in rows_of(StandingRow, await _CURRENT.fetch(connection, view, ids=list(ids))):
        found.setdefault(row.member_id, {})[row.ladder] = row
    return found


async def claims_in_force(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[ClaimRow]]:
    """The claims in force when a member's last boundary was applied, in the order in which they begin.

    While the member is paused no claim ends.
    """
    width = len(CLAIM_PART)
    found: dict[UUID, list[ClaimRow]] = {}
    for record in await _CLAIMS.fetch(connection, view, ids=list(ids)):
        row = ClaimRow(*(*record[:width], EffectRow(*record[width:])))
        found.setdefault(row.member_id, []).append(row)
    return found


async def tier_counts(connection: Connection, view: View) -> dict[tuple[str, str], int]:
    """How many members stand on each tier of each ladder; a tier without members is left out."""
    return {(ladder, tier): number for ladder, tier, number in await _COUNTS.fetch(connection, view)}


async def changes_by_id(connection: Connection, view: View, ids: Sequence[UUID]) -> dict[UUID, ChangeRow]:
    """Changes of standing by id; withdrawn ones are not there."""
    records = await _CHANGES_BY_ID.fetch(connection, view, ids=list(ids))
    return {row.standing_id: row for row in map(_change_row, records)}


async def changes_by_activity(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[ChangeRow]]:
    """Changes of standing that activities caused, by activity."""
    records = await _CHANGES_BY_ACTIVITY.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.effect.activity_id, map(_change_row, records))


async def changes_by_effect(
    connection: Connection, view: View, ids: Sequence[UUID]
) -> dict[UUID, list[ChangeRow]]:
    """Changes of standing that effects are, by effect."""
    records = await _CHANGES_BY_EFFECT.fetch(connection, view, ids=list(ids))
    return grouped_by(lambda row: row.effect.effect_id, map(_change_row, records))


async def change_pages(
    connection: Connection, view: View, ids: Sequence[UUID], ladder: str | None, slice_: Slice
) -> dict[UUID, Page[ChangeRow]]:
    """A page of changes for each member, in the order of the history."""
    statement = _page(ladder is not None, slice_.size, slice_.backward, slice_.beyond is not None)
    given = {"ladder": ladder} if ladder is not None else {}
    grouped: dict[UUID, list[ChangeRow]] = {}
    for parent, *record in await statement.fetch(
        connection, view, ids=list(ids), **given, **seek_values(slice_)
    ):
        grouped.setdefault(parent, []).append(_change_row(record))
    return pages_of(grouped, ids, slice_)


@lru_cache(maxsize=512)
def _page(by_ladder: bool, size: int, backward: bool, seeking: bool) -> ViewStatement:
    place = {**PLACE, "standing_id": _change.standing_id}
    of_ladder = (_change.ladder == bindparam("ladder", type_=Text),) if by_ladder else ()
    return ViewStatement(
        lambda held: for_each(
            sliced(
                _changes(held, with_purchases)
                .add_columns(*(part.label(f"place_{name}") for name, part in place.items()))
                .where(_change.member_id == PARENTS.c.parent_id, *of_ladder),
                Sort(tuple(place.values())),
                size,
                backward,
                seeking,
            )
        )
    )
