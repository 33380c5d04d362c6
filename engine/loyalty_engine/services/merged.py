"""Members that were merged: nobody writes for them any more, and what is theirs belongs to somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow, locked_members
from loyalty_engine.store.merges import absorbed_by, survivors_of

MERGED = "merged"


async def refuse_merged(
    connection: Connection, business_id: UUID, members: Sequence[MemberRow], path: str = "member"
) -> None:
    """Raise MEMBER_MERGED, with the id of who goes on, for the first of locked members that was merged."""
    refusals = await merged_refusals(connection, business_id, members, path)
    for member in members:
        if member.member_id in refusals:
            raise Refused(refusals[member.member_id])


async def merged_refusals(
    connection: Connection, business_id: UUID, members: Sequence[MemberRow], path: str = "member"
) -> dict[UUID, Refusal]:
    """MEMBER_MERGED for those of some locked members that were merged, by id."""
    merged = [member.member_id for member in members if member.status == MERGED]
    if not merged:
        return {}
    survivors = await survivors_of(connection, business_id, merged)
    return {
        member_id: Refusal(RefusalCode.MEMBER_MERGED, "member-merged", {}, (path,), survivors[member_id])
        for member_id in merged
    }


async def who_goes_on(connection: Connection, business_id: UUID, member_id: UUID) -> UUID:
    """Who has what was the member's: itself, or whoever it was merged into."""
    return (await survivors_of(connection, business_id, [member_id])).get(member_id, member_id)


async def those_there(
    connection: Connection, business_id: UUID, members: Mapping[UUID, MemberRow]
) -> dict[UUID, MemberRow]:
    """Those of some locked members who went into nobody who is erased: of whom is, nothing more is recorded.

    Raises FurtherMembers for those who go on with them, where they are not locked.
    """
    merged = [member.member_id for member in members.values() if member.status == MERGED]
    if not merged:
        return dict(members)
    survivors = await survivors_of(connection, business_id, merged)
    going_on = await locked_members(connection, business_id, survivors.values())
    return {
        key: member for key, member in members.items() if key not in survivors or survivors[key] in going_on
    }


async def part_of(connection: Connection, business_id: UUID, member_id: UUID) -> list[UUID]:
    """A member, and all that went into it."""
    absorbed = await absorbed_by(connection, business_id, [member_id])
    return [member_id, *absorbed.get(member_id, ())]
