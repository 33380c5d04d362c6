"""Finding the installed plugins: what each may be, and what is said when one cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from loyalty_engine.plugins import GROUP, PluginError, discover

ROOT = Path(__file__).parents[2]

GOOD = """
    from loyalty_engine.rules import Rule, RuleConfig, EarnHooks, hookimpl

    class NoConfig(RuleConfig):
        pass

    class Gift(Rule[NoConfig], EarnHooks):
        '''Awards nothing.

        And says more about it.
        '''
        name = "NAME"
        version = "7"
        Config = NoConfig

        def earnings(self, occasion, member):
            return ()

    @hookimpl
    def loyalty_rules():
        return (Gift,)
"""


class Plugins:
    """Modules of a test, as entry points."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.modules: list[str] = []

    def __call__(self, entry: str, code: str, *, module: str | None = None) -> EntryPoint:
        """A module with some code under the name of an entry point."""
        name = module or f"loyalty_test_{len(self.modules)}"
        (self._folder / f"{name}.py").write_text(dedent(code), encoding="utf-8")
        self.modules.append(name)
        return EntryPoint(entry, name, GROUP)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """Writes plugins that can be imported during a test."""
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins(tmp_path)
    yield plugins
    for module in plugins.modules:
        sys.modules.pop(module, None)


def test_the_built_in_rules_come_by_the_table_of_entry_points() -> None:
    found = discover()
    own = {each.name for each in (ROOT / "plugins").iterdir() if each.is_dir()}
    assert own <= set(found)
    assert list(found) == sorted(found)
    assert found["tier_spend"].plugin == "tier_spend"
    assert found["tier_spend"].hooks == ("requirements",)
    assert found["partner_rewards"].hooks == ("promotion", "partner_offers")
    assert found["tier_spend"].config_schema["additionalProperties"] is False


def test_a_plugin_offers_rule_classes_under_their_names(plugin: Plugins) -> None:
    found = discover([plugin("gifts", GOOD.replace("NAME", "gift"))])
    assert list(found) == ["gift"]
    gift = found["gift"]
    assert (gift.name, gift.plugin, gift.version, gift.summary) == ("gift", "gifts", "7", "Awards nothing.")
    assert gift.hooks == ("earnings",)


def test_what_is_found_cannot_be_changed(plugin: Plugins) -> None:
    found = discover([plugin("gifts", GOOD.replace("NAME", "gift"))])
    with pytest.raises(TypeError):
        found["other"] = found["gift"]  # type: ignore[index]


def test_loading_is_a_call_and_keeps_nothing(plugin: Plugins) -> None:
    assert list(discover([plugin("gifts", GOOD.replace("NAME", "gift"))])) == ["gift"]
    assert list(discover([])) == []


def test_rule_classes_are_known_whatever_the_order_of_the_plugins(plugin: Plugins) -> None:
    first = plugin("a", GOOD.replace("NAME", "zebra"))
    second = plugin("b", GOOD.replace("NAME", "ant"))
    assert list(discover([first, second])) == list(discover([second, first])) == ["ant", "zebra"]


HOOK = "from loyalty_engine.rules import hookimpl\n@hookimpl\ndef loyalty_rules():\n    return "


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module_anywhere", "cannot be imported: No module named"),
        ("raise ValueError('at import')", "cannot be imported: at import"),
        ("def broken(:", "cannot be imported: "),
        ("", "offers no @hookimpl loyalty_rules()"),
        ("def loyalty_rules():\n    return ()", "offers no @hookimpl loyalty_rules()"),
        (HOOK.replace("()", "(extra)") + "()", "cannot be used"),
        (HOOK + "()\n@hookimpl\ndef loyalty_wishes():\n    return ()", "cannot be used"),
        (HOOK + "1 / 0", "cannot be used: division by zero"),
        (HOOK + "None", "cannot be used"),
        (HOOK + "(5,)", "is no rule class"),
    ],
    ids=[
        "a missing module",
        "an error at import",
        "a syntax error",
        "no hook",
        "a hook without a marker",
        "a hook with parameters",
        "an unknown hook",
        "a hook that raises",
        "a hook that answers nothing",
        "something that is no class",
    ],
)
def test_a_plugin_that_cannot_be_used_is_named(plugin: Plugins, code: str, words: str) -> None:
    with pytest.raises(PluginError, match="broken") as caught:
        discover([plugin("broken", code)])
    assert words in str(caught.value)


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(PluginError, match=r"'ghost' \(loyalty_ghost\) cannot be imported"):
        discover([EntryPoint("ghost", "loyalty_ghost", GROUP)])


def test_two_plugins_of_one_name_are_an_error(plugin: Plugins) -> None:
    first = plugin("gifts", GOOD.replace("NAME", "gift"))
    second = plugin("gifts", GOOD.replace("NAME", "other"))
    with pytest.raises(PluginError, match="two installed plugins are called 'gifts'"):
        discover([first, second])


def test_one_module_under_two_names_is_an_error(plugin: Plugins) -> None:
    first = plugin("gifts", GOOD.replace("NAME", "gift"))
    with pytest.raises(PluginError, match="presents"):
        discover([first, EntryPoint("presents", first.value, GROUP)])


def test_two_rules_of_one_name_are_an_error(plugin: Plugins) -> None:
    first = plugin("gifts", GOOD.replace("NAME", "gift"))
    second = plugin("presents", GOOD.replace("NAME", "gift"))
    with pytest.raises(PluginError, match="'gifts' and 'presents' both offer a rule called 'gift'"):
        discover([first, second])


@pytest.mark.parametrize("missing", ["name", "version", "Config"])
def test_a_rule_class_states_its_name_version_and_config(plugin: Plugins, missing: str) -> None:
    code = "\n".join(each for each in GOOD.splitlines() if not each.strip().startswith(f"{missing} ="))
    with pytest.raises(PluginError, match=f"states no {missing}"):
        discover([plugin("gifts", code)])
