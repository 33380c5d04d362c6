"""Mutations called by name: what is selected follows from the schema, so that a new one needs no words."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from loyalty_engine.entities import metadata
from loyalty_schema import printed_schema
from tests.api.shop import REFUSED, Shop
from tests.idempotency.entries import Entry, Input, input_of


@cache
def api() -> GraphQLSchema:
    """The schema as it is printed."""
    return build_schema(printed_schema())


def mutations(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    """Every mutation by its name."""
    return {} if schema.mutation_type is None else schema.mutation_type.fields


def careless(schema: GraphQLSchema) -> dict[str, str]:
    """The mutations that could not be sent again safely, with what each lacks."""
    found = {name: _lacking(field) for name, field in mutations(schema).items()}
    return {name: lacking for name, lacking in found.items() if lacking}


def _lacking(field: GraphQLField) -> str:
    if list(field.args) != ["input"]:
        return "the argument input, alone"
    wanted: Any = get_named_type(field.args["input"].type)
    if not str(field.args["input"].type).endswith("!"):
        return "an input that must be given"
    key = getattr(wanted, "fields", {}).get("idempotencyKey")
    if key is None or str(key.type) != "String!":
        return "idempotencyKey: String!"
    if "replayed" not in success_of(field).fields:
        return "replayed"
    return ""


def success_of(field: GraphQLField) -> GraphQLObjectType:
    """The type that a mutation answers when it was done."""
    (success,) = (each for name, each in _answers(field).items() if name.endswith("Success"))
    assert isinstance(success, GraphQLObjectType)
    return success


def _answers(field: GraphQLField) -> dict[str, GraphQLNamedType]:
    answered = get_named_type(field.type)
    types = answered.types if isinstance(answered, GraphQLUnionType) else (answered,)
    return {each.name: each for each in types}


def document(name: str) -> str:
    """The mutation with everything that its success says, and what that names one level further."""
    field = mutations(api())[name]
    success = success_of(field)
    return (
        f"mutation ($input: {field.args['input'].type}) {{ {name}(input: $input) {{ __typename "
        f"... on {success.name} {{ {_selected(success, 2)} }} {REFUSED} }} }}"
    )


def briefly(name: str) -> str:
    """The mutation with what its success says itself, and what is there already where something is."""
    field = mutations(api())[name]
    success = success_of(field)
    exists = "... on AlreadyExists { existingId }" if "AlreadyExists" in _answers(field) else ""
    return (
        f"mutation ($input: {field.args['input'].type}) {{ {name}(input: $input) {{ __typename "
        f"... on {success.name} {{ {_selected(success, 1)} }} {exists} {REFUSED} }} }}"
    )


def _selected(of: GraphQLObjectType, levels: int) -> str:
    shown = (_field(name, field, levels) for name, field in of.fields.items() if _is_plain(field))
    return " ".join(["__typename", *filter(None, shown)])


def _is_plain(field: GraphQLField) -> bool:
    return not any(is_required_argument(argument) for argument in field.args.values())


def _field(name: str, field: GraphQLField, levels: int) -> str:
    kind: Any = get_named_type(field.type)
    if is_leaf_type(kind):
        return name
    if levels == 1:
        return ""
    inner = _selected(kind, levels - 1) if is_object_type(kind) else _of_any(kind)
    return f"{name} {{ {inner} }}"


def _of_any(kind: GraphQLUnionType | GraphQLInterfaceType) -> str:
    """Of a union of answers what tells success from refusal; of an interface its own plain fields."""
    if isinstance(kind, GraphQLUnionType):
        return f"__typename {REFUSED}"
    own = (
        name
        for name, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type)) and _is_plain(field)
    )
    return " ".join(["__typename", *own])


async def call(shop: Shop, name: str, given: Input, key: str, credential: str | None = None) -> Any:
    """The answer to a mutation under an idempotency key, which must be no error."""
    data = await shop.data(document(name), {"input": {**given, "idempotencyKey": key}}, key=credential)
    return data[name]


async def opened(shop: Shop, entry: Entry) -> Input:
    """The entry's input, after what the shop needs for it."""
    return {**entry.given, **await entry.before(shop)}


async def another(shop: Shop, entry: Entry, given: Input) -> Input:
    """Another input that succeeds beside the one given."""
    return {**given, **await input_of(shop, entry.other)}


def succeeded(answer: Any, *, replayed: bool) -> Any:
    """The answer without `replayed`, which must be a success that says so."""
    assert answer["__typename"].endswith("Success"), answer
    assert answer["replayed"] is replayed, answer
    return {name: value for name, value in answer.items() if name != "replayed"}


def codes_in(answer: Any) -> set[str]:
    """The refusals in an answer, also those of its items."""
    if isinstance(answer, list):
        return {code for item in answer for code in codes_in(item)}
    if not isinstance(answer, dict):
        return set()
    own = {answer["code"]} if {"code", "retryable"} <= set(answer) else set()
    return own | {code for value in answer.values() for code in codes_in(value)}


def outcome_of(answer: Any) -> Any:
    """What an answer itself says, and of objects reached from it, which are read as they are now, the ids."""
    if not isinstance(answer, dict):
        return [outcome_of(item) for item in answer] if isinstance(answer, list) else answer
    return {
        name: value.get("id") if isinstance(value, dict) else outcome_of(value)
        for name, value in answer.items()
    }


async def rows_of(shop: Shop) -> Counter[tuple[str, str]]:
    """Every row of every table of the business, as text."""
    found: Counter[tuple[str, str]] = Counter()
    async with shop.engine.database.reading(shop.business_id) as connection:
        for table in metadata.tables:
            query = f"SELECT t::text FROM {table} t WHERE t.business_id = $1"  # noqa: S608
            found.update((table, row[0]) for row in await connection.fetch(query, shop.business_id))
    return found


def counts(rows: Counter[tuple[str, str]]) -> Counter[str]:
    """How many rows each table has."""
    return Counter(table for table, _ in rows.elements())
