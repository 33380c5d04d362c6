"""From stored rows to the state that a step needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from uuid import UUID

import asyncpg

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Place
from loyalty_engine.measures import Bucket, Wanted, buckets, buckets_since
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import Claim, LadderState, Rulebook, State, enrolled
from loyalty_engine.rating.journal import made_of
from loyalty_engine.rating.ladders import needed
from loyalty_engine.rating.state import ClaimFigure, CycleState, Notice, Pause
from loyalty_engine.rating.tallies import Tallies, View, tracked_cycles, tracked_figures
from loyalty_engine.rules import Figure
from loyalty_engine.services.merged import MERGED
from loyalty_engine.services.row_keys import cause_of
from loyalty_engine.services.stored_wallets import StoredWallets, read_wallets
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.merges import Parts, parts_of
from loyalty_engine.store.states import StateRows, claim_rows, standing_rows, state_rows


@dataclass(frozen=True, slots=True)
class StoredFailure:
    """A rule's failure that waits for a repair."""

    error: str
    parked_at: datetime


@dataclass(slots=True)
class Stored:
    """A member's stored state, with what is needed to write only what changes."""

    member: MemberRow
    state: State
    wallets: StoredWallets = field(default_factory=StoredWallets)
    standing_ids: dict[str, UUID] = field(default_factory=dict)
    claim_ids: dict[EffectKey, UUID] = field(default_factory=dict)
    first_claim_ids: dict[EffectKey, UUID] = field(default_factory=dict)
    claim_figures: dict[UUID, object] = field(default_factory=dict)
    standings: dict[str, asyncpg.Record] = field(default_factory=dict)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    parked: dict[tuple[Cause, str], StoredFailure] = field(default_factory=dict)


def empty_state(member: MemberRow) -> State:
    """The state at enrolment, from which a fold begins."""
    return enrolled(member.external_id, member.enrolled_at, member.joined_on, member.referred_by)


async def stored_states(
    connection: Connection,
    business_id: UUID,
    rulebook: Rulebook,
    members: Sequence[MemberRow],
    *,
    everything: bool = False,
) -> dict[UUID, Stored]:
    """The stored states of some members: claims, lots, counters, values, and the buckets of every figure.

    With ``everything`` also lots that are used up, all that was used of them, and closed holds.
    """
    ids = [member.member_id for member in members]
    rows = await state_rows(connection, business_id, members)
    parts = await parts_of(connection, business_id, ids)
    found = {member.member_id: Stored(member, _begun(member, parts[member.member_id])) for member in members}
    _read_rows(found, rows)
    await read_wallets(connection, business_id, found, everything=everything)
    beginnings = {row["member_id"]: found[row["member_id"]].state.ladders for row in rows.standings}
    tallies = await stored_tallies(connection, business_id, rulebook, ids, beginnings, parts)
    for stored in found.values():
        stored.state.tallies = tallies[stored.member.member_id]
        _read_parked(stored, rulebook)
        _leave_out_outlasted(stored.state, rulebook)
    return found


def _begun(member: MemberRow, parts: Parts) -> State:
    state = empty_state(member)
    state.at, state.closed_at = member.folded_until, member.closed_at
    state.closed = member.closed_at is not None or member.status == MERGED
    state.joined_on = min([member.joined_on, *parts.joined_on])
    state.joined_earlier = state.joined_on < member.joined_on
    state.values = dict(parts.values)
    if member.last_occurred_at is not None:
        state.place = (member.last_occurred_at, member.last_source or "", member.last_external_id or "")
    if member.paused_at is not None:
        state.pause = Pause(member.paused_at, member.paused_until)
    return state


Standings = Mapping[UUID, Mapping[str, LadderState]]
"""Where members stand, by ladder."""


async def stored_tallies(
    connection: Connection,
    business_id: UUID,
    rulebook: Rulebook,
    member_ids: Sequence[UUID],
    standings: Standings,
    parts: Mapping[UUID, Parts],
) -> dict[UUID, Tallies]:
    """The tallies of every figure that the rulebook reads, as after all facts recorded.

    ``standings`` say where the cycles under way began, ``parts`` whose activities count.
    """
    programs = [version.program for version in rulebook.versions]
    decimals = rulebook.decimals
    tallies = {member_id: Tallies() for member_id in member_ids}
    wanted = _by_wanted(tracked_figures(programs))
    absorbed = {member_id: of_member.absorbed for member_id, of_member in parts.items()}
    owners = _owners(member_ids, absorbed)
    for bucket in await buckets(connection, business_id, list(owners), list(wanted)):
        for owner, key in product(owners[bucket.member_id], wanted[bucket.wanted]):
            _add(tallies[owner], key, bucket, decimals)
    by_ladder: dict[str, list[tuple[Figure, View]]] = {}
    for ladder, figure, view in tracked_cycles(programs):
        by_ladder.setdefault(ladder, []).append((figure, view))
    for ladder, figures in by_ladder.items():
        wanted = _by_wanted(figures)
        since = {
            member_id: state.cycle.beginning
            for member_id, ladders in standings.items()
            if (state := ladders.get(ladder)) is not None and state.cycle is not None
        }
        for places, owner_of in _beginnings(since, absorbed):
            for bucket in await buckets_since(connection, business_id, places, list(wanted)):
                for key in wanted[bucket.wanted]:
                    _add(tallies[owner_of[bucket.member_id]].cycle(ladder), key, bucket, decimals)
    return tallies


def _add(tallies: Tallies, key: tuple[Figure, View], bucket: Bucket, decimals: Mapping[str, int]) -> None:
    """Take a bucket over; points are counted in smallest units until here."""
    figure, _ = key
    if bucket.place is not None:
        tallies.entries(*key).put(bucket.day, bucket.place, bucket.value)
    elif figure.currency is not None:
        tallies.of(*key).add(bucket.day, from_smallest_units(int(bucket.value), decimals[figure.currency]))
    else:
        tallies.of(*key).add(bucket.day, bucket.value)


def _owners(member_ids: Sequence[UUID], absorbed: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, list[UUID]]:
    """To whose tallies the activities of each history belong: to its own, and to whose part it is."""
    owners = {member_id: [member_id] for member_id in member_ids}
    for member_id, others in absorbed.items():
        for other in others:
            owners.setdefault(other, []).append(member_id)
    return owners


def _beginnings(
    since: Mapping[UUID, Place], absorbed: Mapping[UUID, Sequence[UUID]]
) -> list[tuple[Mapping[UUID, Place], Mapping[UUID, UUID]]]:
    """Where cycles began, by history, with whose cycles they are; first those of members' own histories."""
    parts = [
        (dict.fromkeys(others, since[member_id]), dict.fromkeys(others, member_id))
        for member_id, others in absorbed.items()
        if member_id in since
    ]
    return [(since, {member_id: member_id for member_id in since}), *parts]


@dataclass(slots=True)
class Present:
    """What a member's ladders would be judged on now: dated values and figures; the standings with their
    cycles only where a rule reads a cycle. ``joined_on`` is when the first of those joined who were absorbed.
    """

    ladders: dict[str, LadderState] = field(default_factory=dict)
    values: dict[tuple[str, str], object] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Tallies)
    joined_on: date | None = None


async def present_states(
    connection: Connection, business_id: UUID, rulebook: Rulebook, member_ids: Sequence[UUID]
) -> dict[UUID, Present]:
    """What some members are judged on, as after everything recorded."""
    found = {member_id: Present() for member_id in member_ids}
    if tracked_cycles(version.program for version in rulebook.versions):
        for row in await standing_rows(connection, business_id, member_ids):
            state = LadderState(row["tier"], row["since"], cycle=cycle_of(row))
            found[row["member_id"]].ladders[row["ladder"]] = state
    parts = await parts_of(connection, business_id, member_ids)
    for member_id, of_member in parts.items():
        found[member_id].values = of_member.values
        found[member_id].joined_on = min(of_member.joined_on, default=None)
    standings = {member_id: present.ladders for member_id, present in found.items()}
    for member_id, tallies in (
        await stored_tallies(connection, business_id, rulebook, member_ids, standings, parts)
    ).items():
        found[member_id].tallies = tallies
    return found


def _by_wanted(figures: Iterable[tuple[Figure, View]]) -> dict[Wanted, list[tuple[Figure, View]]]:
    """The keys of tallies by what is read from the database for them: two views read the same."""
    found: dict[Wanted, list[tuple[Figure, View]]] = {}
    for figure, view in figures:
        found.setdefault(Wanted(figure, view == "gross"), []).append((figure, view))
    return found


def cycle_of(row: asyncpg.Record) -> CycleState | None:
    """The cycle in a row of a current standing."""
    if row["cycle_anchor"] is None:
        return None
    after = None
    if row["cycle_source"] is not None:
        after = (row["cycle_began_at"], row["cycle_source"], row["cycle_external_id"])
    return CycleState(row["cycle_anchor"], row["cycle_began_at"], after, row["cycle_ends_on"])


def _notice_of(row: asyncpg.Record) -> Notice | None:
    if row["notice_tier"] is None:
        return None
    return Notice(row["notice_tier"], row["notice_at"], row["noticed_at"])


def _read_rows(found: dict[UUID, Stored], rows: StateRows) -> None:
    for row in rows.standings:
        stored = found[row["member_id"]]
        stored.state.ladders[row["ladder"]] = LadderState(
            row["tier"], row["since"], cycle=cycle_of(row), notice=_notice_of(row)
        )
        stored.standing_ids[row["ladder"]] = row["standing_id"]
        stored.standings[row["ladder"]] = row
    for row in rows.claims:
        stored = found[row["member_id"]]
        key = EffectKey(cause_of(row), "", row["slot"])
        stored.claim_ids[key], stored.first_claim_ids[key] = row["claim_id"], row["first_claim_id"]
        stored.claim_figures[row["claim_id"]] = row["figures"]
        ladders = stored.state.ladders
        ladder = ladders[row["ladder"]]
        ladders[row["ladder"]] = replace(ladder, claims=(*ladder.claims, _claim(row)))
    for row in rows.counters:
        stored = found[row["member_id"]]
        stored.counters[(row["rule"], row["name"])] = row["used"]
        stored.state.counters[(row["rule"], row["name"])] = row["used"]
    for row in rows.parked:
        failure = StoredFailure(row["error"], row["parked_at"])
        found[row["member_id"]].parked[(cause_of(row), row["rule"])] = failure


def _claim(row: asyncpg.Record) -> Claim:
    figures = {
        key: ClaimFigure(Decimal(value), _day(start), _day(end), _place(*after))
        for key, (value, start, end, *after) in row["figures"].items()
    }
    return Claim(
        row["tier"],
        row["from_at"],
        row["until_at"],
        Cause(row["made_kind"], row["made_key"]),
        row["origin"],
        row["locked"],
        figures,
        cause_of(row) if row["first_claim_id"] != row["claim_id"] else None,
        made_of(row["slot"]),
    )


async def claims_ever(connection: Connection, business_id: UUID, member_id: UUID, ladder: str) -> list[Claim]:
    """All claims of a member on a ladder that nothing withdrew, with those that have ended."""
    return [_claim(row) for row in await claim_rows(connection, business_id, member_id, ladder)]


def _place(written: list[str] | None = None) -> Place | None:
    return None if written is None else (datetime.fromisoformat(written[0]), written[1], written[2])


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _policies(rulebook: Rulebook) -> list[LadderPolicy]:
    return [policy for version in rulebook.versions for policy in version.program.ladders]


def _read_parked(stored: Stored, rulebook: Rulebook) -> None:
    failed = {rule for _, rule in stored.parked}
    for policy in _policies(rulebook):
        if failed & set(policy.rules):
            stored.state.frozen.add(policy.key)


def _leave_out_outlasted(state: State, rulebook: Rulebook) -> None:
    """On each ladder as the last version with it had it, which one that is gone stays as."""
    in_force = rulebook.in_force(state.at)
    for ladder, held in tuple(state.ladders.items()):
        known = rulebook.last_with(in_force, ladder)
        if known is not None:
            state.ladders[ladder] = needed(held, known.program.ladder(ladder))
