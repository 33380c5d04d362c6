"""The checks in their order, and a business taken through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from loyalty_engine.services.engine import Engine
from loyalty_engine.services.verification.applications import Applications
from loyalty_engine.services.verification.checks import BusinessCheck, Chunk, MemberCheck, Said
from loyalty_engine.services.verification.gifts import Gifts
from loyalty_engine.services.verification.records import Records
from loyalty_engine.services.verification.replay import Replay
from loyalty_engine.services.verification.rulings import Rulings
from loyalty_engine.services.verification.transfers import Transfers
from loyalty_engine.services.verification.whole import (
    Coupons,
    Operations,
    Positions,
    Programs,
    SharedBalances,
)
from loyalty_engine.store.verification import accounts, merges, rewards, tiers
from loyalty_engine.store.verification.business import last_member, members_after
from loyalty_engine.store.verification.promises import Broken

BEFORE: tuple[BusinessCheck, ...] = (Programs(),)
"""Programs come first, because members are folded by them."""

AFTERWARDS: tuple[BusinessCheck, ...] = (SharedBalances(), Coupons(), Positions(), Operations())
"""What rests on the rows of members."""

OF_MEMBERS: tuple[MemberCheck, ...] = (
    Transfers(),
    Said(accounts.REVERSALS),
    Said(accounts.EFFECTS),
    Said(accounts.FLOORS),
    Said(accounts.BALANCES),
    Said(accounts.LOTS),
    Said(accounts.ANSWERS),
    Said(accounts.QUOTAS),
    Said(accounts.RETURNS),
    Said(rewards.REDEMPTIONS),
    Said(rewards.CANCELLED),
    Said(rewards.RELEASED),
    Gifts(),
    Applications(),
    Said(merges.MERGED),
    Said(merges.LEFT_BEHIND),
    Said(merges.CARRIED),
    Said(merges.TERMS),
    Said(tiers.ONCE),
    Said(tiers.CORRECTIONS),
    Records(),
    Said(tiers.STANDINGS),
    Said(tiers.CHAIN),
    Said(tiers.CURRENT),
    Said(tiers.EVENTS),
    Said(tiers.RECORDED),
    Rulings(),
    Replay(),
    Said(accounts.PARTS_OF_LOTS),
    Said(accounts.POTS),
    Said(accounts.OWING),
)
"""What is named first is what is wrong itself: entries, then what is kept of them, then what follows."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that is not what the entries make it, and the check that found it.

    ``member`` is the business's own id of the member, None where it is of no member.
    """

    check: str
    member_id: UUID | None
    member: str | None
    what: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How many members were proven, and the first difference, at which a verification ends."""

    members: int
    difference: Difference | None


def all_checks() -> tuple[BusinessCheck | MemberCheck, ...]:
    """Every check, in the order in which they are made."""
    return (*BEFORE, *OF_MEMBERS, *AFTERWARDS)


async def members_to_verify(engine: Engine, business_id: UUID) -> tuple[UUID | None, int]:
    """The last member there is now, and how many there are; who is enrolled later is left out."""
    async with engine.database.snapshot(business_id) as connection:
        return await last_member(connection, business_id)


async def verify_business(
    engine: Engine,
    business_id: UUID,
    begun: Callable[[int], None] = lambda members: None,  # noqa: ARG005
    moved: Callable[[int], None] = lambda members: None,  # noqa: ARG005
) -> Verified:
    """Prove a business up to the first difference.

    ``begun`` is told how many members there are, ``moved`` how many more are done.
    """
    last, members = await members_to_verify(engine, business_id)
    begun(members)
    if (difference := await _of_business(engine, business_id, BEFORE)) is not None:
        return Verified(0, difference)
    after, done = None, 0
    while last is not None and after != last:
        count, after, difference = await _verify_chunk(engine, business_id, after, last)
        if difference is not None:
            return Verified(done, difference)
        done += count
        moved(count)
    return Verified(done, await _of_business(engine, business_id, AFTERWARDS))


async def _of_business(
    engine: Engine, business_id: UUID, checks: Sequence[BusinessCheck]
) -> Difference | None:
    for check in checks:
        broken = await check.first(engine, business_id)
        if broken is not None:
            return _difference(check, broken, None)
    return None


async def _verify_chunk(
    engine: Engine, business_id: UUID, after: UUID | None, last: UUID
) -> tuple[int, UUID | None, Difference | None]:
    async with engine.database.snapshot(business_id) as connection:
        rows = await members_after(connection, business_id, after, last)
        if not rows:
            return 0, last, None
        members = {row.member_id: row for row in rows}
        business = await engine.business(connection, business_id)
        rulebook = await engine.rulebook(connection, business_id)
        for part in _by_rulebook(Chunk(connection, business, rulebook, members)):
            for check in OF_MEMBERS:
                broken = await check.first(part)
                if broken is not None:
                    member = members.get(broken.member_id) if broken.member_id else None
                    name = None if member is None else member.external_id
                    return len(rows), rows[-1].member_id, _difference(check, broken, name)
    return len(rows), rows[-1].member_id, None


def _by_rulebook(chunk: Chunk) -> Iterator[Chunk]:
    """The members by the rulebook that they were folded with: later versions were not known then."""
    for known in sorted({member.rulebook_version for member in chunk.members.values()}):
        members = {key: row for key, row in chunk.members.items() if row.rulebook_version == known}
        yield replace(chunk, rulebook=chunk.rulebook.as_known(known), members=members)


def _difference(check: BusinessCheck | MemberCheck, broken: Broken, member: str | None) -> Difference:
    return Difference(check.name, broken.member_id, member, broken.what, broken.stored, broken.rebuilt)
