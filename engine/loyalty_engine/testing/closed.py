"""Checks of a configuration model: frozen, closed, described, exact, printable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from loyalty_engine.rules import RuleConfig


def config_findings(config: type[RuleConfig]) -> Iterator[str]:
    """What is wrong with a configuration model, or with one that it contains."""
    for model in _models(config):
        if not model.model_config.get("frozen"):
            yield f"{model.__name__} is not frozen"
        if model.model_config.get("extra") != "forbid":
            yield f"{model.__name__} accepts unknown keys"
        for name, field in model.model_fields.items():
            if not field.description:
                yield f"{model.__name__}.{name} has no description"
            if float in _types(field.annotation):
                yield f"{model.__name__}.{name} is a float, which is not exact"
    try:
        json.dumps(config.model_json_schema())
    except (PydanticInvalidForJsonSchema, TypeError) as error:
        yield f"{config.__name__} has no JSON Schema: {error}"


def _models(config: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and every model that it contains, each once."""
    seen: dict[type[BaseModel], None] = {}
    to_see = [config]
    while to_see:
        model = to_see.pop()
        if model not in seen:
            seen[model] = None
            types = [each for field in model.model_fields.values() for each in _types(field.annotation)]
            to_see += [each for each in types if isinstance(each, type) and issubclass(each, BaseModel)]
    return iter(seen)


def _types(annotation: Any) -> list[Any]:
    """The types of which an annotation is made."""
    return [annotation, *(inner for part in get_args(annotation) for inner in _types(part))]
