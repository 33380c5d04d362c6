"""Finding the installed rule plugins. Loading is a call, never an effect of an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from inspect import getdoc
from types import MappingProxyType
from typing import Any

import pluggy

from loyalty_engine.rules import PluginHooks, Rule, RuleConfig
from loyalty_engine.rules.hooks import HOOK_MIXINS, PROJECT

GROUP = "loyalty.plugins"


class PluginError(Exception):
    """An installed plugin cannot be used."""


@dataclass(frozen=True, slots=True)
class RuleType:
    """A rule class that an installed plugin offers."""

    name: str
    plugin: str
    version: str
    rule_class: type[Rule[RuleConfig]]

    @property
    def summary(self) -> str:
        """The first line of the class's docstring."""
        return (getdoc(self.rule_class) or "").partition("\n")[0]

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the hooks that the class implements."""
        return tuple(
            name
            for mixin in HOOK_MIXINS
            if issubclass(self.rule_class, mixin)
            for name in hook_names(mixin)
            if overrides(self.rule_class, mixin, name)
        )

    @property
    def config_schema(self) -> dict[str, Any]:
        """The JSON Schema of the configuration, to draw a form from."""
        return self.rule_class.Config.model_json_schema()


Installed = Mapping[str, RuleType]


def hook_names(mixin: type) -> tuple[str, ...]:
    """The hooks that a mixin declares."""
    return tuple(name for name, value in vars(mixin).items() if hasattr(value, f"{PROJECT}_spec"))


def overrides(rule_class: type, mixin: type, name: str) -> bool:
    """Whether the class has its own implementation of a mixin's hook."""
    return getattr(rule_class, name) is not getattr(mixin, name)


def discover(entries: Iterable[EntryPoint] | None = None) -> Installed:
    """The rule types of all installed plugins, by name.

    Built-in plugins come by the same table of entry points as a third party's.

    Raises PluginError when a plugin cannot be imported, offers no rules, or repeats a name.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(PluginHooks)
    found = sorted(entry_points(group=GROUP) if entries is None else entries, key=lambda entry: entry.name)
    for entry in found:
        _register(manager, entry)
    types: dict[str, RuleType] = {}
    for implementation in manager.hook.loyalty_rules.get_hookimpls():
        for rule_class in _offered(implementation):
            _add(types, implementation.plugin_name, rule_class)
    return MappingProxyType(dict(sorted(types.items())))


def _register(manager: pluggy.PluginManager, entry: EntryPoint) -> None:
    try:
        module = entry.load()
    except Exception as error:
        raise PluginError(f"plugin {entry.name!r} ({entry.value}) cannot be imported: {error}") from error
    if manager.has_plugin(entry.name):
        raise PluginError(f"two installed plugins are called {entry.name!r}; uninstall one of them")
    if manager.parse_hookimpl_opts(module, "loyalty_rules") is None:
        raise PluginError(f"plugin {entry.name!r} ({entry.value}) offers no @hookimpl loyalty_rules()")
    try:
        manager.register(module, name=entry.name)
        manager.check_pending()
    except (ValueError, pluggy.PluginValidationError) as error:
        raise PluginError(f"plugin {entry.name!r} ({entry.value}) cannot be used: {error}") from error


def _offered(implementation: pluggy.HookImpl) -> Sequence[Any]:
    try:
        offered: Any = implementation.function()
        return tuple(offered)
    except Exception as error:
        raise PluginError(f"plugin {implementation.plugin_name!r} cannot be used: {error}") from error


def _add(types: dict[str, RuleType], plugin: str, rule_class: Any) -> None:
    if not (isinstance(rule_class, type) and issubclass(rule_class, Rule)):
        raise PluginError(f"{rule_class!r} of plugin {plugin!r} is no rule class")
    for needed in ("name", "version", "Config"):
        if not hasattr(rule_class, needed):
            raise PluginError(f"rule class {rule_class.__qualname__} of plugin {plugin!r} states no {needed}")
    if rule_class.name in types:
        first = types[rule_class.name].plugin
        raise PluginError(f"plugins {first!r} and {plugin!r} both offer a rule called {rule_class.name!r}")
    types[rule_class.name] = RuleType(rule_class.name, plugin, rule_class.version, rule_class)
