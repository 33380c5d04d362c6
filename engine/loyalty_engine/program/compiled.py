"""A program compiled once per version: checked, its rules made, its requirements read.

Each compiled program has a plugin manager of its own, in which its rules are registered under the
ids of its file, so that one business may use a rule class twice and another not at all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pluggy
from pydantic import ValidationError

from loyalty_engine.combine.tiers import Node, rules_of
from loyalty_engine.plugins import Installed, RuleType, hook_names, overrides
from loyalty_engine.program.file import (
    Downgrade,
    LadderSection,
    PointsSection,
    ProgramFile,
    Review,
    TierSection,
    Upgrade,
)
from loyalty_engine.program.findings import Finding, of_validation, path_of
from loyalty_engine.program.trees import TreeReader
from loyalty_engine.rules import (
    Ladder,
    Measure,
    ProgramOutline,
    PromotionTerms,
    Requirement,
    Rule,
    RuleConfig,
    TierHooks,
)
from loyalty_engine.rules.hooks import HOOK_MIXINS, PROJECT

MAXIMUM_BYTES = 256 * 1024


class ProgramInvalid(Exception):
    """The program file has errors; ``findings`` names each with its path."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """A rule of the file: its id, its type, and the instance that decides."""

    rule_id: str
    type: RuleType
    config: Mapping[str, Any]
    instance: Rule[RuleConfig]


@dataclass(frozen=True, slots=True, eq=False)
class PointsCurrency:
    """A points currency; amounts are integers of its smallest unit."""

    section: PointsSection

    @property
    def key(self) -> str:
        """Its key in the file."""
        return self.section.key


@dataclass(frozen=True, slots=True, eq=False)
class LadderPolicy:
    """A ladder with its tree, and what each of its rules asks for each tier."""

    ladder: Ladder
    section: LadderSection
    tree: Node
    rules: tuple[str, ...]
    requirements: Mapping[str, Mapping[str, Requirement]]
    measures: tuple[Measure, ...]

    @property
    def key(self) -> str:
        """Its key in the file."""
        return self.ladder.key

    @property
    def tiers(self) -> Sequence[TierSection]:
        """Its tiers as written, from the base upwards."""
        return self.section.tiers

    @property
    def upgrade(self) -> Upgrade:
        """When figures become a claim."""
        return self.section.upgrade

    @property
    def review(self) -> Review | None:
        """Its regular reviews."""
        return self.section.review

    @property
    def downgrade(self) -> Downgrade:
        """How far one falls."""
        return self.section.downgrade


class _RuleManager(pluggy.PluginManager):
    """Takes every overridden mixin method as a hook: an unmarked one would silently not be called."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        for mixin in HOOK_MIXINS:
            if (
                isinstance(plugin, mixin)
                and name in hook_names(mixin)
                and overrides(type(plugin), mixin, name)
            ):
                return {}
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A checked program, ready to decide."""

    file: ProgramFile
    source: str
    zone: ZoneInfo
    points: Mapping[str, PointsCurrency]
    ladders: tuple[LadderPolicy, ...]
    rules: Mapping[str, ConfiguredRule]
    implementations: Mapping[str, Mapping[str, Callable[..., Any]]]
    measures: tuple[Measure, ...]
    measures_of: Mapping[str, tuple[Measure, ...]]
    promotions: Mapping[str, PromotionTerms]
    findings: tuple[Finding, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return sha256(self.source.encode()).hexdigest()

    @property
    def rule_versions(self) -> dict[str, str]:
        """The version of each rule class that the program uses."""
        return {rule.type.name: rule.type.version for rule in self.rules.values()}

    @property
    def undoes(self) -> bool:
        """Whether a return is folded as if the returned part had never been bought, points included."""
        return all(policy.section.returns == "undo" for policy in self.ladders)

    def ladder(self, key: str) -> LadderPolicy:
        """The ladder of that key; KeyError when there is none."""
        for policy in self.ladders:
            if policy.key == key:
                return policy
        raise KeyError(key)


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
        return ConfiguredRule(rule_id, type_, written, type_.rule_class(rule_id, config))

    def _trees(self, file: ProgramFile, tier_rules: list[str], rule_ids: list[str]) -> dict[str, Node]:
        trees: dict[str, Node] = {}
        for index, ladder in enumerate(file.ladders):
            reader = TreeReader(tier_rules, rule_ids)
            node = reader.read(ladder.combine, f"ladders.{index}.combine")
            self._errors += reader.findings
            if node is not None:
                trees[ladder.key] = node
        return trees

    def _problems(
        self, file: ProgramFile, rules: Mapping[str, ConfiguredRule], outline: ProgramOutline
    ) -> list[Finding]:
        warnings: list[Finding] = []
        for index, section in enumerate(file.rules):
            for problem in rules[section.id].instance.problems(outline):
                path = path_of(("rules", index, "config", *problem.path))
                finding = Finding(path, problem.message, problem.severity)
                (self._errors if problem.severity == "error" else warnings).append(finding)
            if isinstance(rules[section.id].instance, TierHooks) and not outline.ladders_of_rule.get(
                section.id
            ):
                warnings.append(
                    Finding(f"rules.{index}.id", "no ladder's tree names this tier rule", "warning")
                )
        return warnings

    def _assemble(
        self,
        file: ProgramFile,
        rules: Mapping[str, ConfiguredRule],
        trees: Mapping[str, Node],
        warnings: list[Finding],
    ) -> Program:
        implementations = _implementations(rules)
        measures_of = {key: tuple(rule.instance.measures()) for key, rule in rules.items()}
        ladders = tuple(
            _policy(section, trees[section.key], implementations, measures_of) for section in file.ladders
        )
        warnings += [
            Finding(f"ladders.{index}.tiers.{rank}", f"no rule of the tree speaks for {tier!r}", "warning")
            for index, policy in enumerate(ladders)
            for rank, tier in enumerate(policy.ladder.tiers)
            if rank > 0 and not _spoken_for(policy, tier, implementations)
        ]
        return Program(
            file=file,
            source=self._source,
            zone=ZoneInfo(file.program.timezone),
            points={section.key: PointsCurrency(section) for section in file.points},
            ladders=ladders,
            rules=rules,
            implementations=implementations,
            measures=tuple(dict.fromkeys(measure for of_rule in measures_of.values() for measure in of_rule)),
            measures_of=measures_of,
            promotions={key: call() for key, call in implementations.get("promotion", {}).items()},
            findings=tuple(warnings),
        )


def _outline(file: ProgramFile, trees: Mapping[str, Node]) -> ProgramOutline:
    naming: dict[str, tuple[str, ...]] = {}
    for ladder, tree in trees.items():
        for rule in rules_of(tree):
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


def _implementations(rules: Mapping[str, ConfiguredRule]) -> dict[str, dict[str, Callable[..., Any]]]:
    manager = _RuleManager(PROJECT)
    for mixin in HOOK_MIXINS:
        manager.add_hookspecs(mixin)
    for key, rule in rules.items():
        manager.register(rule.instance, name=key)
    manager.check_pending()
    order = {key: index for index, key in enumerate(rules)}
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for mixin in HOOK_MIXINS:
        for name in hook_names(mixin):
            calls = {call.plugin_name: call.function for call in getattr(manager.hook, name).get_hookimpls()}
            found[name] = dict(sorted(calls.items(), key=lambda item: order[item[0]]))
    return found


def _policy(
    section: LadderSection,
    tree: Node,
    implementations: Mapping[str, Mapping[str, Callable[..., Any]]],
    measures_of: Mapping[str, tuple[Measure, ...]],
) -> LadderPolicy:
    ladder, rules = _ladder(section), rules_of(tree)
    asked = implementations["requirements"]
    requirements = {rule: dict(asked[rule](ladder)) for rule in rules if rule in asked}
    measures = tuple(dict.fromkeys(measure for rule in rules for measure in measures_of[rule]))
    return LadderPolicy(ladder, section, tree, rules, requirements, measures)


def _spoken_for(
    policy: LadderPolicy, tier: str, implementations: Mapping[str, Mapping[str, Callable[..., Any]]]
) -> bool:
    """A rule that gives opinions instead of requirements may speak for any tier."""
    opinions = implementations["tier_opinion"]
    return any(tier in policy.requirements.get(rule, {}) or rule in opinions for rule in policy.rules)
