"""Tiers by the status at a partner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from loyalty_engine.rules import (
    AtLeast,
    DatedValue,
    Ladder,
    Measure,
    Member,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    Term,
    TierHooks,
    held_until,
    tier_problems,
)
from loyalty_tier_partner_status.config import TierPartnerStatusConfig

KIND = "partner_status"


class TierPartnerStatus(Rule[TierPartnerStatusConfig], TierHooks):
    """Supports the tier to which the member's status at a partner maps, and lower ones."""

    name = "tier_partner_status"
    version = "1"
    Config = TierPartnerStatusConfig

    def measures(self) -> Sequence[Measure]:
        """For each status whether it is the member's."""
        return tuple(self._is(status) for status in self.config.statuses)

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """The status maps to the tier or a higher one."""
        own = {status: ladder.own(tier) for status, tier in self.config.statuses.items()}
        ranks = {status: ladder.rank(tier) for status, tier in own.items() if tier is not None}
        return {
            ladder.tiers[rank]: AtLeast(
                tuple(Term(self._is(status)) for status, other in ranks.items() if other >= rank), Decimal(1)
            )
            for rank in sorted(set(ranks.values()))
        }

    def boundaries(self, member: Member, after: date) -> date | None:
        """The day from which on the status no longer holds."""
        _, until = held_until(member.values.get((KIND, self.config.key)))
        return until if until is not None and until > after else None

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers."""
        names = [(("statuses", status), tier) for status, tier in self.config.statuses.items()]
        ladders = program.ladders_naming(self.rule_id)
        return tier_problems(ladders, names) if ladders else ()

    def _is(self, status: str) -> Measure:
        return Measure(status, DatedValue(KIND, self.config.key, (status,)))
