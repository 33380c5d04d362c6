"""One operation from its text to its result: limits, validation, cost, scopes, and only then execution."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    validate,
)
from graphql.validation import specified_rules
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionResult

from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.limits import USUAL, Limits, parsed
from loyalty_schema.plan import Plan, check_plan, check_scopes, plan_of
from loyalty_schema.prepared import PREPARED
from loyalty_schema.request import Request
from loyalty_schema.schema import LoyaltySchema

MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that may be executed by anybody who has the scopes of its plan."""

    schema: LoyaltySchema
    text: str
    document: DocumentNode
    name: str | None
    variables: dict[str, Any]
    plan: Plan

    async def execute(self, request: Request) -> ExecutionResult:
        """The result; raises FORBIDDEN before anything is read where a scope is missing."""
        check_scopes(self.plan, request.caller)
        token = PREPARED.set(self.document)
        try:
            return await self.schema.execute(
                self.text, variable_values=self.variables, context_value=request, operation_name=self.name
            )
        finally:
            PREPARED.reset(token)


class DocumentInvalid(Exception):
    """The document does not fit the schema; ``errors`` says where."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def prepared(
    schema: LoyaltySchema,
    text: str,
    name: str | None,
    variables: Mapping[str, Any],
    *,
    introspection: bool,
    limits: Limits = USUAL,
) -> Operation:
    """The operation, ready to be executed, before which nothing was read.

    Raises an error of the request, or DocumentInvalid.
    """
    document = _validated(schema, text, limits)
    operation = _chosen(document, name)
    plan = plan_of(schema._schema, document, operation, variables)  # noqa: SLF001 - Strawberry has no other name for it
    check_plan(plan, limits.cost, introspection=introspection)
    return Operation(schema, text, document, name, dict(variables), plan)


@lru_cache(maxsize=512)
def _validated(schema: LoyaltySchema, text: str, limits: Limits) -> DocumentNode:
    """The document, parsed and validated once for as long as it is in use."""
    try:
        document = parsed(text, limits)
    except GraphQLSyntaxError as error:
        raise DocumentInvalid([error]) from error
    errors = validate(
        schema._schema,  # noqa: SLF001 - Strawberry has no other name for it
        document,
        (*specified_rules, OneOfInputValidationRule),
        max_errors=MOST_ERRORS,
    )
    if errors:
        raise DocumentInvalid(errors)
    return document


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        raise RequestError(
            ErrorCode.GRAPHQL_VALIDATION_FAILED,
            "Name the operation of the document that is meant in operationName.",
        )
    if operation.operation is OperationType.SUBSCRIPTION:
        raise RequestError(ErrorCode.GRAPHQL_VALIDATION_FAILED, "There are no subscriptions.")
    return operation
