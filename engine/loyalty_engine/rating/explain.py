"""Explains a standing: the tree that decided, what it read, and the routes to higher tiers.

Nothing of this is kept: the figures and opinions of a ruling are enough to decide it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from loyalty_engine.combine.tiers import Branch, Node, Verdict, decide, entry_tier, stands_until
from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.judgement import figure_key
from loyalty_engine.rating.reasons import ReasonsGiven
from loyalty_engine.rating.windows import Days, days_of
from loyalty_engine.rules import (
    AtLeast,
    DatedValue,
    Measure,
    Reading,
    Reason,
    Requirement,
    Tenure,
)

Opinions = Mapping[str, Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class MeasureRead:
    """A measure as it was read: its value, and the local days over which it was added up."""

    measure: Measure
    value: Decimal
    days: Days
    after: Place | None = None
    """The place that the cycle began after over which it was added up; None for every other window."""


@dataclass(frozen=True, slots=True)
class RulingNode:
    """A node of the tree that decided; ``key`` is its place in the list, ``parent`` that of its parent."""

    key: int
    parent: int | None
    op: str
    rule: str | None
    supports: str | None
    reasons: tuple[Reason, ...] = ()
    measures: tuple[MeasureRead, ...] = ()
    given: tuple[tuple[str, Reason], ...] = ()
    """What the rule itself gave as reasons, each with the tier that it is about."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is needed to decide again: the figures by ``rule.measure``, the opinions, and the local day."""

    figures: Mapping[str, Decimal]
    opinions: Opinions
    day: date
    at_boundary: bool
    joined_on: date
    cycle_began_on: date | None = None
    by_hand: str | None = None
    """The origin of the claim made by hand that decided, for which no rule was asked."""
    ends: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    """The days from which on rules support tiers no more, of those that said so."""
    reasons: ReasonsGiven = field(default_factory=dict)
    """What rules gave as reasons themselves."""
    cycle_after: Place | None = None
    """The place that the cycle under way began after, where it is known."""


def ruling_nodes(
    program: Program, policy: LadderPolicy, about: Sequence[str], ruling: Ruling
) -> list[RulingNode]:
    """The nodes of the ladder's tree, the root first, with the reasons about some tiers.

    Where claims ended on a ladder that is kept by a tree of its own, the nodes of that one follow.
    """
    verdicts = _verdicts(program, policy, ruling)
    nodes: list[RulingNode] = []
    for parent, node in _of_both(policy, ruling):
        supports = next(
            (
                name
                for name in reversed(policy.ladder.tiers[1:])
                if decide(node, verdicts[name]) is Verdict.SUPPORTS
            ),
            None,
        )
        key = len(nodes)
        if isinstance(node, Branch):
            reasons = tuple(reason for tier in about for reason in _said(node, tier, verdicts[tier], ruling))
            nodes.append(RulingNode(key, parent, node.op, None, supports, reasons))
        else:
            nodes.append(
                RulingNode(
                    key,
                    parent,
                    "rule",
                    node.rule,
                    supports,
                    tuple(_reasons(program, policy, node.rule, about, ruling)),
                    tuple(_read(program, node.rule, ruling)),
                    tuple(_given(node.rule, about, ruling)),
                )
            )
    return nodes


def told(policy: LadderPolicy, tier: str) -> tuple[str, ...]:
    """The tiers that a decision gives reasons about: the one decided, and the next one above."""
    rank = policy.ladder.rank(tier)
    return policy.ladder.tiers[max(rank, 1) : rank + 2]


def by_hand_node(tier: str, origin: str) -> RulingNode:
    """What decided where a tier was set by hand, whatever rules say."""
    return RulingNode(0, None, "by_hand", None, tier, (Reason(f"reason-{origin}", {"tier": tier}),))


def supported_tier(program: Program, policy: LadderPolicy, ruling: Ruling) -> str:
    """What the ladder's tree decides on the ruling's figures: the highest tier supported, else the base."""
    return entry_tier(policy.tree, policy.ladder.tiers, _verdicts(program, policy, ruling))


def kept_tier(program: Program, policy: LadderPolicy, ruling: Ruling) -> str:
    """What the ladder's tree of keeping decides on the ruling's figures."""
    return entry_tier(policy.keep, policy.ladder.tiers, _verdicts(program, policy, ruling))


def conditions(requirement: Requirement | None) -> Iterator[AtLeast]:
    """The conditions on figures that a requirement is made of."""
    if requirement is None:
        return
    if isinstance(requirement, AtLeast):
        yield requirement
        return
    for part in requirement.of:
        yield from conditions(part)


def unit_of(program: Program, condition: AtLeast) -> str:
    """What a condition counts: a currency, activities, days, units, an attribute, a status, or a score.

    What is weighed is a score, whatever it is made of.
    """
    units = {
        _unit(term.measure.figure, program.file.program.currency) if term.weight == 1 else "score"
        for term in condition.terms
    }
    return units.pop() if len(units) == 1 else "score"


def _unit(figure: Reading, currency: str) -> str:
    if isinstance(figure, Tenure):
        return "months"
    if isinstance(figure, DatedValue):
        return "status" if figure.among else figure.key
    match figure.of:
        case "amount":
            return currency
        case "count":
            return "activities"
        case "local_days":
            return "days"
        case "units":
            return "units"
        case "attribute":
            return figure.attribute or "score"
        case "earned":
            return figure.currency or "score"


def _of_both(policy: LadderPolicy, ruling: Ruling) -> Sequence[tuple[int | None, Node]]:
    entry = _with_parents(policy.tree)
    if policy.own_keep is None or not ruling.at_boundary:
        return entry
    kept = _with_parents(policy.keep)
    return [*entry, *((None if parent is None else parent + len(entry), node) for parent, node in kept)]


def _with_parents(tree: Node) -> Sequence[tuple[int | None, Node]]:
    found: list[tuple[int | None, Node]] = []

    def visit(node: Node, parent: int | None) -> None:
        key = len(found)
        found.append((parent, node))
        if isinstance(node, Branch):
            for child in node.of:
                visit(child, key)

    visit(tree, None)
    return found


def _by_measure(program: Program, rule: str, ruling: Ruling) -> dict[Measure, Decimal]:
    return {measure: ruling.figures[figure_key(rule, measure)] for measure in program.measures_of[rule]}


def deciding_rules(
    program: Program, policy: LadderPolicy, ruling: Ruling, tier: str, *, rose: bool
) -> list[str]:
    """The rules that raised a member to a tier, or that denied it the tier above when it fell."""
    rank = policy.ladder.rank(tier)
    about = tier if rose else policy.ladder.tiers[min(rank + 1, len(policy.ladder.tiers) - 1)]
    wanted = Verdict.SUPPORTS if rose else Verdict.DENIES
    if about == policy.ladder.base:
        return []
    return [rule for rule in policy.rules if _verdict(program, policy, rule, about, ruling) is wanted]


def _verdicts(program: Program, policy: LadderPolicy, ruling: Ruling) -> dict[str, dict[str, Verdict]]:
    return {
        tier: {rule: _verdict(program, policy, rule, tier, ruling) for rule in policy.rules}
        for tier in policy.ladder.tiers[1:]
    }


def _verdict(program: Program, policy: LadderPolicy, rule: str, tier: str, ruling: Ruling) -> Verdict:
    requirement = policy.requirements.get(rule, {}).get(tier)
    if requirement is not None:
        met = requirement.met(_by_measure(program, rule, ruling))
        return Verdict.SUPPORTS if met else Verdict.DENIES
    opinion = ruling.opinions.get(rule, {}).get(tier)
    if opinion is None:
        return Verdict.ABSTAINS
    return Verdict.SUPPORTS if opinion else Verdict.DENIES


def _reasons(
    program: Program, policy: LadderPolicy, rule: str, about: Sequence[str], ruling: Ruling
) -> Iterator[Reason]:
    for asked in about:
        leaves = list(conditions(policy.requirements.get(rule, {}).get(asked)))
        figures = _by_measure(program, rule, ruling) if leaves else {}
        for leaf in leaves:
            yield Reason(
                "reason-reached" if leaf.met(figures) else "reason-short",
                {
                    "tier": asked,
                    "have": plain(leaf.have(figures)),
                    "need": plain(leaf.bound),
                    "unit": unit_of(program, leaf),
                },
            )
        opinion = ruling.opinions.get(rule, {}).get(asked)
        if opinion is not None:
            yield Reason("reason-supports" if opinion else "reason-denies", {"tier": asked})
        yield from _until(asked, ruling.ends.get(rule, {}).get(asked))


def _said(node: Node, tier: str, verdicts: Mapping[str, Verdict], ruling: Ruling) -> Iterator[Reason]:
    """What a branch says about a tier, unless it abstains."""
    verdict = decide(node, verdicts)
    if verdict is Verdict.SUPPORTS:
        yield Reason("reason-supports", {"tier": tier})
        ends = {rule: by_tier[tier] for rule, by_tier in ruling.ends.items() if tier in by_tier}
        yield from _until(tier, stands_until(node, verdicts, ends))
    elif verdict is Verdict.DENIES:
        yield Reason("reason-denies", {"tier": tier})


def _given(rule: str, about: Sequence[str], ruling: Ruling) -> Iterator[tuple[str, Reason]]:
    by_tier = ruling.reasons.get(rule, {})
    return ((tier, reason) for tier in about for reason in by_tier.get(tier, ()))


def _until(tier: str, day: date | None) -> Iterator[Reason]:
    """Until before which day a support lasts, where an end is known."""
    if day is not None:
        yield Reason("reason-until", {"tier": tier, "date": day.isoformat()})


def _read(program: Program, rule: str, ruling: Ruling) -> Iterator[MeasureRead]:
    for measure, value in _by_measure(program, rule, ruling).items():
        days = days_of(
            measure.window, ruling.day, ruling.at_boundary, ruling.joined_on, ruling.cycle_began_on
        )
        yield MeasureRead(measure, value, days, ruling.cycle_after if measure.window == "cycle" else None)


def plain(value: Decimal) -> str:
    """An exact number without an exponent, and without zeros beyond its second decimal."""
    written = format(value, "f")
    whole, point, decimals = written.partition(".")
    return f"{whole}{point}{decimals[:2]}{decimals[2:].rstrip('0')}" if len(decimals) > 2 else written


__all__ = [
    "MeasureRead",
    "Ruling",
    "RulingNode",
    "by_hand_node",
    "conditions",
    "kept_tier",
    "plain",
    "ruling_nodes",
    "supported_tier",
    "told",
    "unit_of",
]
