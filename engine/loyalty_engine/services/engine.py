"""The application object: what every use case needs, made once when a process starts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty_engine.clock import Clock
from loyalty_engine.plugins import Installed
from loyalty_engine.program import Program, ProgramInvalid, compile_program
from loyalty_engine.program.plan import stored_plan
from loyalty_engine.rating import ProgramVersion, Rulebook
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.programs import BusinessRow, business_row, version_headers, version_sources

PROGRAMS_KEPT = 256
"""How many compiled program versions one process keeps."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts: a credential, or the operator at the command line.

    ``sources`` are those that it may write; None is any.
    """

    business_id: UUID
    credential_id: UUID | None
    kind: str
    scopes: frozenset[str]
    sources: frozenset[str] | None = None
    partner_id: UUID | None = None

    @property
    def actor(self) -> str:
        """By what its idempotency keys are told apart from others'."""
        return "operator" if self.credential_id is None else f"credential:{self.credential_id}"


class ProgramUnavailable(Exception):
    """The business has no program in force, or one whose rule version is not installed."""


class Engine:
    """Everything that a use case needs. Compiled programs are kept; they are immutable.

    ``deciding`` tells at which instant something is decided of members' points, where it is not ``clock``; it
    may refuse to tell the time.
    """

    def __init__(
        self,
        database: Database,
        installed: Installed,
        clock: Clock,
        secret_key: bytes,
        *,
        deciding: Clock | None = None,
    ) -> None:
        self.database = database
        self.installed = installed
        self.clock = clock
        self.deciding = deciding or clock
        self.secret_key = secret_key
        self._programs: dict[UUID, Program] = {}
        self._compiling = asyncio.Lock()

    async def business(self, connection: Connection, business_id: UUID) -> Business:
        """The business, with its own clock if it is a sandbox."""
        return Business(await business_row(connection, business_id), self.clock)

    async def rulebook(self, connection: Connection, business_id: UUID) -> Rulebook:
        """The published versions of the business's program.

        Whoever folds members reads it when they are locked: who folded them before knew no later versions,
        and whoever folded them without a version that has taken effect is found by the version up to which
        they were folded.
        Raises ProgramUnavailable when nothing was published or a rule version is not installed.
        """
        headers = await version_headers(connection, business_id)
        if not headers:
            raise ProgramUnavailable("the business has published no program yet")
        programs = {
            key: self._programs[key]
            for key in (header.program_version_id for header in headers)
            if key in self._programs
        }
        missing = [
            header.program_version_id for header in headers if header.program_version_id not in programs
        ]
        if missing:
            async with self._compiling:
                programs.update(await self._compile(connection, business_id, missing))
        return Rulebook(
            tuple(
                ProgramVersion(
                    header.program_version_id,
                    header.version,
                    header.effective_at,
                    programs[header.program_version_id],
                    stored_plan(header.plan),
                )
                for header in headers
            )
        )

    def draft(self, draft_id: UUID, source: str) -> Program | None:
        """The program of a draft; None where it does not compile any more with the rules installed."""
        if draft_id not in self._programs:
            try:
                self._keep(draft_id, compile_program(source, self.installed))
            except ProgramInvalid:
                return None
        return self._programs[draft_id]

    def _keep(self, key: UUID, program: Program) -> None:
        """Keep a compiled program instead of the oldest one."""
        while len(self._programs) >= PROGRAMS_KEPT:
            self._programs.pop(next(iter(self._programs)))
        self._programs[key] = program

    async def _compile(
        self, connection: Connection, business_id: UUID, missing: list[UUID]
    ) -> dict[UUID, Program]:
        """The missing programs, which are kept instead of the oldest ones."""
        compiled: dict[UUID, Program] = {}
        for source in await version_sources(connection, business_id, missing):
            refuse_other_versions(source.rule_versions, self.installed)
            try:
                program = compile_program(source.source, self.installed)
            except ProgramInvalid as error:
                raise ProgramUnavailable(
                    f"published version {source.version} does not load: {error}"
                ) from error
            self._keep(source.program_version_id, program)
            compiled[source.program_version_id] = program
        return compiled


def refuse_other_versions(rule_versions: Mapping[str, str], installed: Installed) -> None:
    """Raise ProgramUnavailable when a rule is installed in another version than the one published with."""
    for name, version in rule_versions.items():
        if name not in installed:
            raise ProgramUnavailable(f"rule {name} {version} is not installed")
        if installed[name].version != version:
            raise ProgramUnavailable(
                f"rule {name} {version} is not installed; installed is {installed[name].version}"
            )


@dataclass(frozen=True, slots=True)
class Business:
    """A business as use cases know it."""

    row: BusinessRow
    clock: Clock

    @property
    def business_id(self) -> UUID:
        """Its id."""
        return self.row.business_id

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin."""
        return ZoneInfo(self.row.timezone)

    def now(self) -> datetime:
        """The sandbox's own clock where it has one, else the clock of the process."""
        return self.row.clock_at or self.clock.now()
