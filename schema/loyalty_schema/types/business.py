"""The business, and the credential that asks."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from loyalty_engine.rating.admission import admits
from loyalty_engine.services.engine import Business as EngineBusiness
from loyalty_engine.services.liability import liability
from loyalty_engine.store.reads import businesses, held, renewals, rewards, settlements, simulations
from loyalty_schema.connections import After, Connection, First, connection_of, page_of_list, slice_of
from loyalty_schema.enums import AdjustmentState, CredentialKind, Environment, value_of
from loyalty_schema.fields import (
    APPLICATIONS_READ,
    EVERYONE,
    PARTNERS_READ,
    POINTS_ADJUST,
    PROGRAM_READ,
    PROGRAM_WRITE,
    REWARDS_READ,
    computed,
    page,
)
from loyalty_schema.filters import InstantRange, RewardFilter
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.liability import LiabilityPart
from loyalty_schema.types.node import Node
from loyalty_schema.types.partner import Partner, Promotion
from loyalty_schema.types.program import Program, draft_version
from loyalty_schema.types.renewals import Renewals
from loyalty_schema.types.reward import Reward
from loyalty_schema.types.rules import RuleType
from loyalty_schema.types.settlement import Settlement
from loyalty_schema.types.simulation import Simulation

if TYPE_CHECKING:
    from loyalty_schema.types.held import Adjustment

LiabilityCurrency = Annotated[
    str | None,
    strawberry.argument(description="The currency's key; left out: the first currency of the file."),
]


@strawberry.type(description="A business and what it offers.")
class Business(Node):
    """A business and what it offers."""

    business: strawberry.Private[EngineBusiness]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Business", self.business.business_id)

    @computed(scope=EVERYONE, description="Its short name, which never changes.")
    def slug(self) -> str:
        """Its short name."""
        return self.business.row.slug

    @computed(scope=EVERYONE, description="Its name.")
    def name(self) -> str:
        """Its name."""
        return self.business.row.name

    @computed(scope=EVERYONE, description="The time zone in which its days begin.")
    def timezone(self) -> str:
        """The time zone in which its days begin."""
        return self.business.row.timezone

    @computed(scope=EVERYONE, description="The ISO 4217 currency of its amounts.")
    def currency(self) -> str:
        """The currency of its amounts."""
        return self.business.row.currency

    @computed(scope=EVERYONE, description="The program version in force.")
    async def program(self, info: Info) -> Program | None:
        """The program version in force."""
        request = request_of(info)
        return Program(version_=(await request.rulebook()).in_force(request.now))

    @page(
        scope=PROGRAM_READ,
        description="The published program versions, the latest first, and then the drafts that were not "
        "published since, the latest 100; partners see no drafts.",
    )
    async def programs(self, info: Info, first: First = None, after: After = None) -> Connection[Program]:
        """The published program versions and drafts."""
        request, listed = request_of(info), "programs"
        slice_ = slice_of(request, listed, first=first, after=after)
        versions = sorted((await request.rulebook()).versions, key=lambda version: -version.number)
        if request.caller.partner_id is None:
            rows = await request.reads.run(businesses.latest_drafts)
            versions += [draft for row in rows if (draft := draft_version(request, row)) is not None]
        return connection_of(
            request,
            listed,
            slice_,
            page_of_list(versions, slice_, lambda version: (version.id,)),
            lambda version: (version.id,),
            lambda version: Program(version_=version),
        )

    @page(scope=PROGRAM_WRITE, description="Simulations, the latest first.")
    async def simulations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Simulation]:
        """Simulations, the latest first."""
        request, listed = request_of(info), "simulations"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(simulations.simulation_page, slice_)
        return connection_of(
            request,
            listed,
            slice_,
            found,
            lambda row: (row.asked_at, row.simulation_id),
            lambda row: Simulation(row=row),
        )

    @computed(scope=PROGRAM_READ, brings=20, description="The rules that the installed plugins offer.")
    def rule_types(self, info: Info) -> list[RuleType]:
        """The rules that the installed plugins offer."""
        return [RuleType(row=offered) for offered in request_of(info).engine.installed.values()]

    @page(scope=PARTNERS_READ, description="The partners, by key.")
    async def partners(self, info: Info, first: First = None, after: After = None) -> Connection[Partner]:
        """The partners."""
        request, listed = request_of(info), "partners"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(businesses.partner_page, slice_)
        return connection_of(
            request, listed, slice_, found, lambda row: (row.key,), lambda row: Partner(row=row)
        )

    @page(scope=PARTNERS_READ, description="The partners' promotions, by key.")
    async def promotions(self, info: Info, first: First = None, after: After = None) -> Connection[Promotion]:
        """The partners' promotions."""
        request, listed = request_of(info), "promotions"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(businesses.promotion_page, slice_)
        return connection_of(
            request, listed, slice_, found, lambda row: (row.key,), lambda row: Promotion(row=row)
        )

    @page(scope=REWARDS_READ, description="The rewards of the catalogue, by key.")
    async def rewards(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        where: Annotated[
            RewardFilter | None, strawberry.argument(description="Which rewards; left out: all.")
        ] = None,
    ) -> Connection[Reward]:
        """The rewards of the catalogue."""
        request, listed = request_of(info), "rewards"
        wanted = rewards.RewardWanted(
            kind=value_of(where.kind) if where and where.kind else None,
            state=value_of(where.state) if where and where.state else None,
            currency=where.currency if where else None,
            at=where.on_offer_at if where else None,
        )
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(rewards.reward_page, wanted, slice_)
        return connection_of(
            request, listed, slice_, found, lambda row: (row.key,), lambda row: Reward(row=row)
        )

    @page(
        scope=PARTNERS_READ, description="The periods that are closed, the one that reaches furthest first."
    )
    async def settlements(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Settlement]:
        """The periods that are closed."""
        request, listed = request_of(info), "settlements"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(settlements.settlement_page, slice_)
        return connection_of(
            request,
            listed,
            slice_,
            found,
            lambda row: (row.until_at, row.settlement_id),
            lambda row: Settlement(row=row),
        )

    @computed(
        scope=PARTNERS_READ,
        brings=60,
        description="What is owed in points, by the month of its expiry and by who funded it; a partner's "
        "is what it funded. Null: the program has no such currency.",
    )
    async def liability(self, info: Info, currency: LiabilityCurrency = None) -> list[LiabilityPart] | None:
        """What is owed in points."""
        request = request_of(info)
        program = (await request.rulebook()).in_force(request.now).program
        key = next(iter(program.points), None) if currency is None else currency
        if key is None or key not in program.points:
            return None
        section = program.points[key].section
        parts = await request.reads.run(liability, section, program.zone, request.now)
        return [LiabilityPart(row=part, decimals=section.decimals) for part in parts]

    @computed(
        scope=APPLICATIONS_READ,
        partners=False,
        description="How many of the terms of membership that a rule granted were renewed, by the ends with "
        "which they were granted; not for partners. Null: nobody could ever apply to such a rule.",
    )
    async def renewals(
        self,
        info: Info,
        rule: Annotated[str, strawberry.argument(description="The rule's id in the program.")],
        ends: Annotated[
            InstantRange | None,
            strawberry.argument(description="The terms with an end in this range; left out: all."),
        ] = None,
    ) -> Renewals | None:
        """How many of the terms of membership that a rule granted were renewed."""
        request, ends = request_of(info), ends or InstantRange()
        if not any(rule in admits(version.program) for version in (await request.rulebook()).versions):
            return None
        return Renewals(row=await request.reads.run(renewals.renewals, rule, ends.from_, ends.before))

    @page(
        scope=POINTS_ADJUST,
        partners=False,
        description="What was added or taken away by hand, or is about to be: those that wait for somebody "
        "first, the earliest first; not for partners.",
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
        """What was added or taken away by hand."""
        from loyalty_schema.types.held import adjustment_connection

        request, listed = request_of(info), "adjustments"
        slice_ = slice_of(request, listed, first=first, after=after)
        found = await request.reads.run(held.adjustment_page, value_of(state) if state else None, slice_)
        return adjustment_connection(request, listed, slice_, found)


@strawberry.type(description="The credential that asks.")
class Viewer:
    """The credential that asks."""

    @computed(scope=EVERYONE, description="Whose credential it is.")
    def kind(self, info: Info) -> CredentialKind:
        """Whose credential it is."""
        return CredentialKind(request_of(info).caller.kind)

    @computed(scope=EVERYONE, description="In which environment it is valid.")
    def environment(self, info: Info) -> Environment:
        """In which environment it is valid."""
        return Environment.TEST if request_of(info).business.row.sandbox else Environment.LIVE

    @computed(scope=EVERYONE, brings=20, description="What it may do.")
    def scopes(self, info: Info) -> list[str]:
        """What it may do."""
        return sorted(request_of(info).caller.scopes)

    @computed(scope=EVERYONE, brings=5, description="The sources that it may write; null: any.")
    def sources(self, info: Info) -> list[str] | None:
        """The sources that it may write."""
        sources = request_of(info).caller.sources
        return None if sources is None else sorted(sources)

    @computed(scope=EVERYONE, description="The business that it belongs to.")
    def business(self, info: Info) -> Business:
        """The business that it belongs to."""
        return Business(business=request_of(info).business)

    @computed(scope=EVERYONE, description="The partner to which it is held; null: it is no partner's.")
    async def partner(self, info: Info) -> Partner | None:
        """The partner to which it is held."""
        request = request_of(info)
        if request.caller.partner_id is None:
            return None
        row = await request.reads.load(businesses.partners_by_id, request.caller.partner_id)
        return None if row is None else Partner(row=row)
