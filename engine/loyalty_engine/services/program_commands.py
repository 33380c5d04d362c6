"""What the use cases about programs are told, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.program import Finding


@dataclass(frozen=True, slots=True)
class SaveProgram:
    """Keep a program file as a draft, which decides nothing."""

    source: str


@dataclass(frozen=True, slots=True)
class PublishProgram:
    """Make a file the next version: that of a draft, of an earlier version, or one that is given.

    ``plan`` is what becomes of members, as a plan's file says it; left out, claims stay.
    """

    program_id: UUID | None = None
    source: str | None = None
    effective_at: datetime | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulateProgram:
    """Try a file in the background: publishing it, or, from ``start`` until ``end``, a period that is over.

    The file is named, and the plan written, as for publishing. ``sample`` is about how many members are
    folded of a period.
    """

    program_id: UUID | None = None
    source: str | None = None
    effective_at: datetime | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class CancelSimulation:
    """End a simulation before it is done."""

    simulation_id: UUID


@dataclass(frozen=True, slots=True)
class ProgramSaved:
    """The draft is kept; ``findings`` keep nobody from publishing it, but some say that it needs a plan."""

    program_id: UUID
    findings: tuple[Finding, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class ProgramPublished:
    """The version is published, or, with ``unchanged``, was before."""

    program_id: UUID
    findings: tuple[Finding, ...] = ()
    unchanged: bool = False
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class SimulationQueued:
    """The simulation waits for a worker."""

    simulation_id: UUID
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class SimulationCancelled:
    """The simulation has ended; without ``cancelled`` it had before."""

    simulation_id: UUID
    cancelled: bool
    replayed: bool = False
