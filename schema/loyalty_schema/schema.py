"""One set of types, a schema for each set of plugins, each built once and kept."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from loyalty_schema.fields import DeclaredField, Undeclared, declaration_of
from loyalty_schema.mutations import Mutation
from loyalty_schema.prepared import UsePrepared
from loyalty_schema.query import Query
from loyalty_schema.scalars import SCALARS
from loyalty_schema.types.gift import Gift
from loyalty_schema.types.standing import StandingChange
from loyalty_schema.types.wallet import LedgerEntry

PluginFields = Mapping[str, Sequence[DeclaredField]]
"""Further fields that a plugin adds, by the name of the type."""

SCHEMAS_KEPT = 32
"""How many schemas one process keeps; each takes about 3 MB."""


class LoyaltySchema(strawberry.Schema):
    """The API for businesses that use one set of plugins.

    Raises Undeclared when a field of an output type declares no scope.
    """

    def __init__(self, plugins: Iterable[PluginFields] = ()) -> None:
        self._plugins = tuple(plugins)
        try:
            super().__init__(
                query=Query,
                mutation=Mutation,
                types=[Gift, LedgerEntry, StandingChange],
                config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
                extensions=[UsePrepared],
            )
        except TypeError as error:
            if isinstance(error.__cause__, Undeclared):
                raise error.__cause__ from None
            raise

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leaves errors to whoever answers the request, who knows which are ours."""

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Copies of the core's and the plugins' fields: a field can be built into one schema only."""
        if type_definition.is_input:
            return [_without_null(copy(field)) for field in type_definition.fields]
        added = [field for plugin in self._plugins for field in plugin.get(type_definition.name, ())]
        fields = [_plain_arguments(copy(field)) for field in (*type_definition.fields, *added)]
        for field in fields:
            try:
                declaration_of(field)
            except Undeclared as undeclared:
                raise Undeclared(f"type {type_definition.name}: {undeclared}") from undeclared
        return fields


def _plain_arguments(field: StrawberryField) -> StrawberryField:
    """The field, whose optional arguments are simply left out, without a default of null."""
    field.arguments = [_left_out(copy(argument)) for argument in field.arguments]
    return field


def _left_out(argument: StrawberryArgument) -> StrawberryArgument:
    if argument.default is None:
        argument.default = strawberry.UNSET
    return argument


def _without_null(field: StrawberryField) -> StrawberryField:
    if field.default_value is None:
        field.default_value = strawberry.UNSET
    return field


class Schemas:
    """The schemas in use, by the names of their plugins; the one used longest ago is let go first."""

    def __init__(self, fields_of: Callable[[str], PluginFields] | None = None) -> None:
        self._fields_of = fields_of
        self._kept: OrderedDict[frozenset[str], LoyaltySchema] = OrderedDict()

    def of(self, plugins: frozenset[str] = frozenset()) -> LoyaltySchema:
        """The schema for a set of plugins, built when it is asked for first."""
        schema = self._kept.get(plugins)
        if schema is None:
            parts = [self._fields_of(name) for name in sorted(plugins)] if self._fields_of else []
            schema = self._kept[plugins] = LoyaltySchema(parts)
            while len(self._kept) > SCHEMAS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(plugins)
        return schema


def printed_schema() -> str:
    """The schema of the core in GraphQL's own language, as `schema/schema.graphql` holds it."""
    return LoyaltySchema().as_str() + "\n"
