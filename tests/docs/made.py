"""The parts of the documentation that are made from the code."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

from loyalty_api.settings import Settings
from loyalty_engine.plugins import RuleType, discover
from loyalty_engine.program.file import ProgramFile
from loyalty_engine.program.plan import LadderPlan
from loyalty_engine.rating.windows import Days, days_of
from loyalty_engine.rules import Window
from loyalty_engine.services.credentials import DEFAULT_SCOPES, FURTHER_SCOPES, SCOPES
from loyalty_engine.services.verification import all_checks
from loyalty_engine.testing import config_table

ROOT = Path(__file__).parents[2]
Schema = Mapping[str, Any]


def made(name: str) -> str:
    """The part of that name; LookupError when there is none."""
    if name in parts():
        return parts()[name]
    raise LookupError(f"nothing of the code is called {name!r}; there is {', '.join(parts())}")


def parts() -> dict[str, str]:
    """Every part, by name."""
    return {
        **{model.__name__: section_table(model) for model in models_of(ProgramFile)},
        LadderPlan.__name__: section_table(LadderPlan),
        **{f"rule {rule.name}": rule_part(rule) for rule in built_in_rules()},
        "rules": rules_table(),
        "windows": windows_table(),
        "settings": settings_table(),
        "commands": commands_table(),
        "make": make_table(),
        "keys": keys_table(),
        "messages": messages_table(),
        "checks": checks_table(),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def models_of(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The model and every model that it contains, each once."""
    found = [model]
    for each in found:
        for field in each.model_fields.values():
            found += [inner for inner in _models_in(field.annotation) if inner not in found]
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def section_table(model: type[BaseModel]) -> str:
    """The keys of a table of the program file."""
    schema = model.model_json_schema()
    models, required = schema.get("$defs", {}), schema.get("required", ())
    rows = [
        (
            f"`{key}`",
            _value(field, models),
            "required" if key in required else _left_out(field.get("default")),
            _meaning(field, models),
        )
        for key, field in schema["properties"].items()
    ]
    return table(("key", "value", "left out", "meaning"), rows)


def _resolved(field: Schema, models: Mapping[str, Schema]) -> Schema:
    reference = field.get("$ref")
    return field if reference is None else models[reference.rpartition("/")[2]]


def _meaning(field: Schema, models: Mapping[str, Schema]) -> str:
    """The field's description, else that of the table that it is or lists."""
    inner = _resolved(field.get("items", field), models)
    words = field.get("description") or inner.get("description") or ""
    return str(words).partition("\n")[0]


def _value(field: Schema, models: Mapping[str, Schema]) -> str:
    if "anyOf" in field:
        choices = [each for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(_value(each, models) for each in choices)
    field = _resolved(field, models)
    if "const" in field or "enum" in field:
        return " or ".join(f'`"{each}"`' for each in field.get("enum", [field.get("const")]))
    match field["type"]:
        case "array":
            return f"list of {_value(field['items'], models)}"
        case "object" if "properties" in field:
            return f"`{{ {', '.join(field['properties'])} }}`"
        case "object":
            return "table"
        case "integer":
            return f"whole number, from {field['minimum']} to {field['maximum']}"
    return "text"


def _left_out(default: object) -> str:
    if default in (None, [], {}):
        return "–"
    return f"`{_toml(default)}`"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def built_in_rules() -> list[RuleType]:
    """The rules of the plugins in this repository."""
    ours = {folder.name for folder in (ROOT / "plugins").glob("*/loyalty_*")}
    return [rule for rule in discover().values() if rule.rule_class.__module__.partition(".")[0] in ours]


def rule_part(rule: RuleType) -> str:
    """What a rule does, and the keys of its configuration."""
    return f"{rule.summary}\n\n{config_table(rule.rule_class.Config)}"


def rules_table() -> str:
    """The built-in rules."""
    rows = [
        (f"[`{rule.name}`](../plugins/{rule.plugin}/README.md)", rule.version, rule.summary)
        for rule in built_in_rules()
    ]
    return table(("rule", "version", "what it does"), rows)


JOINED, READ_ON, BOUNDARY = date(2024, 2, 29), date(2026, 3, 15), date(2026, 4, 1)
WINDOWS: tuple[tuple[str, object], ...] = (
    ('"lifetime"', "lifetime"),
    ('"anniversary"', "anniversary"),
    ('{ calendar = "month" }', {"calendar": "month"}),
    ('{ calendar = "year" }', {"calendar": "year"}),
    ('{ fiscal_year = "04-01" }', {"fiscal_year": "04-01"}),
    ("{ rolling_days = 30 }", {"rolling_days": 30}),
    ("{ rolling_months = 12 }", {"rolling_months": 12}),
    ('{ previous = { calendar = "month" } }', {"previous": {"calendar": "month"}}),
)


def windows_table() -> str:
    """Each window, read at an activity and at a boundary, for a member who joined on a leap day."""
    read = TypeAdapter[Window](Window)
    rows = [
        (
            f"`{written}`",
            _days(days_of(read.validate_python(value), READ_ON, at_boundary=False, joined_on=JOINED)),
            _days(days_of(read.validate_python(value), BOUNDARY, at_boundary=True, joined_on=JOINED)),
        )
        for written, value in WINDOWS
    ]
    return table(("window", f"at an activity on {READ_ON}", f"at the boundary {BOUNDARY} 00:00"), rows)


def _days(days: Days) -> str:
    if days.start is None or days.end is None:
        return "all days"
    return f"{days.start} to {days.end - timedelta(days=1)}"


def settings_table() -> str:
    """Every variable of the environment."""
    rows = [
        (f"`{setting.variable}`", f"`{setting.default}`" if setting.default else "–", setting.description)
        for setting in Settings().listed()
    ]
    return table(("variable", "default", "meaning"), rows)


def commands_table() -> str:
    """Every command of `loyalty`, with its arguments."""
    from loyalty_api.cli import parser

    return table(("command", "does"), list(_commands(parser(), "")))


def _commands(parser: argparse.ArgumentParser, described: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield from _commands(inner, helps[name])
            return
    yield f"`{parser.prog}{''.join(f' {each}' for each in _arguments(parser))}`", described


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.dest in ("help", "json"):
            continue
        value = action.metavar or action.dest.upper()
        if not action.option_strings:
            yield f"[{value}]" if action.nargs == "?" else f"{value}"
        else:
            option = action.option_strings[0] if action.nargs == 0 else f"{action.option_strings[0]} {value}"
            yield option if action.required else f"[{option}]"


def make_table() -> str:
    """What the Makefile offers."""
    targets = re.findall(
        r"^([a-z0-9-]+):.*?## (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    return table(("command", "does"), [(f"`make {name}`", described) for name, described in targets])


def keys_table() -> str:
    """What each kind of key may do."""
    rows = [
        (f"`{kind}`", _scopes(scopes), _scopes(FURTHER_SCOPES.get(kind, frozenset()) - scopes))
        for kind, scopes in DEFAULT_SCOPES.items()
    ]
    return table(("kind", "scopes", "besides, where asked for"), rows)


def _scopes(scopes: frozenset[str]) -> str:
    return "all" if scopes == SCOPES else ", ".join(f"`{scope}`" for scope in sorted(scopes)) or "–"


def messages_table() -> str:
    """The English messages of refusals."""
    return table(("message", "says"), [(f"`{word}`", says) for word, says in refusal_words().items()])


def checks_table() -> str:
    """What `loyalty verify` proves, in the order in which it does."""
    return table(("check", "proves that"), [(f"`{check.name}`", check.says) for check in all_checks()])


def refusal_words() -> dict[str, str]:
    """The messages of refusals, their parameters as {name}."""
    lines = (ROOT / "engine/loyalty_engine/words/en.ftl").read_text(encoding="utf-8")
    chapter = lines.partition("\n## Refusals\n")[2].partition("\n## ")[0]
    found = re.findall(r"^([a-z][a-z-]*) = (.*)$", chapter, re.MULTILINE)
    return {word: re.sub(r"\{ \$(\w+) \}", r"{\1}", says) for word, says in found}
