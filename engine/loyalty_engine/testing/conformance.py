"""What every rule must keep to, whoever wrote it: checks that a plugin's own tests call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal

from pydantic import ValidationError

from loyalty_engine.plugins import hook_names, overrides
from loyalty_engine.rules import (
    Activity,
    Application,
    Applied,
    AtLeast,
    Gift,
    Ladder,
    Line,
    Measure,
    Member,
    Occasion,
    PartnerAward,
    PercentLine,
    PromotionTerms,
    Requirement,
    Rule,
    RuleConfig,
    TierHooks,
    TierVerdict,
    Transition,
)
from loyalty_engine.rules.hooks import HOOK_MIXINS
from loyalty_engine.testing.asking import figures_of
from loyalty_engine.testing.builders import activity, configured, ladder, line, member, outline
from loyalty_engine.testing.closed import config_findings

AnyRule = Rule[RuleConfig]
FOREIGN = ladder("some_base", "some_higher", key="some_other_ladder")
SAMPLE = ladder("basic", "silver", "gold")
ANSWERS: Mapping[str, type | tuple[type, ...]] = {
    "tier_opinion": TierVerdict,
    "earnings": (Line, PercentLine, Gift),
    "partner_offers": PartnerAward,
}

ONE_ANSWER: Mapping[str, type] = {"promotion": PromotionTerms, "transition": Transition}


class NotConforming(AssertionError):
    """The rule does not keep to the contract; the message lists every finding."""


def check_rule(
    rule_class: type[AnyRule], example_config: Mapping[str, object], *, on: Ladder = SAMPLE
) -> None:
    """Raise NotConforming with all findings, unless the rule keeps to the contract.

    ``on`` is a ladder that has the tiers which the example names.
    """
    found = findings_of(rule_class, example_config, on=on)
    if found:
        raise NotConforming("\n".join(f"{rule_class.__name__}: {finding}" for finding in found))


def findings_of(
    rule_class: type[AnyRule], example_config: Mapping[str, object], *, on: Ladder = SAMPLE
) -> list[str]:
    """Everything in which the rule does not keep to the contract."""
    found = [*_statements(rule_class)]
    if found:
        return found
    found += [*_hooks(rule_class), *config_findings(rule_class.Config)]
    try:
        rule, twin = configured(rule_class, example_config), configured(rule_class, example_config)
    except ValidationError as error:
        return [*found, f"the example is not a valid config: {error}"]
    found += _config_survives(rule)
    found += _measures(rule, twin)
    found += _tiers(rule, on)
    found += _decisions(rule, on)
    return found


def _statements(rule_class: type[AnyRule]) -> Iterator[str]:
    """Name, version, Config and a docstring, each stated by the class."""
    name, version = getattr(rule_class, "name", None), getattr(rule_class, "version", None)
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        yield "states no name of lower-case letters, digits and _"
    if not isinstance(version, str) or not version:
        yield "states no version"
    config = getattr(rule_class, "Config", None)
    if not (isinstance(config, type) and issubclass(config, RuleConfig)):
        yield "states no Config that is a RuleConfig"
    if not (rule_class.__doc__ or "").partition("\n")[0].strip():
        yield "has no docstring whose first line is its summary"


def _hooks(rule_class: type[AnyRule]) -> Iterator[str]:
    """Hooks come with their mixin and have the mixin's parameters."""
    implemented = 0
    for mixin in HOOK_MIXINS:
        names = [name for name in hook_names(mixin) if name in dir(rule_class)]
        if not issubclass(rule_class, mixin):
            yield from (f"has {name} without {mixin.__name__}, so it is never called" for name in names)
            continue
        overridden = [name for name in names if overrides(rule_class, mixin, name)]
        implemented += len(overridden)
        for name in overridden:
            wanted, given = (_parameters(getattr(owner, name)) for owner in (mixin, rule_class))
            if wanted != given:
                yield f"{name} takes ({', '.join(given)}) instead of ({', '.join(wanted)})"
        if mixin is TierHooks and len(overridden) != 1:
            yield "implements not exactly one of requirements and tier_opinion"
    if not implemented:
        yield "implements no hook"


def _parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _config_survives(rule: AnyRule) -> Iterator[str]:
    """The configuration is stored as JSON and read back."""
    again = type(rule.config).model_validate_json(rule.config.model_dump_json(by_alias=True))
    if again != rule.config:
        yield "its config is another one after it was stored as JSON"


def _measures(rule: AnyRule, twin: AnyRule) -> Iterator[str]:
    declared = list(rule.measures())
    for measure in declared:
        try:
            hash(measure)
        except TypeError:
            yield f"measure {measure!r} is not hashable"
            return
    if declared != list(twin.measures()):
        yield "measures() differ between two rules of one config"
    if len({measure.key for measure in declared}) != len(declared):
        yield "two measures have one key"


def _tiers(rule: AnyRule, on: Ladder) -> Iterator[str]:
    if not isinstance(rule, TierHooks) or type(rule).requirements is TierHooks.requirements:
        return
    for asked in (on, FOREIGN):
        required = rule.requirements(asked)
        yield from (
            f"requires something for {tier!r}, which ladder {asked.key!r} lacks"
            for tier in required
            if tier not in asked.tiers
        )
        read = {measure for condition in required.values() for measure in _read_by(condition)}
        if read - set(rule.measures()):
            yield "requires a measure that it does not declare in measures()"
        if rule.requirements(asked) != required:
            yield "requirements() differ when asked again"
    if not rule.requirements(on):
        yield f"speaks for no tier of ladder {on.key!r}: give check_rule a ladder with the example's tiers"


def _read_by(condition: Requirement) -> set[Measure]:
    if isinstance(condition, AtLeast):
        return {term.measure for term in condition.terms}
    return {measure for part in condition.of for measure in _read_by(part)}


def _decisions(rule: AnyRule, on: Ladder) -> Iterator[str]:
    """Asked twice about samples, it answers the same frozen decisions and leaves everything as it was."""
    for sample in _samples():
        figures = figures_of(rule, [sample])
        who = member(on, figures=figures, attributes={"known": "yes"}, referred_by="friend")
        for name, ask in _questions(rule, sample, who, on):
            before = repr((sample, who, on, vars(rule)))
            first, second = ask(), ask()
            if repr((sample, who, on, vars(rule))) != before:
                yield f"{name} changed its inputs or the rule"
            if first != second:
                yield f"{name} answers otherwise when asked again"
            yield from (f"{name} answers {finding}" for finding in _answer_findings(name, first))
    found = [*rule.problems(outline(on)), *rule.problems(outline(FOREIGN))]
    if any(problem.severity not in ("error", "warning") for problem in found):
        yield "problems() has a severity other than error and warning"


def _samples() -> Iterator[Activity]:
    attributes = {"gross": "12.50", "text": "none"}
    yield activity("10.00", units=2, attributes=attributes, channel="web", partner="partner")
    yield activity(lines=[line("7.25", "tea", units=1), line("2.75", "coffee", key="2")])
    yield activity("-4.00", kind="return", units=-1)
    yield activity(kind="visit")


def _questions(
    rule: AnyRule, sample: Activity, who: Member, on: Ladder
) -> Iterator[tuple[str, Callable[[], object]]]:
    arguments: dict[str, tuple[object, ...]] = {
        "tier_opinion": (who, on),
        "earnings": (Occasion(sample, who.figures), who),
        "promotion": (),
        "partner_offers": (sample, who),
        "transition": (Application("entry"), Applied()),
    }
    for mixin in HOOK_MIXINS:
        for name in hook_names(mixin):
            if isinstance(rule, mixin) and name in arguments and overrides(type(rule), mixin, name):
                call = getattr(rule, name)
                yield name, lambda call=call, name=name: call(*arguments[name])  # type: ignore[misc]


def _answer_findings(name: str, answer: object) -> Iterator[str]:
    if name in ONE_ANSWER:
        if not isinstance(answer, ONE_ANSWER[name]):
            yield f"{type(answer).__name__} instead of {ONE_ANSWER[name].__name__}"
        return
    if not isinstance(answer, Iterable):
        yield f"{type(answer).__name__} instead of decisions"
        return
    decisions = list(answer.values()) if isinstance(answer, Mapping) else list(answer)
    for decision in decisions:
        if not isinstance(decision, ANSWERS[name]):
            yield f"{type(decision).__name__}, which is not what the hook decides"
        yield from _inexact(decision)
    slots = [decision.slot for decision in decisions if hasattr(decision, "slot")]
    if len(set(slots)) != len(slots):
        yield "two decisions for one slot"


def _inexact(decision: object) -> Iterator[str]:
    if not is_dataclass(decision):
        return
    for each in fields(decision):
        value = getattr(decision, each.name)
        if isinstance(value, float):
            yield f"a float in {each.name}"
        if isinstance(value, Decimal) and not value.is_finite():
            yield f"{value} in {each.name}"
