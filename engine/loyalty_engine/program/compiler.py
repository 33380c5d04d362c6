"""From a program file to a compiled program, or to the list of everything that is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pluggy import PluginValidationError
from pydantic import ValidationError

from loyalty_engine.plugins import Installed, RuleType
from loyalty_engine.program.compiled import (
    ConfiguredRule,
    LadderPolicy,
    PointsCurrency,
    Program,
    ProgramInvalid,
)
from loyalty_engine.program.file import LadderSection, ProgramFile
from loyalty_engine.program.findings import Finding, of_validation, path_of
from loyalty_engine.program.lint import NoMore, ladder_findings, made_right
from loyalty_engine.program.opinions import opinion_findings
from loyalty_engine.program.registry import Implementations, implementations_of
from loyalty_engine.program.sensitive import sensitive_findings
from loyalty_engine.program.trees import LadderTrees, TreeReader
from loyalty_engine.rules import (
    AdmissionHooks,
    Ladder,
    Measure,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    RuleConfig,
    TierHooks,
)
from loyalty_engine.rules.requirements import measures_of_requirement

MAXIMUM_BYTES = 256 * 1024

Answer = TypeVar("Answer")


def check(source: str, installed: Installed) -> list[Finding]:
    """All findings of a program file, errors first; none of severity "error" means it can be published."""
    try:
        return list(compile_program(source, installed).findings)
    except ProgramInvalid as invalid:
        return list(invalid.findings)


def compile_program(source: str, installed: Installed) -> Program:
    """The program of a file.

    Raises ProgramInvalid with every error found, each with its path.
    """
    return _Compiler(source, installed).program()


class _Compiler:
    def __init__(self, source: str, installed: Installed) -> None:
        self._source = source
        self._installed = installed
        self._errors: list[Finding] = []
        self._no_more: list[NoMore] = []

    def program(self) -> Program:
        file = self._file()
        self._unique(file)
        rules = self._rules(file)
        self._stop_on_errors()
        tier_rules = [key for key, rule in rules.items() if isinstance(rule.instance, TierHooks)]
        trees = self._trees(file, tier_rules, list(rules))
        self._stop_on_errors()
        outline = _outline(file, trees)
        warnings = self._problems(file, rules, outline)
        self._stop_on_errors()
        return self._assemble(file, rules, trees, warnings)

    def _stop_on_errors(self) -> None:
        if self._errors:
            raise ProgramInvalid(self._errors)

    def _error(self, path: str, message: str) -> None:
        self._errors.append(Finding(path, message))

    def _file(self) -> ProgramFile:
        if len(self._source.encode()) > MAXIMUM_BYTES:
            raise ProgramInvalid([Finding("", f"the file is larger than {MAXIMUM_BYTES // 1024} KiB")])
        try:
            data = tomllib.loads(self._source)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ProgramInvalid([Finding("", f"not a TOML file: {error}")]) from error
        try:
            return ProgramFile.model_validate(data)
        except ValidationError as error:
            raise ProgramInvalid(of_validation(error.errors(), (), data)) from error

    def _unique(self, file: ProgramFile) -> None:
        for name, keys in (
            ("points", [section.key for section in file.points]),
            ("ladders", [section.key for section in file.ladders]),
            ("rules", [section.id for section in file.rules]),
        ):
            self._repeated(name, keys)
        for index, ladder in enumerate(file.ladders):
            self._repeated(f"ladders.{index}.tiers", [tier.key for tier in ladder.tiers])

    def _repeated(self, path: str, keys: Sequence[str]) -> None:
        for index, key in enumerate(keys):
            if key in keys[:index]:
                self._error(f"{path}.{index}", f"{key!r} stands here twice")

    def _rules(self, file: ProgramFile) -> dict[str, ConfiguredRule]:
        rules: dict[str, ConfiguredRule] = {}
        for index, section in enumerate(file.rules):
            type_ = self._installed.get(section.rule)
            if type_ is None:
                known = ", ".join(self._installed) or "none"
                self._error(
                    f"rules.{index}.rule", f"no installed plugin offers {section.rule!r}; installed: {known}"
                )
            elif section.version not in (None, type_.version):
                self._error(
                    f"rules.{index}.version",
                    f"{section.rule} {section.version} is not installed; installed is {type_.version}",
                )
            else:
                rule = self._rule(index, section.id, section.config, type_)
                if rule is not None:
                    rules[section.id] = rule
        return rules

    def _rule(
        self, index: int, rule_id: str, written: dict[str, Any], type_: RuleType
    ) -> ConfiguredRule | None:
        try:
            config = type_.rule_class.Config.model_validate(written)
        except ValidationError as error:
            self._errors += of_validation(error.errors(), ("rules", index, "config"), written)
            return None
        return self._asked(
            index, lambda: ConfiguredRule(rule_id, type_, written, type_.rule_class(rule_id, config))
        )

    def _asked(self, index: int, question: Callable[[], Answer]) -> Answer | None:
        """What a rule answers when its program is compiled; whatever it raises is an error of the file."""
        try:
            return question()
        except Exception as error:  # noqa: BLE001 - a rule is somebody else's code
            self._error(
                f"rules.{index}", f"the rule failed when it was asked: {type(error).__name__}: {error}"
            )
            return None

    def _trees(self, file: ProgramFile, tier_rules: list[str], rule_ids: list[str]) -> dict[str, LadderTrees]:
        trees: dict[str, LadderTrees] = {}
        for index, ladder in enumerate(file.ladders):
            reader = TreeReader(tier_rules, rule_ids)
            found, findings = reader.ladder(ladder.combine, ladder.keep, f"ladders.{index}")
            self._errors += findings
            if found is not None:
                trees[ladder.key] = found
        return trees

    def _problems(
        self, file: ProgramFile, rules: Mapping[str, ConfiguredRule], outline: ProgramOutline
    ) -> list[Finding]:
        warnings: list[Finding] = []
        for index, section in enumerate(file.rules):
            instance = rules[section.id].instance
            for problem in self._asked(index, partial(_problems_of, instance, outline)) or ():
                path = path_of(("rules", index, "config", *problem.path))
                finding = Finding(path, problem.message, problem.severity, problem.fix)
                (self._errors if problem.severity == "error" else warnings).append(finding)
                if problem.asks_no_more is not None:
                    self._no_more.append(NoMore(finding, section.id, *problem.asks_no_more))
            if _needs_a_tree(instance) and not outline.ladders_of_rule.get(section.id):
                warnings.append(
                    Finding(
                        f"rules.{index}.id",
                        "no ladder's tree names this tier rule",
                        "warning",
                        "name it in the combine or keep of a ladder, or leave it out",
                    )
                )
        return warnings

    def _assemble(
        self,
        file: ProgramFile,
        rules: Mapping[str, ConfiguredRule],
        trees: Mapping[str, LadderTrees],
        warnings: list[Finding],
    ) -> Program:
        order = {section.id: index for index, section in enumerate(file.rules)}
        implementations = self._implementations(rules)
        measures_of = {
            key: self._asked(order[key], partial(_measures_of, rule.instance)) or ()
            for key, rule in rules.items()
        }
        requirements = {
            (section.key, rule): self._requirements(
                order[rule], implementations, section, rule, measures_of[rule]
            )
            for section in file.ladders
            for rule in trees[section.key].rules
        }
        terms = {key: self._asked(order[key], call) for key, call in implementations["promotion"].items()}
        self._stop_on_errors()
        ladders = tuple(
            _policy(section, trees[section.key], requirements, measures_of) for section in file.ladders
        )
        self._cycles(ladders)
        right = made_right(self._no_more, ladders, implementations["tier_opinion"])
        warnings = [finding for finding in warnings if finding not in right]
        warnings += self._opinions(ladders, implementations)
        warnings += ladder_findings(ladders, rules, implementations)
        warnings += sensitive_findings([section.config for section in file.rules], file.program.sector)
        return Program(
            file=file,
            source=self._source,
            zone=ZoneInfo(file.program.timezone),
            points={section.key: PointsCurrency(section) for section in file.points},
            ladders=ladders,
            rules=rules,
            implementations=implementations,
            measures=tuple(
                dict.fromkeys(
                    measure
                    for of_rule in measures_of.values()
                    for measure in of_rule
                    if measure.window != "cycle"
                )
            ),
            measures_of=measures_of,
            promotions={key: promotion for key, promotion in terms.items() if promotion is not None},
            findings=tuple(warnings),
        )

    def _cycles(self, ladders: Sequence[LadderPolicy]) -> None:
        """A ladder has a cycle where its review or a window of its rules says so."""
        for index, policy in enumerate(ladders):
            reads = any(measure.window == "cycle" for measure in policy.measures)
            reviewed = policy.review is not None and policy.review.every == "cycle"
            if policy.section.cycle is None and (reads or reviewed):
                who = "a rule of its tree" if reads else "its review"
                self._error(f"ladders.{index}.cycle", f"{who} reads the cycle; say how long it is")
        self._stop_on_errors()

    def _opinions(self, ladders: Sequence[LadderPolicy], implementations: Implementations) -> list[Finding]:
        """A claim lasts as long as rules say only where rules can say it; the findings that are no errors."""
        found = list(opinion_findings(ladders, implementations["tier_opinion"]))
        self._errors += [finding for finding in found if finding.severity == "error"]
        self._stop_on_errors()
        return [finding for finding in found if finding.severity != "error"]

    def _implementations(self, rules: Mapping[str, ConfiguredRule]) -> Implementations:
        try:
            return implementations_of(rules)
        except PluginValidationError as error:
            raise ProgramInvalid(
                [Finding("rules", f"a rule's hook has another signature: {error}")]
            ) from error

    def _requirements(
        self,
        index: int,
        implementations: Implementations,
        section: LadderSection,
        rule: str,
        measures: tuple[Measure, ...],
    ) -> dict[str, Requirement]:
        ask = implementations["requirements"].get(rule)
        if ask is None:
            return {}
        ladder = _ladder(section)
        found: dict[str, Requirement] = self._asked(index, lambda: dict(ask(ladder))) or {}
        for tier, requirement in found.items():
            if tier not in ladder.tiers:
                self._error(
                    f"rules.{index}", f"the rule speaks for {tier!r}, which ladder {ladder.key!r} lacks"
                )
            if not set(measures_of_requirement(requirement)) <= set(measures):
                self._error(
                    f"rules.{index}", f"the rule reads a measure for {tier!r} that it does not declare"
                )
        return found


def _needs_a_tree(rule: Rule[RuleConfig]) -> bool:
    """A tier rule decides nothing outside of trees, unless it admits members."""
    return isinstance(rule, TierHooks) and not isinstance(rule, AdmissionHooks)


def _problems_of(rule: Rule[RuleConfig], outline: ProgramOutline) -> tuple[Problem, ...]:
    return tuple(rule.problems(outline))


def _measures_of(rule: Rule[RuleConfig]) -> tuple[Measure, ...]:
    return tuple(rule.measures())


def _outline(file: ProgramFile, trees: Mapping[str, LadderTrees]) -> ProgramOutline:
    naming: dict[str, tuple[str, ...]] = {}
    for ladder, tree in trees.items():
        for rule in tree.rules:
            naming[rule] = (*naming.get(rule, ()), ladder)
    return ProgramOutline(
        currency=file.program.currency,
        ladders=tuple(_ladder(section) for section in file.ladders),
        ladders_of_rule=naming,
        points=tuple(section.key for section in file.points),
        rules={section.id: section.rule for section in file.rules},
    )


def _ladder(section: LadderSection) -> Ladder:
    return Ladder(section.key, tuple(tier.key for tier in section.tiers))


def _policy(
    section: LadderSection,
    trees: LadderTrees,
    requirements: Mapping[tuple[str, str], Mapping[str, Requirement]],
    measures_of: Mapping[str, tuple[Measure, ...]],
) -> LadderPolicy:
    ladder, rules = _ladder(section), trees.rules
    asked = {rule: requirements[(section.key, rule)] for rule in rules}
    measures = tuple(dict.fromkeys(measure for rule in rules for measure in measures_of[rule]))
    return LadderPolicy(ladder, section, trees.combine, rules, asked, measures, trees.keep)
