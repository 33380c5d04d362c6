"""How many members the figures of now would put on each tier, worked out by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from loyalty_engine.combine.tiers import Branch, Leaf, Node
from loyalty_engine.ledger.amounts import EXACT
from loyalty_engine.localtime import local_day
from loyalty_engine.measures import Condition, Enough, Reaches, Read, Wanted, supported
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.tallies import view_of
from loyalty_engine.rating.windows import days_of
from loyalty_engine.rules import AtLeast, Figure, Measure, Requirement, Term
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.store.merges import absorbed_by
from loyalty_engine.store.qualifying import members_on_ladder


class NoSqlForm(ValueError):
    """The rules of a ladder cannot be asked by the database alone; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Qualified:
    """Members of a ladder by the tier that they hold, None where it is new, and the one that is supported."""

    ladder: str
    members: Mapping[tuple[str | None, str], int]


async def qualified(engine: Engine, caller: Caller, program: Program) -> list[Qualified]:
    """What a program's ladders support for the caller's members, each on the figures of now.

    It says nothing about claims: who has one keeps the tier until it ends. Raises NoSqlForm.
    """
    business_id, found = caller.business_id, []
    async with engine.database.reading(business_id) as connection:
        now = (await engine.business(connection, business_id)).now()
    for policy in program.ladders:
        tiers = conditions(program, policy, local_day(now, program.zone))
        counts: Counter[tuple[str | None, str]] = Counter()
        after: UUID | None = None
        while True:
            async with engine.database.reading(business_id) as connection:
                held = await members_on_ladder(connection, business_id, policy.key, after)
                ids = [row["member_id"] for row in held]
                absorbed = await absorbed_by(connection, business_id, ids)
                ranks = await supported(connection, business_id, ids, tiers, absorbed)
            if not held:
                break
            counts.update((row["tier"], policy.ladder.tiers[ranks[row["member_id"]]]) for row in held)
            after = ids[-1]
        found.append(Qualified(policy.key, counts))
    return found


def conditions(
    program: Program, policy: LadderPolicy, day: date, *, at_boundary: bool = False
) -> Sequence[Condition]:
    """What the ladder asks for each tier above the base on a local day, or at the boundary of that day.

    Raises NoSqlForm where a rule states no requirements, or reads a window that each member has of its own.
    """
    asking = _Asking(program, policy, day, at_boundary)
    found = [asking.of_node(policy.tree, tier) for tier in policy.ladder.tiers[1:]]
    return [condition or Enough((), 1) for condition in found]


@dataclass(frozen=True, slots=True)
class _Asking:
    program: Program
    policy: LadderPolicy
    day: date
    at_boundary: bool

    def of_node(self, node: Node, tier: str) -> Condition | None:
        """What a node asks for a tier; None where it abstains."""
        if isinstance(node, Leaf):
            return self._of_rule(node.rule, tier)
        children = [self.of_node(child, tier) for child in node.of]
        weights = node.weights or (1,) * len(children)
        spoken = [
            (child, weight) for child, weight in zip(children, weights, strict=True) if child is not None
        ]
        return Enough(tuple(spoken), _needed(node, len(spoken))) if spoken else None

    def _of_rule(self, rule: str, tier: str) -> Condition | None:
        requirements = self.policy.requirements.get(rule)
        if not requirements:
            raise NoSqlForm(f"ladder {self.policy.key!r}: rule {rule!r} states no requirements")
        requirement = requirements.get(tier)
        return None if requirement is None else self._of_requirement(requirement)

    def _of_requirement(self, requirement: Requirement) -> Condition:
        if isinstance(requirement, AtLeast):
            return Reaches(tuple(self._term(term) for term in requirement.terms), requirement.bound)
        parts = tuple((self._of_requirement(part), 1) for part in requirement.of)
        return Enough(parts, requirement.at_least)

    def _term(self, term: Term) -> tuple[Read, Decimal]:
        """What is read, and its weight: points are read in smallest units."""
        figure = term.measure.figure
        if not isinstance(figure, Figure):
            raise NoSqlForm(f"ladder {self.policy.key!r}: measure {term.measure.key!r} is of no activities")
        weight = term.weight
        if figure.currency is not None:
            weight = EXACT.scaleb(weight, -self.program.points[figure.currency].section.decimals)
        return self._read(term.measure, figure), weight

    def _read(self, measure: Measure, figure: Figure) -> Read:
        if measure.window in ("anniversary", "cycle"):
            raise NoSqlForm(
                f"ladder {self.policy.key!r}: measure {measure.key!r} reads"
                " a period that each member has of its own"
            )
        days = days_of(measure.window, self.day, self.at_boundary, self.day)
        gross = view_of(figure, self.policy.section.returns) == "gross"
        return Read(Wanted(figure, gross), days.start, days.end)


def _needed(node: Branch, spoken: int) -> int:
    return spoken if node.op == "all_of" else node.at_least
