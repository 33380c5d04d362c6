"""Mutations about simulations: their inputs, what they do, and what they answer."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from loyalty_engine.services import cancel_simulation, queue_simulation
from loyalty_engine.services import program_commands as commands
from loyalty_schema.doing import INPUT, REPLAYED, done
from loyalty_schema.fields import EVERYONE, PROGRAM_WRITE, computed
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY
from loyalty_schema.program_mutations import LadderPlanInput, plan_written
from loyalty_schema.request import Info, request_of
from loyalty_schema.types.refusals import (
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    NotFound,
    Retryable,
)
from loyalty_schema.types.simulation import Simulation, simulation_with_id


@strawberry.input(
    description="A program to try: publishing it, or, with `from` and `until`, a period that is over."
)
class SimulateProgramInput:
    """A program to try."""

    idempotency_key: str = strawberry.field(description=KEY)
    program: strawberry.ID | None = strawberry.field(
        default=None, description="A draft, or an earlier version."
    )
    source: str | None = strawberry.field(default=None, description="Or a file, in TOML.")
    effective_at: datetime | None = strawberry.field(
        default=None,
        description="When it would take effect, which is never in the past; left out: now. Not of a period.",
    )
    plan: list[LadderPlanInput] | None = strawberry.field(
        default=None,
        description="What would become of members then, by ladder; of a period: at its start. Left out: "
        "claims stay.",
    )
    from_: datetime | None = strawberry.field(
        name="from", default=None, description="Where the past period begins."
    )
    until: datetime | None = strawberry.field(
        default=None, description="The first instant that is not in the period; not in the future."
    )
    sample: int | None = strawberry.field(
        default=None,
        description="Fold about so many members of the period, of every combination of tiers the same share: "
        "1 to 5,000. Left out: all, or, where the file rations anything, 5,000.",
    )

    def command(self) -> commands.SimulateProgram:
        """What the use case is told."""
        return commands.SimulateProgram(
            program_id=None if self.program is None else id_of("Program", str(self.program)),
            source=self.source,
            effective_at=self.effective_at,
            plan=plan_written(self.plan),
            start=self.from_,
            end=self.until,
            sample=self.sample,
        )


@strawberry.input(description="A simulation to end.")
class CancelSimulationInput:
    """A simulation to end."""

    idempotency_key: str = strawberry.field(description=KEY)
    simulation: strawberry.ID = strawberry.field(description="The simulation.")

    def command(self) -> commands.CancelSimulation:
        """What the use case is told."""
        return commands.CancelSimulation(id_of("Simulation", str(self.simulation)))


@strawberry.type(description="The simulation waits for a worker.")
class SimulateProgramSuccess:
    """The simulation waits for a worker."""

    outcome: strawberry.Private[commands.SimulationQueued]

    @computed(scope=EVERYONE, description="The simulation.")
    async def simulation(self, info: Info) -> Simulation:
        """The simulation."""
        return await simulation_with_id(request_of(info), self.outcome.simulation_id)

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The simulation has ended.")
class CancelSimulationSuccess:
    """The simulation has ended."""

    outcome: strawberry.Private[commands.SimulationCancelled]

    @computed(scope=EVERYONE, description="The simulation.")
    async def simulation(self, info: Info) -> Simulation:
        """The simulation."""
        return await simulation_with_id(request_of(info), self.outcome.simulation_id)

    @computed(scope=EVERYONE, description="Whether it was ended by this; false: it had ended before.")
    def cancelled(self) -> bool:
        """Whether it was ended by this."""
        return self.outcome.cancelled

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


SimulateProgramResult: TypeAlias = Annotated[
    SimulateProgramSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("SimulateProgramResult", description="What simulateProgram answers."),
]
CancelSimulationResult: TypeAlias = Annotated[
    CancelSimulationSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | Retryable,
    strawberry.union("CancelSimulationResult", description="What cancelSimulation answers."),
]


@strawberry.type(
    description="What is done about simulations; no type of the API, but a part of its mutations."
)
class SimulationMutations:
    """What is done about simulations."""

    @computed(
        scope=PROGRAM_WRITE,
        description="Tries a program in the background, and writes nothing but what came of it: who would "
        "move if it were published, or what a past period would have come to. Answers at once; at most 3 "
        "of a business wait or run.",
    )
    async def simulate_program(
        self, info: Info, wanted: Annotated[SimulateProgramInput, INPUT]
    ) -> SimulateProgramResult:
        """Tries a program in the background."""
        request, command = request_of(info), wanted.command()
        shown: SimulateProgramResult = await done(
            request,
            lambda: queue_simulation(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: SimulateProgramSuccess(outcome=outcome),
            "Simulation",
        )
        return shown

    @computed(
        scope=PROGRAM_WRITE,
        description="Ends a simulation that waits or runs; the members at hand are the last.",
    )
    async def cancel_simulation(
        self, info: Info, wanted: Annotated[CancelSimulationInput, INPUT]
    ) -> CancelSimulationResult:
        """Ends a simulation."""
        request, command = request_of(info), wanted.command()
        shown: CancelSimulationResult = await done(
            request,
            lambda: cancel_simulation(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: CancelSimulationSuccess(outcome=outcome),
            "Simulation",
        )
        return shown
