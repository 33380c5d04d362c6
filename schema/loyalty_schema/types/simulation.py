"""Simulations: what is tried, how far it is, and what came of it."""

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.program import Finding as ProgramFinding
from loyalty_engine.store.reads import members, simulations
from loyalty_engine.words import say
from loyalty_schema.connections import After, Connection, First, connection_of, page_of_list, slice_of
from loyalty_schema.fields import (
    EVERYONE,
    FEW,
    MEMBERS_READ,
    PROGRAM_WRITE,
    column,
    computed,
    given,
    page,
)
from loyalty_schema.ids import global_id
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.simulation_enums import (
    CostSort,
    SimulationEstimate,
    SimulationFailureCode,
    SimulationKind,
    SimulationState,
)
from loyalty_schema.types.node import Node
from loyalty_schema.types.rules import Finding, Locale

if TYPE_CHECKING:
    from loyalty_schema.types.member import Member

LazyMember = Annotated["Member", strawberry.lazy("loyalty_schema.types.member")]


@strawberry.type(description="How far a simulation is.")
class SimulationProgress:
    """How far a simulation is."""

    members_done: int = given(
        description="How many members are done; of those that are folded in one piece, as many as the share "
        "of their facts, until another worker has to begin it again."
    )
    members: int | None = given(
        description="How many there are to be done; null: nobody has counted them yet."
    )


@strawberry.type(description="How many members would go from one tier of a ladder to another.")
class SimulatedMoves:
    """How many members would go from one tier of a ladder to another."""

    ladder: str = given(description="The ladder's key.")
    from_: str = given(name="from", description="The key of the tier that they stand on.")
    to: str = given(description="The key of the tier that they would stand on.")
    falls: bool = given(description="Whether the new version ranks it lower.")
    members: int = given(description="How many members.")


@strawberry.type(description="How often a rule would decide.")
class SimulatedRule:
    """How often a rule would decide."""

    rule: str = given(description="Its id in the file.")
    members: int = given(description="At how many changes it would be among those that decide.")


@strawberry.type(description="What publishing would do.")
class SimulatedPublication:
    """What publishing would do."""

    members: int = given(description="How many members there are.")
    moves: list[SimulatedMoves] = given(
        brings=FEW, description="Who would move when the version takes effect, by the pair of tiers."
    )
    announced: list[SimulatedMoves] = given(
        brings=FEW,
        description="Who would be told of a fall then, which comes when the notice is old enough.",
    )
    rules: list[SimulatedRule] = given(brings=FEW, description="How often each rule would decide.")


@strawberry.type(description="Points that a period cost, and would have cost.")
class SimulatedCost:
    """Points that a period cost, and would have cost."""

    sort: CostSort = given(description="Whether they were earned, given to others, or expired.")
    currency: str = given(description="The key of the points currency.")
    rule: str | None = given(description="The rule that gives them, by its id; null: they expired.")
    partner: str | None = given(description="The key of the partner who pays; null: the business does.")
    was: Decimal = given(description="What it really came to.")
    would: Decimal = given(description="What it would have come to.")
    margin: Decimal = given(
        description="How far the change may be off: half of its 95 % confidence interval; 0 without a sample."
    )


@strawberry.type(description="How many members stood on a tier, and would have stood on another.")
class SimulatedStanding:
    """How many members stood on a tier, and would have stood on another."""

    ladder: str = given(description="The ladder's key.")
    was: str | None = given(
        description="The key of the tier at the end of the period; null: there was no such ladder."
    )
    would: str = given(description="The key of the tier that it would have been.")
    members: int = given(description="How many members.")


@strawberry.type(description="What a past period would have come to.")
class SimulatedPeriod:
    """What a past period would have come to."""

    members: int = given(description="How many members had joined before its end.")
    folded: int = given(description="How many of them were folded.")
    estimates: list[SimulationEstimate] = given(
        brings=FEW, description="Why the figures are estimates; empty: they are exact."
    )
    costs: list[SimulatedCost] = given(brings=FEW, description="The points, by who gives and who pays them.")
    tiers: list[SimulatedStanding] = given(
        brings=FEW,
        description="The tiers at the end of the period, without those who had left or been merged by then.",
    )
    failed: list[SimulatedRule] = given(brings=FEW, description="Rules that failed, and at how many members.")


@strawberry.type(description="Why a simulation ended without a result.")
class SimulationFailure:
    """Why a simulation ended without a result."""

    reason: strawberry.Private[str]

    @computed(scope=PROGRAM_WRITE, description="Why, as a stable code.")
    def code(self) -> SimulationFailureCode:
        """Why, as a stable code."""
        return SimulationFailureCode(self.reason)

    @computed(scope=PROGRAM_WRITE, description="Why, in words.")
    def message(self, info: Info, locale: Locale = None) -> str:
        """Why, in words."""
        return say(request_of(info).language(locale), f"failure-{self.reason}")


@strawberry.type(description="A member who would move.")
class SimulatedMove:
    """A member who would move."""

    row: strawberry.Private[simulations.MoveRow]

    ladder: str = column("ladder", scope=EVERYONE, description="The ladder's key.")
    from_: str = column(
        "from_tier", scope=EVERYONE, name="from", description="The key of the tier that it stands on."
    )
    to: str = column("to_tier", scope=EVERYONE, description="The key of the tier that it would stand on.")
    falls: bool = column("falls", scope=EVERYONE, description="Whether the new version ranks it lower.")

    @computed(scope=MEMBERS_READ, description="The member.")
    async def member(self, info: Info) -> LazyMember | None:
        """The member."""
        from loyalty_schema.types.member import Member

        row = await request_of(info).reads.load(members.members_by_id, self.row.member_id)
        return None if row is None else Member(row=row)


@strawberry.type(
    description="A file that is tried in the background: publishing it, or a past period; nothing else is "
    "written. What came of it is kept of the latest 100 that have ended."
)
class Simulation(Node):
    """A file that is tried in the background."""

    row: strawberry.Private[simulations.SimulationRow]

    @computed(scope=EVERYONE, description="The global id.")
    def id(self) -> strawberry.ID:
        """The global id."""
        return global_id("Simulation", self.row.simulation_id)

    @computed(scope=PROGRAM_WRITE, description="What is tried.")
    def kind(self) -> SimulationKind:
        """What is tried."""
        return SimulationKind(self.row.kind)

    @computed(scope=PROGRAM_WRITE, description="Whether it waits, runs, or how it ended.")
    def status(self) -> SimulationState:
        """Whether it waits, runs, or how it ended."""
        return SimulationState(self.row.state)

    @computed(scope=PROGRAM_WRITE, description="How far it is.")
    def progress(self) -> SimulationProgress:
        """How far it is."""
        return SimulationProgress(members_done=self.row.members_done, members=self.row.members)

    requested_at: datetime = column("asked_at", scope=PROGRAM_WRITE, description="When it was asked for.")
    started_at: datetime | None = column(
        "started_at", scope=PROGRAM_WRITE, description="When a worker first took it up; null: none has."
    )
    heartbeat_at: datetime | None = column(
        "heartbeat_at",
        scope=PROGRAM_WRITE,
        description="When the last chunk was done, or how far one is was told: what comes after the last "
        "chunk another worker does if need be.",
    )
    ended_at: datetime | None = column(
        "ended_at", scope=PROGRAM_WRITE, description="When it ended; null: it has not."
    )
    effective_at: datetime | None = column(
        "effective_at",
        scope=PROGRAM_WRITE,
        description="When the version would take effect; null: a period is tried.",
    )
    from_: datetime | None = column(
        "from_at", scope=PROGRAM_WRITE, name="from", description="Where the period begins that is tried."
    )
    until: datetime | None = column(
        "until_at", scope=PROGRAM_WRITE, description="The first instant that is not in the period."
    )
    sample: int | None = column(
        "sample",
        scope=PROGRAM_WRITE,
        description="About how many members of the period were to be folded; null: all.",
    )

    @computed(scope=PROGRAM_WRITE, description="The file that is tried; null: it was forgotten.")
    async def source(self, info: Info) -> str | None:
        """The file that is tried."""
        return await request_of(info).reads.load(simulations.sources_by_simulation, self.row.simulation_id)

    @computed(scope=PROGRAM_WRITE, description="What would become of members; null: claims stay.")
    def plan(self) -> JSON | None:
        """What would become of members."""
        return None if self.row.plan is None else JSON(json.loads(self.row.plan))

    @computed(
        scope=PROGRAM_WRITE, brings=FEW, description="What was to be thought of it when it was asked for."
    )
    def findings(self) -> list[Finding]:
        """What was to be thought of it."""
        return [Finding(row=ProgramFinding(**each)) for each in self.row.findings]

    @computed(scope=PROGRAM_WRITE, description="Why it failed; null: it did not.")
    def failure(self) -> SimulationFailure | None:
        """Why it failed."""
        return None if self.row.failure is None else SimulationFailure(reason=self.row.failure)

    @computed(
        scope=PROGRAM_WRITE,
        description="What publishing would do; null: it is not done, was forgotten, or a period is tried.",
    )
    def publication(self) -> SimulatedPublication | None:
        """What publishing would do."""
        found = self.row.counted
        if found is None or self.row.kind != "preview":
            return None
        return SimulatedPublication(
            members=found["members"],
            moves=[_moves(each) for each in found["moves"]],
            announced=[_moves(each) for each in found["announced"]],
            rules=_rules(found["rules"]),
        )

    @page(
        scope=MEMBERS_READ,
        description="The members who would move, up to 1,000 who fall and then as many others; empty before "
        "it is done, and when it was forgotten.",
    )
    async def moved(self, info: Info, first: First = None, after: After = None) -> Connection[SimulatedMove]:
        """The members who would move."""
        request, listed = request_of(info), f"simulation/{self.row.simulation_id}"
        slice_ = slice_of(request, listed, first=first, after=after)
        rows = await request.reads.load(simulations.moves_by_simulation, self.row.simulation_id) or []
        return connection_of(
            request,
            listed,
            slice_,
            page_of_list(rows, slice_, lambda row: (row.place,)),
            lambda row: (row.place,),
            lambda row: SimulatedMove(row=row),
        )

    @computed(
        scope=PROGRAM_WRITE,
        description="What the period would have come to; null: it is not done, was forgotten, or none is "
        "tried.",
    )
    def period(self) -> SimulatedPeriod | None:
        """What the period would have come to."""
        found = self.row.counted
        if found is None or self.row.kind != "backtest":
            return None
        return SimulatedPeriod(
            members=found["members"],
            folded=found["folded"],
            estimates=[SimulationEstimate(each) for each in found["estimates"]],
            costs=[_cost(each) for each in found["costs"]],
            tiers=[
                SimulatedStanding(ladder=ladder, was=was, would=would, members=count)
                for ladder, was, would, count in found["tiers"]
            ],
            failed=_rules(found["failed"]),
        )


def _moves(written: Any) -> SimulatedMoves:
    ladder, was, to, falls, count = written
    return SimulatedMoves(ladder=ladder, from_=was, to=to, falls=falls, members=count)


def _rules(written: dict[str, int]) -> list[SimulatedRule]:
    return [SimulatedRule(rule=rule, members=count) for rule, count in written.items()]


def _cost(written: dict[str, Any]) -> SimulatedCost:
    return SimulatedCost(
        sort=CostSort(written["sort"]),
        currency=written["currency"],
        rule=written["rule"],
        partner=written["partner"],
        was=Decimal(written["was"]),
        would=Decimal(written["would"]),
        margin=Decimal(written["margin"]),
    )


async def simulation_with_id(request: Request, key: UUID) -> Simulation:
    """The simulation that a mutation was about."""
    row = await request.reads.load(simulations.simulations_by_id, key)
    if row is None:
        raise LookupError(f"no simulation {key}")
    return Simulation(row=row)
