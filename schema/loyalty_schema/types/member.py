"""Members: who they are, where they stand, what they have, and what they did."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.store.reads import activities, applications, held, members, rewards, standings
from loyalty_engine.store.reads.moments import ALWAYS, Moment
from loyalty_engine.store.reads.pages import Page
from loyalty_schema.connections import After, Connection, First, connection_of, slice_of
from loyalty_schema.enums import AdjustmentState, MemberKind, MemberStatus, value_of
from loyalty_schema.fields import (
    ACTIVITIES_READ,
    APPLICATIONS_READ,
    EVERYONE,
    FEW,
    MEMBERS_READ,
    POINTS_READ,
    PROFILES_READ,
    REWARDS_READ,
    aggregate,
    column,
    computed,
    page,
)
from loyalty_schema.filters import ActivityFilter, instants_of
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.activity import Activity, activity_connection
from loyalty_schema.types.application import Application, application_connection
from loyalty_schema.types.as_of import MemberAsOf
from loyalty_schema.types.node import Node
from loyalty_schema.types.program import version_with_tier
from loyalty_schema.types.reward import Redemption, redemption_connection
from loyalty_schema.types.rules import PointsCurrency
from loyalty_schema.types.standing import Standing, StandingChange, StandingLadder
from loyalty_schema.types.wallet import Wallet, WalletCurrency

if TYPE_CHECKING:
    from loyalty_schema.types.held import Adjustment


@strawberry.type(description="A member's personal data, which can be erased.")
class Profile:
    """A member's personal data."""

    row: strawberry.Private[members.ProfileRow]

    given_name: str | None = column("given_name", scope=PROFILES_READ, description="The given name.")
    family_name: str | None = column("family_name", scope=PROFILES_READ, description="The family name.")
    email: str | None = column("email", scope=PROFILES_READ, description="The e-mail address.")
    phone: str | None = column("phone", scope=PROFILES_READ, description="The telephone number.")
    birth_date: date | None = column("birth_date", scope=PROFILES_READ, description="The date of birth.")
    locale: str | None = column("locale", scope=PROFILES_READ, description="The preferred language.")


@strawberry.type(description="A member of the business's program.")
class Member(Node):
    """A member of the business's program."""

    row: strawberry.Private[members.MemberRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Member", self.row.member_id)

    external_id: str = column("external_id", scope=MEMBERS_READ, description="The business's own id.")
    enrolled_at: datetime = column("enrolled_at", scope=MEMBERS_READ, description="When the member joined.")
    channel: str | None = column(
        "channel", scope=MEMBERS_READ, description="Through which channel the member joined."
    )

    @computed(scope=MEMBERS_READ, description="What kind of member it is.")
    def kind(self) -> MemberKind:
        """What kind of member it is."""
        return MemberKind(self.row.kind)

    @computed(scope=MEMBERS_READ, description="Whether the membership is in force.")
    def status(self) -> MemberStatus:
        """Whether the membership is in force."""
        return MemberStatus(self.row.status)

    paused_at: datetime | None = column(
        "paused_at", scope=MEMBERS_READ, description="Since when it rests; null: it does not."
    )
    paused_until: datetime | None = column(
        "paused_until",
        scope=MEMBERS_READ,
        description="When a membership that rests goes on by itself; null: when it is resumed.",
    )

    closed_at: datetime | None = column(
        "closed_at", scope=MEMBERS_READ, description="When the member left; null: it did not."
    )

    @computed(
        scope=MEMBERS_READ,
        description="The member into whom the one that was asked for was merged, and who answers for it; "
        "null for all others.",
    )
    def merged_into(self) -> strawberry.ID | None:
        """The member into whom the one that was asked for was merged."""
        return None if self.row.merged_into is None else global_id("Member", self.row.merged_into)

    @aggregate(
        scope=MEMBERS_READ,
        description="The latest value of every attribute; of an erased or merged member none.",
    )
    async def attributes(self, info: Info) -> JSON:
        """The latest value of every attribute."""
        if self.row.status in ("erased", "merged"):
            return JSON({})
        return JSON(await request_of(info).reads.load(members.attributes, self.row.member_id) or {})

    @computed(scope=PROFILES_READ, description="Personal data; null where there is none.")
    async def profile(self, info: Info) -> Profile | None:
        """Personal data."""
        row = await request_of(info).reads.load(members.profiles, self.row.member_id)
        return None if row is None else Profile(row=row)

    @computed(
        scope=MEMBERS_READ,
        description="Where the member stands on a ladder; null: the program has no such ladder.",
    )
    async def standing(self, info: Info, ladder: StandingLadder = None) -> Standing | None:
        """Where the member stands on a ladder."""
        found = await self._standings(request_of(info))
        if ladder is None:
            return found[0] if found else None
        return next((standing for standing in found if standing.policy.key == ladder), None)

    @computed(
        scope=MEMBERS_READ, brings=FEW, description="Where the member stands, on every ladder of the file."
    )
    async def standings(self, info: Info) -> list[Standing]:
        """Where the member stands, on every ladder."""
        return await self._standings(request_of(info))

    @page(
        scope=MEMBERS_READ,
        description="Changes of standing as known now, the earliest first; corrected ones are left out.",
    )
    async def standing_changes(
        self,
        info: Info,
        ladder: Annotated[
            str | None, strawberry.argument(description="The ladder's key; left out: all.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[StandingChange]:
        """Changes of standing as known now."""
        request, listed = request_of(info), "changesInOrderOfFold"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.load(standings.change_pages, self.row.member_id, ladder, slice_)
        return connection_of(
            request,
            listed,
            slice_,
            found or Page((), False),
            lambda row: row.place,
            lambda row: StandingChange(row=row),
        )

    @computed(scope=POINTS_READ, description="The member's points; null: there is no such currency.")
    async def wallet(self, info: Info, currency: WalletCurrency = None) -> Wallet | None:
        """The member's points in one currency."""
        found = await self._wallets(request_of(info))
        if currency is None:
            return found[0] if found else None
        return next((wallet for wallet in found if wallet.points.row.key == currency), None)

    @computed(scope=POINTS_READ, brings=FEW, description="The member's points in every currency of the file.")
    async def wallets(self, info: Info) -> list[Wallet]:
        """The member's points in every currency."""
        return await self._wallets(request_of(info))

    @page(
        scope=POINTS_READ,
        partners=False,
        description="What the business added or took away by hand, or is about to: those that wait for "
        "somebody first, the earliest first; not for partners.",
    )
    async def adjustments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        state: Annotated[
            AdjustmentState | None, strawberry.argument(description="Those in this state; left out: all.")
        ] = None,
    ) -> Connection[Annotated["Adjustment", strawberry.lazy("loyalty_schema.types.held")]]:
        """What the business added or took away by hand."""
        from loyalty_schema.types.held import adjustment_connection

        request, listed = request_of(info), "memberAdjustments"
        slice_ = slice_of(request, listed, first=first, after=after)
        wanted = value_of(state) if state else None
        found = await request.reads.load(held.adjustment_pages, self.row.member_id, wanted, slice_)
        return adjustment_connection(request, listed, slice_, found)

    @page(scope=ACTIVITIES_READ, description="What the member did, the latest first.")
    async def activities(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        where: Annotated[
            ActivityFilter | None, strawberry.argument(description="Which activities; left out: all.")
        ] = None,
    ) -> Connection[Activity]:
        """What the member did."""
        occurred_from, occurred_before = instants_of(where.occurred_at if where else None)
        wanted = activities.ActivityWanted(
            kinds=tuple(where.kinds or ()) if where else (),
            source=where.source if where else None,
            occurred_from=occurred_from,
            occurred_before=occurred_before,
        )
        request = request_of(info)
        slice_ = slice_of(request, "activities", first=first, after=after)
        found = await request.reads.load(activities.activity_pages, self.row.member_id, wanted, slice_)
        return activity_connection(request, slice_, found)

    @computed(scope=EVERYONE, description="The same member at another time, as known then.")
    def as_of(
        self,
        info: Info,
        at: Annotated[datetime, strawberry.argument(description="The instant, itself included.")],
        known_at: Annotated[
            datetime | None,
            strawberry.argument(
                description="What was recorded later is left out; left out itself, or not reached yet: now."
            ),
        ] = None,
    ) -> MemberAsOf:
        """The same member at another time, as known then; as known now is all that was ever recorded."""
        now = request_of(info).now
        known, shown = (ALWAYS, now) if known_at is None or known_at >= now else (known_at, known_at)
        return MemberAsOf(row=self.row, moment=Moment(self.row.member_id, at, known), shown_known_at=shown)

    @page(scope=REWARDS_READ, description="What the member redeemed, the latest first.")
    async def redemptions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Redemption]:
        """What the member redeemed."""
        request = request_of(info)
        slice_ = slice_of(request, "redemptions", first=first, after=after)
        found = await request.reads.load(rewards.redemption_pages, self.row.member_id, slice_)
        return redemption_connection(request, slice_, found)

    @page(scope=APPLICATIONS_READ, description="The member's applications for membership, the latest first.")
    async def applications(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Application]:
        """The member's applications for membership."""
        request = request_of(info)
        slice_ = slice_of(request, "applications", first=first, after=after)
        found = await request.reads.load(applications.application_pages, self.row.member_id, slice_)
        return application_connection(request, slice_, found)

    async def _standings(self, request: Request) -> list[Standing]:
        rulebook = await request.rulebook()
        version = rulebook.in_force(request.now)
        found = await request.reads.load(standings.current_standings, self.row.member_id) or {}
        return [
            Standing(row=row, member=self.row, version=known, policy=known.program.ladder(policy.key))
            for policy in version.program.ladders
            if (row := found.get(policy.key)) is not None
            and (known := version_with_tier(rulebook, version, policy.key, row.tier)) is not None
        ]

    async def _wallets(self, request: Request) -> list[Wallet]:
        program = (await request.rulebook()).in_force(request.now).program
        return [
            Wallet(member=self.row, points=PointsCurrency(row=points)) for points in program.points.values()
        ]
