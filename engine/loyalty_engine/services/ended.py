"""Members who were merged into others, or left on request: nothing new is written for them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from loyalty_engine.services.merged import merged_refusals, refuse_merged, who_goes_on
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, locked_members


async def refuse_ended(
    connection: Connection, business_id: UUID, members: Sequence[MemberRow], path: str = "member"
) -> None:
    """Raise MEMBER_MERGED or MEMBER_BLOCKED for the first of locked members that was merged or has left."""
    await refuse_merged(connection, business_id, members, path)
    _refuse_left(members, path)


async def refuse_left(
    connection: Connection, business_id: UUID, member: MemberRow, path: str = "member"
) -> None:
    """Raise MEMBER_BLOCKED where a locked member has left, or whoever it went into.

    Raises FurtherMembers for who goes on with it, where that one is not locked.
    """
    owner_id = await who_goes_on(connection, business_id, member.member_id)
    _refuse_left(list((await locked_members(connection, business_id, [owner_id])).values()), path)


def _refuse_left(members: Sequence[MemberRow], path: str) -> None:
    for refusal in _left(members, path).values():
        raise Refused(refusal)


async def ended_refusals(
    connection: Connection, business_id: UUID, members: Sequence[MemberRow]
) -> dict[UUID, Refusal]:
    """MEMBER_MERGED or MEMBER_BLOCKED for those of some locked members that were merged or left, by id."""
    return {**await merged_refusals(connection, business_id, members), **_left(members, "member")}


def _left(members: Sequence[MemberRow], path: str) -> dict[UUID, Refusal]:
    return {
        member.member_id: Refusal(
            RefusalCode.MEMBER_BLOCKED, "member-closed", {"closedAt": member.closed_at.isoformat()}, (path,)
        )
        for member in members
        if member.closed_at is not None
    }
