"""The rulebook in force at an instant, as one value (DESIGN section 1.5)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty_engine.program import Program


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """A published version; the first holds from the beginning of time (``effective_at`` is None)."""

    id: UUID
    number: int
    effective_at: datetime | None
    program: Program


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The published versions of one business, in the order of their effective times."""

    versions: tuple[ProgramVersion, ...]

    def in_force(self, at: datetime) -> ProgramVersion:
        """The version that holds at the instant."""
        later = [version.effective_at for version in self.versions[1:] if version.effective_at is not None]
        return self.versions[bisect_right(later, at)]

    def until(self, at: datetime) -> Rulebook:
        """Without the versions that take effect after the instant."""
        return Rulebook(
            tuple(each for each in self.versions if each.effective_at is None or each.effective_at <= at)
        )

    @property
    def decimals(self) -> dict[str, int]:
        """How many digits after the point each currency of points has."""
        programs = [version.program for version in self.versions]
        return {
            key: points.section.decimals for program in programs for key, points in program.points.items()
        }
