"""What an operation will cost and which scopes it needs, known before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from loyalty_engine.services.engine import Caller
from loyalty_schema.connections import USUAL_PAGE, page_size
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.fields import EVERYONE, Declaration, Page, declaration_of


@dataclass(slots=True)
class Plan:
    """How many values an operation may bring, and which scope which field needs."""

    cost: int = 0
    scopes: dict[str, str] = field(default_factory=dict)
    introspects: bool = False
    not_for_partners: str | None = None


def plan_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Plan:
    """The plan of a validated operation; raises an error of the request for a page that cannot be."""
    return _Planner(schema, document, operation, variables).plan()


class _Planner:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self._variables = {**defaults, **variables}
        self._plan = Plan()
        self._known: dict[tuple[str, str, int], int] = {}

    def plan(self) -> Plan:
        root = self._schema.get_root_type(self._operation.operation)
        if root is not None:
            self._plan.cost = self._cost(self._operation.selection_set, root, 1)
        return self._plan

    def _cost(self, selections: SelectionSetNode, parent: GraphQLCompositeType, items: int) -> int:
        return sum(self._cost_of(node, parent, items) for node in selections.selections)

    def _cost_of(self, node: object, parent: GraphQLCompositeType, items: int) -> int:
        if isinstance(node, FieldNode):
            return self._field(node, parent, items)
        if isinstance(node, InlineFragmentNode):
            named = node.type_condition
            inner = self._schema.get_type(named.name.value) if named is not None else parent
            return self._cost(node.selection_set, cast("GraphQLCompositeType", inner), items)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, items)
        return 0

    def _fragment(self, name: str, items: int) -> int:
        fragment = self._fragments[name]
        type_name = fragment.type_condition.name.value
        key = (name, type_name, items)
        if key not in self._known:
            inner = cast("GraphQLCompositeType", self._schema.get_type(type_name))
            self._known[key] = self._cost(fragment.selection_set, inner, items)
        return self._known[key]

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, items: int) -> int:
        name = node.name.value
        if name.startswith("__"):
            self._plan.introspects |= name in ("__schema", "__type")
            return 1
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            raise TypeError(f"{parent.name} has no fields")
        definition = parent.fields[name]
        declaration = self._declaration(definition.extensions)
        if declaration.scope != EVERYONE:
            self._plan.scopes.setdefault(declaration.scope, f"{parent.name}.{name}")
        if not declaration.partners:
            self._plan.not_for_partners = f"{parent.name}.{name}"
        items = self._items(node) or items
        inner = get_named_type(definition.type)
        if node.selection_set is None or not is_composite_type(inner):
            return 1
        brings = self._brings(node, declaration, items)
        return 1 + brings * self._cost(node.selection_set, inner, items)

    def _declaration(self, extensions: Mapping[str, Any]) -> Declaration:
        return declaration_of(cast("StrawberryField", extensions[GraphQLCoreConverter.DEFINITION_BACKREF]))

    def _brings(self, node: FieldNode, declaration: Declaration, items: int) -> int:
        if isinstance(declaration.reading, Page):
            given = {each.name.value: self._value(each.value) for each in node.arguments or ()}
            return page_size(given.get("first"), given.get("last"))
        if declaration.brings_items:
            return max(items, 1)
        return declaration.brings or 1

    def _items(self, node: FieldNode) -> int:
        """How many items the input of a mutation has."""
        for each in node.arguments or ():
            if each.name.value == "input":
                value = self._value(each.value)
                items = value.get("items") if isinstance(value, Mapping) else None
                return len(items) if isinstance(items, list) else 0
        return 0

    def _value(self, node: ValueNode) -> Any:
        value = value_from_ast_untyped(node, self._variables)
        return None if value is Undefined else value


def check_plan(plan: Plan, most: int, *, introspection: bool) -> None:
    """Raises an error of the request for what costs too much, or is switched off."""
    if plan.introspects and not introspection:
        raise RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, "Introspection is switched off.")
    if plan.cost > most:
        raise RequestError(
            ErrorCode.QUERY_TOO_COMPLEX,
            f"The operation may bring {plan.cost} values; at most {most} are allowed. "
            f"Ask for fewer fields or smaller pages (without first a page has {USUAL_PAGE}).",
        )


def check_scopes(plan: Plan, caller: Caller) -> None:
    """Raises FORBIDDEN for the first field that the caller may not see."""
    for scope, where in plan.scopes.items():
        if scope not in caller.scopes:
            raise RequestError(ErrorCode.FORBIDDEN, f"{where} needs the scope {scope}.")
    if plan.not_for_partners is not None and caller.partner_id is not None:
        raise RequestError(ErrorCode.FORBIDDEN, f"{plan.not_for_partners} is not for partners.")
