"""Whether a ladder whose claims last as long as its rules say has rules that say it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from loyalty_engine.combine.tiers import Node, Verdict, decide, rules_of
from loyalty_engine.program.compiled import LadderPolicy
from loyalty_engine.program.findings import Finding
from loyalty_engine.rules import DatedValue, Requirement
from loyalty_engine.rules.requirements import measures_of_requirement

OPINION = "opinion"


def opinion_findings(ladders: Sequence[LadderPolicy], opinionated: Collection[str]) -> Iterator[Finding]:
    """Errors where figures alone can support a tier; warnings where they can when other rules say nothing.

    ``opinionated`` are the rules that state no figures. Their verdicts say until when, and dated values do.
    """
    for index, policy in enumerate(ladders):
        path = f"ladders.{index}"
        review = policy.review
        if policy.upgrade.until == OPINION:
            yield from _of_tree(f"{path}.upgrade.until", policy, policy.tree, opinionated)
        if review is not None and review.until == OPINION:
            yield from _of_tree(f"{path}.review.until", policy, policy.tree, opinionated)
        if policy.kept_until == OPINION:
            where = f"{path}.{'upgrade' if review is None else 'review'}.until"
            if policy.own_keep is not None:
                yield from _of_tree(where, policy, policy.own_keep, opinionated)
            if policy.downgrade.to == "one_step" and len(policy.tiers) > 2:
                message = (
                    "a fall by one step leads to tiers that no rule supports, so that none says until when"
                )
                yield Finding(f"{path}.downgrade.to", message, fix='write "qualified" or "base"')


def _of_tree(path: str, policy: LadderPolicy, tree: Node, opinionated: Collection[str]) -> Iterator[Finding]:
    for tier in policy.ladder.tiers[1:]:
        asked = {rule for rule in rules_of(tree) if tier in policy.requirements.get(rule, {})}
        dated = {rule for rule in asked if _says_when(policy.requirements[rule][tier])}
        figures = dict.fromkeys(asked - dated, Verdict.SUPPORTS) | dict.fromkeys(dated, Verdict.DENIES)
        others = set(rules_of(tree)) - asked
        denied, left = (
            {rule: say if rule in opinionated else Verdict.ABSTAINS for rule in others}
            for say in (Verdict.DENIES, Verdict.ABSTAINS)
        )
        alone = decide(tree, figures | denied) is Verdict.SUPPORTS
        if alone or decide(tree, figures | left) is Verdict.SUPPORTS:
            who = ", ".join(sorted(asked - dated))
            where = "alone" if alone else "alone, where rules with opinions have none on it"
            message = f"{who} can support {tier!r} {where}, and figures do not say until when"
            fix = "write how long it holds, e.g. { months = 12 }, or ask besides for a rule that says when"
            yield Finding(path, message, "error" if alone else "warning", fix)
            return


def _says_when(requirement: Requirement) -> bool:
    """Whether all that is asked for are dated values, which may end."""
    return all(isinstance(measure.figure, DatedValue) for measure in measures_of_requirement(requirement))
