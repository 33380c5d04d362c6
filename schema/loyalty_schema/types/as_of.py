"""A member at another time, as known at another: tiers and points from what was posted by then."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.program import LadderPolicy
from loyalty_engine.rating import ProgramVersion
from loyalty_engine.rating.journal import notice_in
from loyalty_engine.rating.locks import counting
from loyalty_engine.store.reads import businesses, standings_then
from loyalty_engine.store.reads.members import MemberRow
from loyalty_engine.store.reads.moments import Moment
from loyalty_engine.store.reads.standings import ClaimRow
from loyalty_engine.store.reads.totals import Totals, totals
from loyalty_schema.fields import EVERYONE, FEW, MEMBERS_READ, POINTS_READ, aggregate, column, computed
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.notice import Notice, notice_of
from loyalty_schema.types.program import Ladder, Program, Tier, tier_held, version_with_tier
from loyalty_schema.types.rules import PointsCurrency
from loyalty_schema.types.standing import Claim, StandingLadder
from loyalty_schema.types.wallet import WalletCurrency

if TYPE_CHECKING:
    from loyalty_schema.types.member import Member


@strawberry.type(description="Where a member stood on a ladder at another time.")
class StandingAsOf:
    """Where a member stood on a ladder at another time."""

    row: strawberry.Private[standings_then.StoodRow]
    moment: strawberry.Private[Moment]
    version: strawberry.Private[ProgramVersion]
    policy: strawberry.Private[LadderPolicy]

    @computed(scope=MEMBERS_READ, description="The ladder, as the program in force then has it.")
    def ladder(self) -> Ladder:
        """The ladder."""
        return Ladder(version=self.version, policy=self.policy)

    @computed(scope=MEMBERS_READ, description="The tier held.")
    def tier(self) -> Tier:
        """The tier held."""
        return tier_held(self.version, self.policy, self.row.tier)

    since: datetime = column("since", scope=MEMBERS_READ, description="Since when it was held.")

    @aggregate(
        scope=MEMBERS_READ,
        description="The end of the last claim on the tier held; null: none. "
        "It is not later than at where that end was due and not folded yet.",
    )
    async def until(self, info: Info) -> datetime | None:
        """The end of the last claim on the tier held."""
        claims = counting(await self._claims(info))
        ends = [row.until_at for row in claims if row.tier == self.row.tier]
        return None if None in ends else max((end for end in ends if end), default=None)

    @aggregate(scope=MEMBERS_READ, description="The downgrade that was announced; null: none was.")
    async def notice(self, info: Info) -> Notice | None:
        """The downgrade that was announced."""
        found = await request_of(info).reads.load(standings_then.notices_then, self.moment) or {}
        slot = found.get(self.row.ladder)
        return None if slot is None else notice_of(self.version, self.row.ladder, notice_in(slot))

    @aggregate(
        scope=MEMBERS_READ, brings=FEW, description="The claims in force; the best of them is the tier."
    )
    async def claims(self, info: Info) -> list[Claim]:
        """The claims in force."""
        return [Claim(row=row) for row in await self._claims(info)]

    async def _claims(self, info: Info) -> list[ClaimRow]:
        found = await request_of(info).reads.load(standings_then.claims_then, self.moment) or []
        return [row for row in found if row.ladder == self.row.ladder]


@strawberry.type(description="A member's points in one currency at another time, as the ledger had them.")
class WalletAsOf:
    """A member's points in one currency at another time."""

    moment: strawberry.Private[Moment]
    points: strawberry.Private[PointsCurrency]

    @computed(scope=POINTS_READ, description="The points currency.")
    def currency(self) -> PointsCurrency:
        """The points currency."""
        return self.points

    @aggregate(scope=POINTS_READ, description="What could be spent; expired points are in it until folded.")
    async def available(self, info: Info) -> Decimal:
        """What could be spent."""
        return self._points((await self._totals(info)).available)

    @aggregate(scope=POINTS_READ, description="What was earned and could not be spent yet.")
    async def pending(self, info: Info) -> Decimal:
        """What was earned and could not be spent yet."""
        return self._points((await self._totals(info)).pending)

    @aggregate(scope=POINTS_READ, description="What was set aside for spendings under way.")
    async def held(self, info: Info) -> Decimal:
        """What was set aside for spendings under way."""
        return self._points((await self._totals(info)).held)

    @aggregate(scope=POINTS_READ, description="What was owed: taken back after it was spent.")
    async def debt(self, info: Info) -> Decimal:
        """What was owed."""
        return self._points((await self._totals(info)).debt)

    @aggregate(scope=POINTS_READ, description="All that was awarded, less what returns took back.")
    async def earned(self, info: Info) -> Decimal:
        """All that was awarded."""
        return self._points((await self._totals(info)).earned)

    @aggregate(
        scope=POINTS_READ, description="All that was redeemed, or sent to others, less what was given back."
    )
    async def spent(self, info: Info) -> Decimal:
        """All that was redeemed, or sent to others."""
        return self._points((await self._totals(info)).spent)

    @aggregate(scope=POINTS_READ, description="All that had expired unused.")
    async def expired(self, info: Info) -> Decimal:
        """All that had expired unused."""
        return self._points((await self._totals(info)).expired)

    async def _totals(self, info: Info) -> Totals:
        found = await request_of(info).reads.load(totals, self.moment)
        return (found or {}).get(self.points.row.key, Totals())

    def _points(self, units: int) -> Decimal:
        return from_smallest_units(units, self.points.decimals_of)


@strawberry.type(
    description="A member at another time: what had taken effect at an instant, as far as it was recorded by "
    "another. It is what was posted; boundaries of the calendar that were not folded yet are not foretold."
)
class MemberAsOf:
    """A member at another time."""

    row: strawberry.Private[MemberRow]
    moment: strawberry.Private[Moment]
    shown_known_at: strawberry.Private[datetime]

    @computed(scope=EVERYONE, description="The member, as it is now.")
    def member(self) -> Annotated["Member", strawberry.lazy("loyalty_schema.types.member")]:
        """The member, as it is now."""
        from loyalty_schema.types.member import Member

        return Member(row=self.row)

    @computed(scope=EVERYONE, description="The instant; what took effect at it is included.")
    def at(self) -> datetime:
        """The instant."""
        return self.moment.at

    @computed(
        scope=EVERYONE,
        description="As known when: what was recorded at it is included. Never later than now.",
    )
    def known_at(self) -> datetime:
        """As known when."""
        return self.shown_known_at

    @computed(
        scope=MEMBERS_READ,
        description="Whether the member had joined, as known then; else it stands nowhere and has nothing.",
    )
    async def enrolled(self, info: Info) -> bool:
        """Whether the member had joined, as known then; joining may have moved since."""
        request = request_of(info)
        if self.row.created_at > self.moment.known_at:
            return False
        if (await request.rulebook()).in_force(self.row.enrolled_at).program.ladders:
            return await request.reads.load(standings_then.standings_then, self.moment) is not None
        return self.row.enrolled_at <= self.moment.at

    @computed(
        scope=EVERYONE,
        description="The program version in force, as known then; null: none had been published by then.",
    )
    async def program(self, info: Info) -> Program | None:
        """The program version in force, as known then."""
        version = await self._version(request_of(info))
        return None if version is None else Program(version_=version)

    @computed(
        scope=MEMBERS_READ,
        description="Where the member stood on a ladder; null: nowhere, or there was no such ladder.",
    )
    async def standing(self, info: Info, ladder: StandingLadder = None) -> StandingAsOf | None:
        """Where the member stood on a ladder."""
        found = await self._standings(request_of(info))
        if ladder is None:
            return found[0] if found else None
        return next((standing for standing in found if standing.policy.key == ladder), None)

    @computed(
        scope=MEMBERS_READ,
        brings=FEW,
        description="Where the member stood, on every ladder of the program in force then.",
    )
    async def standings(self, info: Info) -> list[StandingAsOf]:
        """Where the member stood, on every ladder."""
        return await self._standings(request_of(info))

    @computed(scope=POINTS_READ, description="The member's points; null: there was no such currency.")
    async def wallet(self, info: Info, currency: WalletCurrency = None) -> WalletAsOf | None:
        """The member's points in one currency."""
        found = await self._wallets(request_of(info))
        if currency is None:
            return found[0] if found else None
        return next((wallet for wallet in found if wallet.points.row.key == currency), None)

    @computed(
        scope=POINTS_READ,
        brings=FEW,
        description="The member's points in every currency of the program in force then.",
    )
    async def wallets(self, info: Info) -> list[WalletAsOf]:
        """The member's points in every currency."""
        return await self._wallets(request_of(info))

    async def _standings(self, request: Request) -> list[StandingAsOf]:
        version = await self._version(request)
        if version is None:
            return []
        found = await request.reads.load(standings_then.standings_then, self.moment) or {}
        rulebook = await request.rulebook()
        return [
            StandingAsOf(row=row, moment=self.moment, version=known, policy=known.program.ladder(policy.key))
            for policy in version.program.ladders
            if (row := found.get(policy.key)) is not None
            and (known := version_with_tier(rulebook, version, policy.key, row.tier)) is not None
        ]

    async def _wallets(self, request: Request) -> list[WalletAsOf]:
        version = await self._version(request)
        points = version.program.points.values() if version else ()
        return [WalletAsOf(moment=self.moment, points=PointsCurrency(row=each)) for each in points]

    async def _version(self, request: Request) -> ProgramVersion | None:
        """The last version that was in force at the instant, of those published by the other one."""
        versions = (await request.rulebook()).versions
        load = request.reads.load
        rows = await asyncio.gather(*(load(businesses.versions_by_id, each.id) for each in versions))
        known = [
            version
            for version, row in zip(versions, rows, strict=True)
            if row is not None
            and row.published_at <= self.moment.known_at
            and (version.effective_at is None or version.effective_at <= self.moment.at)
        ]
        return known[-1] if known else None
