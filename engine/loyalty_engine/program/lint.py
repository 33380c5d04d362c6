"""What a program says that it hardly means: findings over the whole file, all of them warnings.

What one rule's own configuration says is looked at by the rule (`Rule.problems`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loyalty_engine.combine.tiers import Node, Verdict, decide, rules_of
from loyalty_engine.program.compiled import ConfiguredRule, LadderPolicy
from loyalty_engine.program.edges import edge_findings
from loyalty_engine.program.findings import Finding
from loyalty_engine.program.keeping import keep_findings
from loyalty_engine.program.registry import Implementations
from loyalty_engine.rules import Ladder


def ladder_findings(
    policies: Sequence[LadderPolicy],
    rules: Mapping[str, ConfiguredRule],
    implementations: Implementations,
) -> Iterator[Finding]:
    """Tiers that nobody reaches or stands on, that add nothing, and that are harder to keep than to reach."""
    named = {rule for policy in policies for rule in policy.rules}
    giving = [rule.config for key, rule in rules.items() if key not in named]
    for index, policy in enumerate(policies):
        path = f"ladders.{index}"
        yield from _unreachable(path, policy, implementations)
        yield from edge_findings(path, policy, implementations["tier_opinion"])
        yield from _adding_nothing(path, policy.ladder, giving, policies)
        yield from keep_findings(path, policy, implementations["tier_opinion"])


def _unreachable(path: str, policy: LadderPolicy, implementations: Implementations) -> Iterator[Finding]:
    for rank, tier in enumerate(policy.ladder.tiers[1:], start=1):
        speaking = {
            rule
            for rule in rules_of(policy.tree)
            if tier in policy.requirements.get(rule, {}) or rule in implementations["tier_opinion"]
        }
        at = f"{path}.tiers.{rank}"
        if not speaking:
            fix = "let a rule of the tree name it, e.g. a tier_grant where it is granted by hand"
            yield Finding(at, f"no rule of the tree speaks for {tier!r}", "warning", fix)
        elif not _can_support(policy.tree, speaking):
            message = (
                f"{tier!r} is unreachable: the tree asks for more than the rules that speak for it can "
                f"support together ({', '.join(sorted(speaking))})"
            )
            fix = "lower at_least, or let more rules of the tree name the tier"
            yield Finding(at, message, "warning", fix)


def _can_support(tree: Node, speaking: set[str]) -> bool:
    """Whether the tree supports a tier that every rule supports which speaks for it."""
    verdicts = {rule: Verdict.SUPPORTS if rule in speaking else Verdict.ABSTAINS for rule in rules_of(tree)}
    return decide(tree, verdicts) is Verdict.SUPPORTS


def _adding_nothing(
    path: str, ladder: Ladder, configs: Sequence[Mapping[str, Any]], policies: Sequence[LadderPolicy]
) -> Iterator[Finding]:
    """Tiers that have what the tier below has, where rules beside the tree tell tiers apart at all.

    A table that names a tier with the same value says that this is meant.
    """
    others = {tier for policy in policies if policy.key != ladder.key for tier in policy.ladder.tiers}
    given = [
        mention
        for config in configs
        for mention in _mentions(config, ladder)
        if not (set(mention) <= others and not any("." in name for name in mention))
    ]
    if not given:
        return
    for rank, tier in enumerate(ladder.tiers[1:], start=1):
        below = ladder.tiers[rank - 1]
        if not any(_names(mention, ladder, tier) for mention in given) and all(
            _given(mention, ladder, tier) == _given(mention, ladder, below) for mention in given
        ):
            yield Finding(
                f"{path}.tiers.{rank}",
                f"{tier!r} adds nothing to {below!r}: no rule of the file gives it more",
                "warning",
                f"give {tier!r} something that {below!r} lacks, e.g. a rate; or name it with what {below!r} "
                "has, if that is meant",
            )


def _mentions(written: object, ladder: Ladder) -> Iterator[Mapping[str, object]]:
    """Tables by tier, and lists of tiers, in a configuration; a list as a table of what is in it."""
    if isinstance(written, Mapping):
        if written and all(ladder.own(str(key)) is not None for key in written):
            yield {str(key): value for key, value in written.items()}
            return
        for part in written.values():
            yield from _mentions(part, ladder)
    elif isinstance(written, list | tuple):
        names = [part for part in written if isinstance(part, str)]
        if names and len(names) == len(written) and all(ladder.own(name) is not None for name in names):
            yield {tier: tier in {ladder.own(name) for name in names} for tier in ladder.tiers}
            return
        for part in written:
            yield from _mentions(part, ladder)


def _names(mention: Mapping[str, object], ladder: Ladder, tier: str) -> bool:
    """Whether a table of values has one for the tier; a list of tiers has none."""
    return any(ladder.own(name) == tier and not isinstance(value, bool) for name, value in mention.items())


def _given(mention: Mapping[str, object], ladder: Ladder, tier: str) -> str | None:
    """What a tier is given: its own, else what the nearest tier below it has."""
    own = {ladder.own(name): value for name, value in mention.items()}
    for each in reversed(ladder.tiers[: ladder.rank(tier) + 1]):
        if each in own:
            return str(own[each])
    return None


@dataclass(frozen=True, slots=True)
class NoMore:
    """A warning of a rule that it asks no more for a tier than for a lower one."""

    finding: Finding
    rule: str
    ladder: str
    tier: str


def made_right(
    warnings: Sequence[NoMore], policies: Sequence[LadderPolicy], opinionated: Collection[str]
) -> set[Finding]:
    """Those of the warnings that the tree makes right: it asks other rules for more besides.

    A rule of which nothing is known may always ask for more. A warning stays where it is right on one ladder.
    """
    found: dict[Finding, bool] = {}
    for policy in policies:
        for warning in warnings:
            if warning.ladder == policy.key:
                idle = {
                    each.rule for each in warnings if (each.ladder, each.tier) == (policy.key, warning.tier)
                }
                right = _asks_for_more(policy, warning, idle, opinionated)
                found[warning.finding] = found.get(warning.finding, True) and right
    return {finding for finding, right in found.items() if right}


def _asks_for_more(
    policy: LadderPolicy, warning: NoMore, idle: Collection[str], opinionated: Collection[str]
) -> bool:
    tree = policy.tree if warning.rule in policy.entry_rules else policy.keep
    verdicts = {
        rule: Verdict.DENIES
        if warning.tier in policy.requirements.get(rule, {}) or rule in opinionated
        else Verdict.ABSTAINS
        for rule in rules_of(tree)
    }
    verdicts |= {rule: Verdict.SUPPORTS for rule in verdicts if rule in idle}
    return decide(tree, verdicts) is not Verdict.SUPPORTS
