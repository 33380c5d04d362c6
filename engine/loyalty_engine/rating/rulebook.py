"""The rulebook in force at an instant, as one value (DESIGN section 1.5)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.program.plan import NO_PLAN, Plan


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """A published version; the first holds from the beginning of time (``effective_at`` is None).

    ``plan`` says what becomes of members when it takes effect.
    """

    id: UUID
    number: int
    effective_at: datetime | None
    program: Program
    plan: Plan = field(default=NO_PLAN, hash=False)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The published versions of one business, in the order of their effective times."""

    versions: tuple[ProgramVersion, ...]

    def in_force(self, at: datetime) -> ProgramVersion:
        """The version that holds at the instant; of several that take effect at one, the last."""
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

    def as_known(self, number: int) -> Rulebook:
        """The rulebook as it was when only the versions up to a number had been published."""
        return Rulebook(self.versions[: max(number, 1)])

    def begun(self, after: datetime, until: datetime) -> tuple[ProgramVersion, ...]:
        """The versions that took effect after an instant, up to and including another."""
        return tuple(
            version
            for version, following in zip(self.versions, (*self.versions[1:], None), strict=True)
            if version.effective_at is not None
            and after < version.effective_at <= until
            and (following is None or following.effective_at != version.effective_at)
        )

    def before(self, version: ProgramVersion) -> ProgramVersion | None:
        """The version in force up to the instant at which one takes effect; None before the first."""
        earlier = [
            other
            for other in self.versions
            if version.effective_at is not None
            and (other.effective_at is None or other.effective_at < version.effective_at)
        ]
        return earlier[-1] if earlier else None

    def ladder_before(self, version: ProgramVersion, ladder: str) -> LadderPolicy | None:
        """A ladder as it was when it was last in force before a version; None when it never was."""
        earlier = self.before(version)
        known = None if earlier is None else self.last_with(earlier, ladder)
        return None if known is None else known.program.ladder(ladder)

    def last_with(self, version: ProgramVersion, ladder: str) -> ProgramVersion | None:
        """A version, or the last one in force before it, that has a ladder; None when none has."""
        known: ProgramVersion | None = version
        while known is not None and all(policy.key != ladder for policy in known.program.ladders):
            known = self.before(known)
        return known
