"""Merging two memberships: all of one goes into the other, which answers for both (BEHAVIOUR L25)."""

from __future__ import annotations

from datetime import datetime

from loyalty_engine.entities import Outbox
from loyalty_engine.rating import Folding
from loyalty_engine.services import checks
from loyalty_engine.services.carrying import everything_of, pair_of
from loyalty_engine.services.commands import MembersMerged, MergeMembers
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.events import Events
from loyalty_engine.services.operations import once
from loyalty_engine.services.posting import Rows
from loyalty_engine.services.refusals import Refusal, invalid
from loyalty_engine.services.states import stored_states
from loyalty_engine.services.votes import close_over
from loyalty_engine.store.applications import open_applications
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, locked_members
from loyalty_engine.store.merges import close_member, insert_merge
from loyalty_engine.store.rows import insert_rows


async def merge_members(
    engine: Engine, caller: Caller, key: str, command: MergeMembers
) -> MembersMerged | Refusal:
    """Carry all that one member has into another one, for good.

    Points keep their ends, claims in force count on, and measures read what both did. Refused with
    MEMBER_MERGED where one of them was merged before, NOT_FOUND, or INVALID_INPUT: a member with itself, with
    open holds or applications, paused, or with a rule that failed and waits for its repair.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> MembersMerged:
        reason = checks.optional_text(command.reason, "reason", longest=500)
        deciding = Deciding(engine, caller, connection, business)
        absorbed, survivor = await deciding.lock(absorbed=command.absorbed, survivor=command.survivor)
        if absorbed.member_id == survivor.member_id:
            raise invalid("merge-with-oneself", "survivor")
        return await _merge(deciding, caller, connection, absorbed, survivor, reason)

    return await once(engine, caller, key, "mergeMembers", command, work)


async def _merge(
    deciding: Deciding,
    caller: Caller,
    connection: Connection,
    absorbed: MemberRow,
    survivor: MemberRow,
    reason: str | None,
) -> MembersMerged:
    business_id = deciding.business.business_id
    absorbed, _ = await close_over(deciding, connection, absorbed)
    survivor, _ = await close_over(deciding, connection, await deciding.again(survivor))
    at = max(deciding.instant(absorbed), deciding.instant(survivor))
    stored = await stored_states(connection, business_id, deciding.rulebook, [absorbed])
    if stored[absorbed.member_id].parked:
        raise invalid("merge-while-a-rule-fails", "absorbed")
    if await open_applications(connection, business_id, absorbed.member_id):
        raise invalid("merge-with-open-application", "absorbed")
    folding = Folding(deciding.rulebook, stored[absorbed.member_id].state)
    folding.advance(at)
    if folding.state.pause is not None:
        raise invalid("merge-while-paused", "absorbed")
    if any(wallet.open_holds() for wallet in folding.state.wallets.values()):
        raise invalid("merge-with-open-holds", "absorbed")
    carried = await everything_of(connection, business_id, folding.state)
    pair = pair_of(
        deciding.business, absorbed, survivor, carried, at, deciding.now, reason, caller.credential_id
    )
    ids = (absorbed.member_id, survivor.member_id)
    await insert_merge(connection, business_id, *ids, at, reason, caller.credential_id)
    written = await deciding.fold(
        pair.facts, {absorbed.member_id: absorbed, survivor.member_id: survivor}, pair.rows
    )
    await _close(connection, deciding, absorbed, survivor)
    effect_ids = [each for found in written[survivor.member_id].effect_ids.values() for each in found]
    return MembersMerged(*ids, tuple(effect_ids))


async def _close(
    connection: Connection, deciding: Deciding, absorbed: MemberRow, survivor: MemberRow
) -> None:
    business_id = deciding.business.business_id
    row = (await locked_members(connection, business_id, [absorbed.member_id]))[absorbed.member_id]
    now, rows = row.not_before(deciding.now), Rows()
    own = {"business_id": business_id, "member_id": absorbed.member_id}
    events = Events(own, rows, now, row.event_count)
    events.add("member.merged", None, {"into": str(survivor.member_id)})
    await insert_rows(connection, Outbox, rows.events)
    await close_member(connection, business_id, absorbed.member_id, events.count, now)
