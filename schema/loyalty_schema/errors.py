"""Errors of the request itself, from the closed list of codes; refusals of a mutation are data."""

from enum import StrEnum

from asyncpg import CharacterNotInRepertoireError
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


def is_unstorable(error: BaseException | None) -> bool:
    """Whether a text had a NUL or half a character in it, which no database keeps."""
    while error is not None:
        if isinstance(error, CharacterNotInRepertoireError | UnicodeEncodeError):
            return True
        error = error.__cause__
    return False
