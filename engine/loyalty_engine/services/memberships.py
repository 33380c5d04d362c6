"""The terms of membership that applications granted, as a member holds them at an instant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from loyalty_engine.ledger.effects import Cause
from loyalty_engine.rating import Ask, State, run
from loyalty_engine.rating.admission import Admitted, Membership, membership, prolonged
from loyalty_engine.rating.facts import key_text
from loyalty_engine.rating.state import PROLONGING
from loyalty_engine.rating.tiers import tier_later
from loyalty_engine.services.answers import Given
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.histories import begun, histories
from loyalty_engine.services.merged import part_of
from loyalty_engine.services.states import claims_ever
from loyalty_engine.store.applications import admissions
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow


async def held(
    deciding: Deciding, connection: Connection, member: MemberRow, rule: str, at: datetime
) -> tuple[Membership | None, State]:
    """The term that a rule granted a locked member last, of those that still last, and the member then.

    A term whose end grace or a notice puts off still lasts. A merge brings terms.
    """
    state = await _state_at(deciding, connection, member, at)
    zone, ended = deciding.business.zone, None
    async for admitted in _admissions(deciding, connection, member, rule, at):
        found = membership(state, admitted, at, zone)
        if found is None and _is_put_off(state, admitted):
            claims = await claims_ever(
                connection, deciding.business.business_id, member.member_id, admitted.ladder
            )
            ended = ended or prolonged(state, admitted, claims, at, zone)
        if found is not None:
            return found, state
    return ended, state


async def _admissions(
    deciding: Deciding, connection: Connection, member: MemberRow, rule: str, at: datetime
) -> AsyncIterator[Admitted]:
    business_id = deciding.business.business_id
    parts = await part_of(connection, business_id, member.member_id)
    for row in await admissions(connection, business_id, parts, rule):
        said, occurred_at = row["attributes"], row["occurred_at"]
        yield Admitted(
            Cause("activity", key_text(row["source"], row["external_id"])),
            said["ladder"],
            tier_later(deciding.rulebook, said["ladder"], said["tier"], occurred_at, at),
            said["evidence"],
            is_brought=row["member_id"] != member.member_id,
        )


def _is_put_off(state: State, admitted: Admitted) -> bool:
    ladder = state.ladders.get(admitted.ladder)
    return ladder is not None and any(
        claim.origin in PROLONGING and claim.tier == admitted.tier for claim in ladder.claims
    )


async def _state_at(deciding: Deciding, connection: Connection, member: MemberRow, at: datetime) -> State:
    """The member as it is at an instant; where that is over, by all that is known of the time before."""
    if at >= deciding.instant(member):
        return await deciding.state(member)
    found = await histories(connection, deciding.business.business_id, deciding.rulebook, [member])
    history = found[member.member_id]

    def granted(ask: Ask) -> int:
        return min(ask.units, history.given.get(ask.key, Given()).granted)

    folding, facts = begun(deciding.rulebook, history)
    for fact in facts:
        if fact.occurred_at < at:
            run(folding.take(fact), granted)
    folding.advance(at)
    return folding.state
