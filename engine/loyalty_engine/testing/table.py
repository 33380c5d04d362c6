"""A configuration as a table for people, made from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loyalty_engine.rules import RuleConfig

HEAD = "| key | value | left out | meaning |\n| --- | --- | --- | --- |\n"
Schema = Mapping[str, Any]


def config_table(config: type[RuleConfig]) -> str:
    """The configuration as a Markdown table, a row a key; keys of a table within are ``outer.inner``."""
    schema = config.model_json_schema()
    return HEAD + "".join(_rows(schema, schema.get("$defs", {}), ""))


def _rows(schema: Schema, models: Mapping[str, Schema], prefix: str) -> Iterator[str]:
    required = schema.get("required", ())
    for key, field in schema["properties"].items():
        left_out = "required" if key in required else _default(field)
        cells = (f"`{prefix}{key}`", _value(field, models), left_out, field.get("description", ""))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        inner, mark = _inner(field, models)
        if inner is not None:
            yield from _rows(inner, models, f"{prefix}{key}{mark}.")


def _default(field: Schema) -> str:
    default = field.get("default")
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, str):
        return f'`"{default}"`'
    if isinstance(default, list) and default:
        return "`[" + ", ".join(f'"{each}"' for each in default) + "]`"
    return "–" if default in (None, [], {}) or isinstance(default, dict) else f"`{default}`"


def _inner(field: Schema, models: Mapping[str, Schema]) -> tuple[Schema | None, str]:
    """The table within a field, or within each element of its list."""
    listed = field.get("items")
    model = _resolved(listed if listed is not None else field, models)
    return (model, "[]" if listed is not None else "") if "properties" in model else (None, "")


def _resolved(field: Schema, models: Mapping[str, Schema]) -> Schema:
    reference = field.get("$ref")
    return field if reference is None else models[reference.rpartition("/")[2]]


def _value(field: Schema, models: Mapping[str, Schema]) -> str:
    """What may stand there, in words."""
    if "anyOf" in field:
        return _choice([each for each in field["anyOf"] if each.get("type") != "null"], models)
    field = _resolved(field, models)
    if "const" in field or "enum" in field:
        return " or ".join(_literal(each) for each in field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        return f"list of {_value(field['items'], models)}"
    if field["type"] == "object":
        values = field.get("additionalProperties")
        return f"table: {_value(values, models)} by key" if isinstance(values, Mapping) else "table"
    words = {"integer": "whole number", "boolean": "`true` or `false`", "string": field.get("format", "text")}
    return str(words[field["type"]]) + _bounds(field)


def _choice(alternatives: list[Schema], models: Mapping[str, Schema]) -> str:
    """Alternatives; a whole number or text is an exact number, and several tables are one "table"."""
    types = [each.get("type") for each in alternatives]
    if types == ["integer", "string"] and "enum" not in alternatives[1]:
        return "number" + _bounds(alternatives[0])
    return " or ".join(dict.fromkeys(_value(each, models) for each in alternatives))


def _literal(value: object) -> str:
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f'`"{value}"`'


def _bounds(field: Schema) -> str:
    words = [
        f"{word} {field[key]:,.15g}".replace(",", " ")
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in field
    ]
    return f", {' '.join(words)}" if words else ""
