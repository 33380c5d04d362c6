"""The plugin manager of one compiled program, in which its rules are registered under their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from loyalty_engine.plugins import hook_names, overrides
from loyalty_engine.program.compiled import ConfiguredRule
from loyalty_engine.rules.hooks import HOOK_MIXINS, PROJECT

Implementations = Mapping[str, Mapping[str, Callable[..., Any]]]
"""By hook and rule id, what to call; in the order of the file, not of pluggy."""


class RuleManager(pluggy.PluginManager):
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


def implementations_of(rules: Mapping[str, ConfiguredRule]) -> Implementations:
    """The hooks that the rules implement; pluggy has checked their names and signatures."""
    manager = RuleManager(PROJECT)
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
