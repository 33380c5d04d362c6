"""Where members stood at a moment, and by which claims, from what was posted up to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, case, cast, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by, distinct_on
from sqlalchemy.types import DateTime, Text

from loyalty_engine.entities import Claim, Effect, Fact, Standing
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.effects import EffectRow, effect_columns, effect_of_first_claim
from loyalty_engine.store.reads.moments import MOMENTS, Moment, at_each, known_then, moment_values
from loyalty_engine.store.reads.places import PLACE, with_purchases
from loyalty_engine.store.reads.standings import CLAIM_PART, ClaimRow
from loyalty_engine.store.reads.view import View, ViewStatement, linked, of_business
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class StoodRow:
    """Where a member stood on a ladder, and since when."""

    ladder: str
    tier: str
    since: datetime


_standing, _claim, _effect, _fact = columns(Standing), columns(Claim), columns(Effect), columns(Fact)
_withdrawn, _posted = table(Effect).alias("withdrawn"), table(Effect).alias("posted")


def _same(one: Any, other: Any, name: str, other_name: str | None = None) -> Any:
    return and_(one.business_id == other.business_id, one[name] == other[other_name or name])


def _stood(held: bool) -> Any:
    """The last standing on each ladder among those that were recorded, and not withdrawn, by then."""
    changes = with_purchases(
        table(Effect)
        .join(table(Standing), _same(_standing, _effect, "effect_id"))
        .outerjoin(_withdrawn, _same(_withdrawn.c, _standing, "effect_id", "withdrawn_effect_id"))
    )
    return (
        select(_standing.ladder, _standing.to_tier, _standing.effective_at)
        .ext(distinct_on(_standing.ladder))
        .select_from(changes)
        .where(
            known_then(_effect),
            _effect.kind == "standing",
            or_(_withdrawn.c.effect_id.is_(None), _withdrawn.c.recorded_at > MOMENTS.c.known_at),
            *linked(_effect.member_id, held),
        )
        .order_by(_standing.ladder, *(part.desc() for part in PLACE.values()))
        .correlate(MOMENTS)
    )


def _made(held: bool) -> Any:
    """The effects that make claims which stand: 1 was posted under the key of each, and nothing withdraws it.

    A withdrawal names the key of its claim in its slot. All is found in one pass over the effects: a join of
    the two would be as long as the square of a long history.
    """
    effect = _posted.c
    is_claim = effect.kind == "claim"
    named = func.concat_ws("/", "withdraw", effect.slot, effect.cause_kind, effect.cause_key)
    latest = aggregate_order_by(effect.effect_id, effect.recorded_at.desc(), effect.effect_id.desc())
    last = func.array_agg(latest, type_=ARRAY(Uuid)).filter(is_claim, effect.value > 0)[1]
    return (
        select(last.label("effect_id"))
        .select_from(_posted)
        .where(known_then(effect), effect.kind.in_(("claim", "withdrawal")), *linked(effect.member_id, held))
        .group_by(case((is_claim, named), else_=effect.slot))
        .having(
            func.sum(effect.value).filter(is_claim) > 0,
            func.coalesce(func.sum(effect.value).filter(not_(is_claim)), 0) == 0,
        )
        .correlate(MOMENTS)
        .subquery("made")
    )


def _rests_since(held: bool) -> Any:
    """When the pause began that was under way, if one was: no claim ends in it."""
    until_at = cast(_fact.attributes["until"].astext, DateTime(timezone=True))
    lasts = and_(_fact.kind == "pause", or_(until_at.is_(None), until_at > MOMENTS.c.at))
    return (
        select(case((lasts, _fact.occurred_at)))
        .where(
            of_business(_fact),
            _fact.member_id == MOMENTS.c.member_id,
            _fact.kind.in_(("pause", "resume")),
            _fact.occurred_at <= MOMENTS.c.at,
            _fact.recorded_at <= MOMENTS.c.known_at,
            *linked(_fact.member_id, held),
        )
        .order_by(_fact.occurred_at.desc(), _fact.source.desc(), _fact.external_id.desc())
        .limit(1)
        .correlate(MOMENTS)
        .scalar_subquery()
    )


def _claims(held: bool) -> Any:
    """The claims in force; where the last one on the tier held is over and its end is not folded yet, it.

    What is over before that one was folded, and is no more. In a pause those of its beginning are in force.
    """
    made, stood = _made(held), _stood(held).subquery("stood")
    end = func.coalesce(_claim.until_at, cast(literal("infinity", Text), DateTime(timezone=True)))
    own = func.max(end).filter(_claim.tier == stood.c.to_tier, end > stood.c.effective_at)
    found = (
        select(
            *(_claim[name] for name in CLAIM_PART),
            *effect_columns(),
            end.label("ends_at"),
            own.over(partition_by=_claim.ladder).label("held_until"),
        )
        .select_from(
            effect_of_first_claim(
                _claim, made.join(table(Claim), _claim.effect_id == made.c.effect_id)
            ).outerjoin(stood, stood.c.ladder == _claim.ladder)
        )
        .where(of_business(_claim))
        .correlate(MOMENTS)
        .subquery("claims")
    )
    shown = [each for each in found.c if each.name not in ("ends_at", "held_until")]
    lived = func.coalesce(_rests_since(held), MOMENTS.c.at)
    return (
        select(*shown)
        .where(or_(found.c.ends_at > lived, found.c.ends_at >= found.c.held_until))
        .order_by(found.c.ladder, found.c.from_at, found.c.claim_id)
    )


def _said(held: bool) -> Any:
    """The changes of standing and the notices that stand, with the ladder and the place in the order of each.

    A change takes back the notice before it; what is announced by what made the change comes after it.
    """
    effect = _posted.c
    is_notice = effect.kind == "notice"
    latest = aggregate_order_by(effect.effective_at, effect.recorded_at.desc(), effect.effect_id.desc())
    key = case((effect.cause_kind.in_(("activity", "value")), cast(effect.cause_key, JSON)), else_=None)
    return (
        select(
            effect.slot,
            is_notice.label("is_notice"),
            func.split_part(effect.slot, "/", case((is_notice, 2), else_=1)).label("ladder"),
            func.array_agg(latest, type_=ARRAY(DateTime(timezone=True)))
            .filter(effect.value > 0)[1]
            .label("effective_at"),
            (effect.cause_kind != "enrolment").label("is_later"),
            func.coalesce(key[0].astext.collate("C"), "").label("source"),
            func.coalesce(key[1].astext.collate("C"), "").label("external_id"),
        )
        .select_from(_posted)
        .where(known_then(effect), effect.kind.in_(("standing", "notice")), *linked(effect.member_id, held))
        .group_by(effect.cause_kind, effect.cause_key, effect.slot, effect.kind)
        .having(func.sum(effect.value) > 0)
        .correlate(MOMENTS)
        .subquery("said")
    )


def _noticed(held: bool) -> Any:
    """The last thing said on each ladder, where it is a notice: its slot tells it."""
    said = _said(held).c
    order = (said.effective_at, said.is_later, said.source, said.external_id, said.is_notice)
    last = (
        select(said.ladder, said.slot, said.is_notice)
        .ext(distinct_on(said.ladder))
        .order_by(said.ladder, *(part.desc() for part in order))
        .correlate(MOMENTS)
        .subquery("last")
    )
    return select(last.c.ladder, last.c.slot).where(last.c.is_notice)


_STOOD = ViewStatement(lambda held: at_each(_stood(held)))
_CLAIMS = ViewStatement(lambda held: at_each(_claims(held)))
_NOTICED = ViewStatement(lambda held: at_each(_noticed(held)))


async def standings_then(
    connection: Connection, view: View, moments: Sequence[Moment]
) -> dict[Moment, dict[str, StoodRow]]:
    """Where members stood, by moment and ladder; nowhere before they were enrolled."""
    found: dict[Moment, dict[str, StoodRow]] = {}
    for number, *values in await _STOOD.fetch(connection, view, **moment_values(moments)):
        row = StoodRow(*values)
        found.setdefault(moments[number - 1], {})[row.ladder] = row
    return found


async def claims_then(
    connection: Connection, view: View, moments: Sequence[Moment]
) -> dict[Moment, list[ClaimRow]]:
    """The claims that were in force, by moment, in the order in which they begin."""
    width = len(CLAIM_PART)
    found: dict[Moment, list[ClaimRow]] = {}
    for number, *record in await _CLAIMS.fetch(connection, view, **moment_values(moments)):
        row = ClaimRow(*(*record[:width], EffectRow(*record[width:])))
        found.setdefault(moments[number - 1], []).append(row)
    return found


async def notices_then(
    connection: Connection, view: View, moments: Sequence[Moment]
) -> dict[Moment, dict[str, str]]:
    """The slots that tell of the last notices, or that they held no more, by moment and ladder."""
    found: dict[Moment, dict[str, str]] = {}
    for number, ladder, slot in await _NOTICED.fetch(connection, view, **moment_values(moments)):
        found.setdefault(moments[number - 1], {})[ladder] = slot
    return found
