"""Errors of the request itself, from the closed list of codes; refusals of a mutation are data."""

from enum import StrEnum

from graphql import GraphQLError


class ErrorCode(StrEnum):
    """What can be wrong with a request."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INVALID_CURSOR = "INVALID_CURSOR"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    CONFIG_INVALID = "CONFIG_INVALID"
    INTERNAL = "INTERNAL"


class RequestError(GraphQLError):
    """An error with a code, whose message is for the client."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})
        self.code = code
