"""Mutations about programs: their inputs, what they do, and what they answer."""

from datetime import date, datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from loyalty_engine.services import program_commands as commands
from loyalty_engine.services import publish_saved_program, save_program
from loyalty_schema.doing import INPUT, REPLAYED, done
from loyalty_schema.enums import PlannedClaims, value_of
from loyalty_schema.fields import EVERYONE, FEW, PROGRAM_WRITE, computed
from loyalty_schema.ids import id_of
from loyalty_schema.inputs import KEY
from loyalty_schema.request import Info, Request, request_of
from loyalty_schema.types.program import Program, program_with_id
from loyalty_schema.types.refusals import (
    ConfigInvalid,
    IdempotencyConflict,
    IdempotencyInProgress,
    InvalidInput,
    NotFound,
    Retryable,
)
from loyalty_schema.types.rules import Finding


@strawberry.input(description="A program file to keep as a draft.")
class SaveProgramInput:
    """A program file to keep as a draft."""

    idempotency_key: str = strawberry.field(description=KEY)
    source: str = strawberry.field(description="The file, in TOML.")

    def command(self) -> commands.SaveProgram:
        """What the use case is told."""
        return commands.SaveProgram(self.source)


@strawberry.input(description="Where the claims on a tier go.")
class TierMoveInput:
    """Where the claims on a tier go."""

    from_: str = strawberry.field(name="from", description="The key of a tier of the version before.")
    to: str = strawberry.field(description="The key of a tier of the version that takes effect.")


@strawberry.input(description="What becomes of the claims on one ladder.")
class LadderPlanInput:
    """What becomes of the claims on one ladder."""

    ladder: str = strawberry.field(description="The ladder's key.")
    claims: PlannedClaims = strawberry.field(
        default=PlannedClaims.KEEP, description="What becomes of them, once tiers have their new names."
    )
    until: date | None = strawberry.field(
        default=None,
        description="With PROTECT_UNTIL: the first day on which the tier held is protected no more.",
    )
    tiers: list[TierMoveInput] | None = strawberry.field(
        default=None, description="Where the claims on tiers go that have other names or are gone."
    )

    def written(self) -> dict[str, Any]:
        """As a plan's file says it."""
        until = {} if self.until is None else {"until": self.until}
        tiers = {move.from_: move.to for move in self.tiers or ()}
        return {"claims": value_of(self.claims), "tiers": tiers, **until}


def plan_written(plan: list[LadderPlanInput] | None) -> dict[str, Any]:
    """The plans of ladders as a plan's file says them."""
    plans = {each.ladder: each.written() for each in plan or ()}
    return {"ladders": plans} if plans else {}


@strawberry.input(description="A program to publish: a draft, an earlier version, or a file.")
class PublishProgramInput:
    """A program to publish."""

    idempotency_key: str = strawberry.field(description=KEY)
    program: strawberry.ID | None = strawberry.field(
        default=None, description="A draft, or an earlier version that is to be restored."
    )
    source: str | None = strawberry.field(default=None, description="Or a file, in TOML.")
    effective_at: datetime | None = strawberry.field(
        default=None, description="When it takes effect, which is never in the past; left out: now."
    )
    plan: list[LadderPlanInput] | None = strawberry.field(
        default=None, description="What becomes of members then, by ladder; left out: claims stay."
    )

    def command(self) -> commands.PublishProgram:
        """What the use case is told."""
        return commands.PublishProgram(
            program_id=None if self.program is None else id_of("Program", str(self.program)),
            source=self.source,
            effective_at=self.effective_at,
            plan=plan_written(self.plan),
        )


async def _program(request: Request, program_id: UUID) -> Program:
    found = await program_with_id(request, program_id)
    if found is None:
        raise LookupError(f"no program {program_id}")
    return found


@strawberry.type(description="The draft was kept.")
class SaveProgramSuccess:
    """The draft was kept."""

    outcome: strawberry.Private[commands.ProgramSaved]

    @computed(scope=EVERYONE, description="The draft.")
    async def program(self, info: Info) -> Program:
        """The draft."""
        return await _program(request_of(info), self.outcome.program_id)

    @computed(
        scope=EVERYONE,
        brings=FEW,
        description="What the lint says about it, and what it cannot change without a plan.",
    )
    def findings(self) -> list[Finding]:
        """What the lint says about it."""
        return [Finding(row=finding) for finding in self.outcome.findings]

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


@strawberry.type(description="The version was published.")
class PublishProgramSuccess:
    """The version was published."""

    outcome: strawberry.Private[commands.ProgramPublished]

    @computed(scope=EVERYONE, description="The version.")
    async def program(self, info: Info) -> Program:
        """The version."""
        return await _program(request_of(info), self.outcome.program_id)

    @computed(
        scope=EVERYONE, description="Whether the very file was published last, so that nothing changed."
    )
    def unchanged(self) -> bool:
        """Whether nothing changed."""
        return self.outcome.unchanged

    @computed(scope=EVERYONE, brings=FEW, description="What is to be thought of nevertheless.")
    def findings(self) -> list[Finding]:
        """What is to be thought of nevertheless."""
        return [Finding(row=finding) for finding in self.outcome.findings]

    @computed(scope=EVERYONE, description=REPLAYED)
    def replayed(self) -> bool:
        """Whether it was done before."""
        return self.outcome.replayed


SaveProgramResult: TypeAlias = Annotated[
    SaveProgramSuccess
    | InvalidInput
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("SaveProgramResult", description="What saveProgram answers."),
]
PublishProgramResult: TypeAlias = Annotated[
    PublishProgramSuccess
    | InvalidInput
    | NotFound
    | IdempotencyConflict
    | IdempotencyInProgress
    | ConfigInvalid
    | Retryable,
    strawberry.union("PublishProgramResult", description="What publishProgram answers."),
]


@strawberry.type(description="What is done about programs; no type of the API, but a part of its mutations.")
class ProgramMutations:
    """What is done about programs."""

    @computed(scope=PROGRAM_WRITE, description="Keeps a program file as a draft, if it has no errors.")
    async def save_program(self, info: Info, wanted: Annotated[SaveProgramInput, INPUT]) -> SaveProgramResult:
        """Keeps a program file as a draft."""
        request, command = request_of(info), wanted.command()
        shown: SaveProgramResult = await done(
            request,
            lambda: save_program(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: SaveProgramSuccess(outcome=outcome),
            "Program",
        )
        return shown

    @computed(
        scope=PROGRAM_WRITE,
        description="Makes a program the next version, now or later, with a plan for members.",
    )
    async def publish_program(
        self, info: Info, wanted: Annotated[PublishProgramInput, INPUT]
    ) -> PublishProgramResult:
        """Makes a program the next version."""
        request, command = request_of(info), wanted.command()
        shown: PublishProgramResult = await done(
            request,
            lambda: publish_saved_program(request.engine, request.caller, wanted.idempotency_key, command),
            lambda outcome: PublishProgramSuccess(outcome=outcome),
            "Program",
        )
        return shown
