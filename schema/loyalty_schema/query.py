"""Queries: the credential, its business, members, and any object by its global id."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import strawberry

from loyalty_engine.services.finding import checked_member, identity_hash
from loyalty_engine.services.refusals import Refused
from loyalty_engine.store.reads import (
    activities,
    applications,
    businesses,
    coupons,
    entries,
    gifts,
    held,
    lots,
    members,
    rewards,
    settlements,
    simulations,
    standings,
)
from loyalty_schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    slice_of,
)
from loyalty_schema.enums import Direction, value_of
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    APPLICATIONS_READ,
    EVERYONE,
    MEMBERS_READ,
    PARTNERS_READ,
    POINTS_READ,
    PROGRAM_WRITE,
    REWARDS_READ,
    aggregate,
    computed,
    page,
)
from loyalty_schema.filters import MemberFilter, MemberOrder, instants_of
from loyalty_schema.ids import parsed_id
from loyalty_schema.inputs import MemberBy
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity
from loyalty_schema.types.application import Application
from loyalty_schema.types.business import Business, Viewer
from loyalty_schema.types.coupon import Coupon, CouponUse
from loyalty_schema.types.gift import Gift
from loyalty_schema.types.held import Adjustment, Hold
from loyalty_schema.types.lots import Lot
from loyalty_schema.types.member import Member
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner, Promotion
from loyalty_schema.types.program import program_with_id
from loyalty_schema.types.reward import Redemption, Reward
from loyalty_schema.types.settlement import Settlement
from loyalty_schema.types.simulation import Simulation
from loyalty_schema.types.standing import StandingChange
from loyalty_schema.types.wallet import LedgerEntry

MOST_NODES = 100

_Load = Callable[..., Awaitable[Mapping[Any, Any]]]
_NODES: dict[str, tuple[str, _Load, Callable[[Any], Node]]] = {
    "Member": (MEMBERS_READ, members.members_by_id, lambda row: Member(row=row)),
    "Activity": (ACTIVITIES_READ, activities.activities_by_id, lambda row: Activity(row=row)),
    "LedgerEntry": (POINTS_READ, entries.entries_by_id, lambda row: LedgerEntry(row=row)),
    "StandingChange": (MEMBERS_READ, standings.changes_by_id, lambda row: StandingChange(row=row)),
    "Gift": (ACTIVITIES_READ, gifts.gifts_by_effect, lambda row: Gift(row=row)),
    "Lot": (POINTS_READ, lots.lots_by_id, lambda row: Lot(row=row)),
    "Hold": (POINTS_READ, held.holds_by_id, lambda row: Hold(row=row)),
    "Adjustment": (POINTS_READ, held.adjustments_by_id, lambda row: Adjustment(row=row)),
    "Reward": (REWARDS_READ, rewards.rewards_by_id, lambda row: Reward(row=row)),
    "Redemption": (REWARDS_READ, rewards.redemptions_by_id, lambda row: Redemption(row=row)),
    "Coupon": (REWARDS_READ, coupons.coupons_by_id, lambda row: Coupon(row=row)),
    "CouponUse": (REWARDS_READ, coupons.uses_by_id, lambda row: CouponUse(row=row)),
    "Application": (
        APPLICATIONS_READ,
        applications.applications_by_id,
        lambda row: Application(row=row),
    ),
    "Partner": (PARTNERS_READ, businesses.partners_by_id, lambda row: Partner(row=row)),
    "Settlement": (PARTNERS_READ, settlements.settlements_by_id, lambda row: Settlement(row=row)),
    "Simulation": (PROGRAM_WRITE, simulations.simulations_by_id, lambda row: Simulation(row=row)),
    "Promotion": (PARTNERS_READ, businesses.promotions_by_id, lambda row: Promotion(row=row)),
}


@strawberry.type(description="Everything that can be asked.")
class Query:
    """Everything that can be asked."""

    @computed(scope=EVERYONE, description="An object by its global id; null: there is none to be seen.")
    async def node(
        self,
        info: Info,
        written: Annotated[strawberry.ID, strawberry.argument(name="id", description="The global id.")],
    ) -> Node | None:
        """An object by its global id."""
        return await _node(request_of(info), written)

    @computed(
        scope=EVERYONE,
        brings=20,
        description="Up to 100 objects by their global ids, in their order; null where there is none.",
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The global ids.")],
    ) -> list[Node | None]:
        """Up to 100 objects by their global ids."""
        request = request_of(info)
        if len(ids) > MOST_NODES:
            raise RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, f"ids are at most {MOST_NODES}.")
        return await asyncio.gather(*(_node(request, each) for each in ids))

    @computed(scope=EVERYONE, description="The credential that asks.")
    def viewer(self) -> Viewer:
        """The credential that asks."""
        return Viewer()

    @computed(scope=EVERYONE, description="The business that the credential belongs to.")
    def business(self, info: Info) -> Business:
        """The business that the credential belongs to."""
        return Business(business=request_of(info).business)

    @aggregate(scope=MEMBERS_READ, description="One member; null: there is none to be seen.")
    async def member(
        self, info: Info, by: Annotated[MemberBy, strawberry.argument(description="Which member.")]
    ) -> Member | None:
        """One member."""
        request = request_of(info)
        try:
            wanted = checked_member(by.command())
        except Refused:
            return None
        if wanted.identity is not None:
            kind, value = wanted.identity
            digest = identity_hash(request.engine, request.business_id, kind, value)
            row = await request.reads.run(members.member_by_identity, kind, digest)
        elif wanted.external_id is not None:
            row = await request.reads.run(members.member_by_external_id, wanted.external_id)
        elif wanted.id is not None:
            row = await request.reads.load(members.members_by_id, wanted.id)
        else:
            row = None
        return None if row is None else Member(row=row)

    @page(scope=MEMBERS_READ, description="Members, in pages.")
    async def members(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: Annotated[
            MemberFilter | None, strawberry.argument(description="Which members; left out: all.")
        ] = None,
        order_by: Annotated[
            MemberOrder | None,
            strawberry.argument(description="In which order; left out: by enrolment, the earliest first."),
        ] = None,
    ) -> Connection[Member]:
        """Members, in pages."""
        request, order = request_of(info), order_by or MemberOrder()
        sort = members.MemberSort(value_of(order.by), order.direction is Direction.DESC)
        listed = f"members/{sort.by}"
        slice_ = slice_of(request, listed, first=first, after=after, last=last, before=before)
        found = await request.reads.run(members.member_page, _wanted(where), sort, slice_)
        return connection_of(
            request,
            listed,
            slice_,
            found,
            lambda row: (row.external_id,) if sort.by == "external_id" else (row.enrolled_at, row.member_id),
            lambda row: Member(row=row),
        )


def _wanted(where: MemberFilter | None) -> members.MemberWanted:
    if where is None:
        return members.MemberWanted()
    enrolled_from, enrolled_before = instants_of(where.enrolled_at)
    return members.MemberWanted(
        status=value_of(where.status) if where.status else None,
        ladder=where.tier.ladder if where.tier else None,
        tier=where.tier.tier if where.tier else None,
        enrolled_from=enrolled_from,
        enrolled_before=enrolled_before,
    )


async def _node(request: Request, written: str) -> Node | None:
    """The object that a global id names; unknown, foreign and forbidden ones are all None."""
    parsed = parsed_id(written)
    if parsed is None:
        return None
    type_name, key = parsed
    if type_name == "Business":
        return Business(business=request.business) if key == request.business_id else None
    if type_name == "Program":
        return await program_with_id(request, key)
    if type_name not in _NODES:
        return None
    scope, load, wrap = _NODES[type_name]
    if scope not in request.caller.scopes:
        return None
    row = await request.reads.load(load, key)
    return None if row is None else wrap(row)
