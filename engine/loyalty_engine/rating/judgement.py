"""What a ladder's rules say, and the tiers that its trees support."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from loyalty_engine.combine.tiers import Node, Verdict, entry_tier, stands_until
from loyalty_engine.ledger.lots import Place
from loyalty_engine.program import LadderPolicy, Program
from loyalty_engine.rating.opinions import ends_of, in_force
from loyalty_engine.rating.reasons import LONGEST_REASON, ReasonsGiven, are_reasons
from loyalty_engine.rating.state import Ruling
from loyalty_engine.rules import Measure, Member, TierVerdict


@dataclass(frozen=True, slots=True)
class RuleFailed:
    """A rule raised, or answered what no rule may answer. A failure is never an abstention."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdicts by tier and rule, the figures they rest on, the entry tier, and the tier that is kept.

    ``until`` and ``keeps_until`` are the days from which on those tiers are supported no more, None without
    an end; ``ends`` are those of single rules, by rule and tier.
    """

    tier: str
    keeps: str
    verdicts: Mapping[str, Mapping[str, Verdict]]
    figures: Mapping[str, Decimal]
    opinions: Mapping[str, Mapping[str, TierVerdict]]
    failures: tuple[RuleFailed, ...]
    ends: Mapping[str, Mapping[str, date]]
    until: date | None
    keeps_until: date | None


def failure(rule: str, error: Exception) -> RuleFailed:
    """A failure as it is kept: the class and the message of the error, at most 500 characters."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the message is made by the rule's own code too
        message = "it has no message"
    kept = f"{type(error).__name__}: {message}"[:500].replace("\x00", "")
    return RuleFailed(rule, kept.encode("utf-8", "replace").decode())


def judge(program: Program, policy: LadderPolicy, member: Member, day: date | None = None) -> Judgement:
    """Ask every rule of the ladder's trees once.

    On ``day`` a rule supports no more what it supported until then; None: as it says.
    """
    opinions, failures = _opinions(program, policy, member, day)
    failed = {found.rule for found in failures}
    verdicts = {
        tier: {
            rule: Verdict.UNDECIDED
            if rule in failed
            else _verdict(policy, rule, tier, member.figures, opinions)
            for rule in policy.rules
        }
        for tier in policy.ladder.tiers[1:]
    }
    figures = {
        figure_key(rule, measure): member.figures[measure]
        for rule in policy.rules
        for measure in program.measures_of[rule]
    }
    tier = entry_tier(policy.tree, policy.ladder.tiers, verdicts)
    keeps = tier if policy.own_keep is None else entry_tier(policy.keep, policy.ladder.tiers, verdicts)
    ends = ends_of(policy, member, opinions)
    return Judgement(
        tier,
        keeps,
        verdicts,
        figures,
        opinions,
        failures,
        ends,
        _until(policy.tree, tier, verdicts, ends),
        _until(policy.keep, keeps, verdicts, ends),
    )


def figure_key(rule: str, measure: Measure) -> str:
    """The name of a rule's measure in a ruling."""
    return f"{rule}.{measure.key}"


def reasons_of(judgement: Judgement) -> ReasonsGiven:
    """What rules gave as reasons, by rule and tier; of those that gave none nothing."""
    given = {
        rule: {tier: verdict.reasons for tier, verdict in by_tier.items() if verdict.reasons}
        for rule, by_tier in judgement.opinions.items()
    }
    return {rule: by_tier for rule, by_tier in given.items() if by_tier}


def _until(
    tree: Node,
    tier: str,
    verdicts: Mapping[str, Mapping[str, Verdict]],
    ends: Mapping[str, Mapping[str, date]],
) -> date | None:
    if not ends or tier not in verdicts:
        return None
    return stands_until(tree, verdicts[tier], {rule: by[tier] for rule, by in ends.items() if tier in by})


def _opinions(
    program: Program, policy: LadderPolicy, member: Member, day: date | None
) -> tuple[dict[str, Mapping[str, TierVerdict]], tuple[RuleFailed, ...]]:
    opinions: dict[str, Mapping[str, TierVerdict]] = {}
    failures: list[RuleFailed] = []
    for rule, ask in program.implementations["tier_opinion"].items():
        if rule not in policy.rules or policy.requirements.get(rule):
            continue
        try:
            opinions[rule] = in_force(_checked(ask(member, policy.ladder), policy), day)
        except Exception as error:  # noqa: BLE001 - whatever a rule raises is its failure
            failures.append(failure(rule, error))
    return opinions, tuple(failures)


def _checked(answer: object, policy: LadderPolicy) -> Mapping[str, TierVerdict]:
    if not isinstance(answer, Mapping):
        raise TypeError(f"tier_opinion answered {type(answer).__name__} instead of a mapping")
    for tier, verdict in answer.items():
        if tier not in policy.ladder.tiers or not _is_verdict(verdict):
            raise TypeError(f"tier_opinion answered {verdict!r} for {tier!r}"[:LONGEST_REASON])
    return dict(answer)


def _is_verdict(said: Any) -> bool:
    """Whether a rule's answer is what its type promises."""
    if not isinstance(said, TierVerdict):
        return False
    kinds: list[type] = [type(said.supports), type(said.until)]
    return are_reasons(said.reasons) and kinds in ([bool, type(None)], [bool, date])


def _verdict(
    policy: LadderPolicy,
    rule: str,
    tier: str,
    figures: Mapping[Measure, Decimal],
    opinions: Mapping[str, Mapping[str, TierVerdict]],
) -> Verdict:
    requirement = policy.requirements.get(rule, {}).get(tier)
    if requirement is not None:
        return Verdict.SUPPORTS if requirement.met(figures) else Verdict.DENIES
    opinion = opinions.get(rule, {}).get(tier)
    if opinion is None:
        return Verdict.ABSTAINS
    return Verdict.SUPPORTS if opinion.supports else Verdict.DENIES


def ruling_of(
    judgement: Judgement,
    at: datetime,
    at_boundary: bool,
    cycle_began_on: date | None,
    joined_on: date | None,
    cycle_after: Place | None = None,
) -> Ruling:
    """What is kept of a judgement, enough to decide again."""
    opinions = {
        rule: {tier: verdict.supports for tier, verdict in by_tier.items()}
        for rule, by_tier in judgement.opinions.items()
    }
    return Ruling(
        at,
        at_boundary,
        judgement.figures,
        opinions,
        cycle_began_on,
        ends=judgement.ends,
        joined_on=joined_on,
        reasons=reasons_of(judgement),
        cycle_after=cycle_after,
    )
