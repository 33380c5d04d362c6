"""The schema as it is published: printed, described, and declared field by field."""

from typing import Any, cast

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from loyalty_engine.services.credentials import SCOPES
from loyalty_engine.shipped import shipped
from loyalty_schema import LoyaltySchema, Schemas, printed_schema
from loyalty_schema.fields import EVERYONE, Undeclared, computed, declaration_of
from loyalty_schema.types.member import Member


def own_types() -> list[GraphQLNamedType]:
    """Every type that is ours."""
    types = LoyaltySchema()._schema.type_map.values()
    return [each for each in types if not is_introspection_type(each) and not is_specified_scalar_type(each)]


def test_the_printed_schema_is_the_schema() -> None:
    assert shipped("schema/schema.graphql").read_text(encoding="utf-8") == printed_schema()


def test_everything_has_a_description() -> None:
    missing = []
    for each in own_types():
        parts: dict[str, Any] = {each.name: each}
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in each.fields.items():
                parts[f"{each.name}.{name}"] = field
                parts.update({f"{each.name}.{name}({key})": value for key, value in field.args.items()})
        elif isinstance(each, GraphQLInputObjectType):
            parts.update({f"{each.name}.{name}": field for name, field in each.fields.items()})
        elif isinstance(each, GraphQLEnumType):
            parts.update({f"{each.name}.{name}": value for name, value in each.values.items()})
        missing += [name for name, part in parts.items() if not part.description]
    assert missing == []


def test_every_field_declares_a_scope_that_a_key_can_have() -> None:
    for each in own_types():
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for field in each.fields.values():
                declaration = declaration_of(field.extensions["strawberry-definition"])
                assert declaration.scope == EVERYONE or declaration.scope in SCOPES


def test_every_mutation_takes_one_input_with_an_idempotency_key_and_has_a_scope() -> None:
    mutation = LoyaltySchema()._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        wanted = cast("Any", field.args["input"].type).of_type
        assert str(wanted.fields["idempotencyKey"].type) == "String!", name
        assert declaration_of(field.extensions["strawberry-definition"]).scope.endswith(
            (":write", ":spend", ":adjust", ":erase", ":decide", ":cast", ":merge")
        ), name


def test_a_field_without_a_declaration_stops_the_schema() -> None:
    @strawberry.type
    class Careless:
        @strawberry.field
        def secret(self) -> str:
            return "secret"

    field = Careless.__strawberry_definition__.fields[0]  # type: ignore[attr-defined]
    with pytest.raises(Undeclared, match=r"type Member: field 'secret' declares neither"):
        LoyaltySchema([{"Member": [field]}])


def test_each_set_of_plugins_has_a_schema_of_its_own() -> None:
    def stars(self: Member) -> int:
        return 5

    def fields_of(plugin: str) -> Any:
        return {"Member": [computed(scope=EVERYONE, description="How many stars.", name=plugin)(stars)]}

    schemas = Schemas(fields_of)
    plain, starred = schemas.of(), schemas.of(frozenset({"stars"}))
    assert "stars" in starred._schema.type_map["Member"].fields  # type: ignore[attr-defined]
    assert "stars" not in plain._schema.type_map["Member"].fields  # type: ignore[attr-defined]
    assert schemas.of() is plain
    for number in range(40):
        schemas.of(frozenset({f"plugin{number}"}))
    assert schemas.of(frozenset({"stars"})) is not starred
