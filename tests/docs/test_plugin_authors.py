"""The page for plugin authors says what the code says, and its example runs."""

import inspect
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loyalty_engine.testing
from loyalty_engine import rules
from loyalty_engine.plugins import hook_names
from loyalty_engine.rules.hooks import HOOK_MIXINS, PluginHooks, Rule
from loyalty_engine.testing import configured, example_configs, outline, problems_of

PAGE = Path(__file__).parents[2] / "docs" / "plugin-authors.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def signature(function: Callable[..., object]) -> str:
    """Name, parameters and answer as they are written in the code."""
    return f"{function.__name__}{inspect.signature(function)}".replace("'", "")


def hooks() -> list[tuple[type, str]]:
    """Every method that a plugin author may write, with the class that declares it."""
    own = [name for name, value in vars(Rule).items() if inspect.isfunction(value) and name[0] != "_"]
    declared = [(mixin, name) for mixin in (PluginHooks, *HOOK_MIXINS) for name in hook_names(mixin)]
    return [*((Rule, name) for name in own), *declared]


def sections() -> dict[str, list[str]]:
    """The signatures under each heading of the chapter about hooks."""
    chapter = TEXT.partition("\n## Hooks\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### (\w+)$", chapter, flags=re.MULTILINE)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {name: re.findall(r"^```\n(.*?)\n```$", part, re.MULTILINE) for name, part in found}


@pytest.mark.parametrize(("owner", "name"), hooks())
def test_every_hook_is_documented_with_its_exact_signature(owner: type, name: str) -> None:
    assert signature(getattr(owner, name)) in sections()[owner.__name__]


def test_nothing_else_is_documented_as_a_hook() -> None:
    real = {signature(getattr(owner, name)) for owner, name in hooks()}
    assert {each for part in sections().values() for each in part} == real


@pytest.mark.parametrize("name", [*rules.__all__, *loyalty_engine.testing.__all__])
def test_every_public_name_is_on_the_page(name: str) -> None:
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    code = "\n".join([*re.findall(r"`[^`]+`", prose), *sections(), *blocks("python")])
    assert re.search(rf"\b{name}\b", code)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example's plugin and its tests as one module."""
    module = types.ModuleType("plugin_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile("\n".join(blocks("python")), str(PAGE), "exec"), vars(module))  # noqa: S102
    return module


def test_the_example_passes_its_own_tests(example: Any) -> None:
    tests = [value for name, value in vars(example).items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()


def test_the_examples_program_file_configures_its_rule(example: Any) -> None:
    (rule_class,) = example.loyalty_rules()
    (config,) = example_configs(rule_class, TEXT)
    assert problems_of(configured(rule_class, config), outline()) == {}
