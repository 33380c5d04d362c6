"""The body of a GraphQL request, read within its bounds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 1024 * 1024
MEDIA_TYPE = "application/json"


class BodyRefused(Exception):
    """The body is no GraphQL request; ``status`` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class GraphQLBody:
    """What is asked for."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


async def graphql_body(request: Request) -> GraphQLBody:
    """The GraphQL request in the body; raises BodyRefused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise BodyRefused(415, f"Send the request as {MEDIA_TYPE}.")
    return parsed_body(await _octets(request))


async def _octets(request: Request) -> bytes:
    found = bytearray()
    try:
        async for chunk in request.stream():
            found += chunk
            if len(found) > MOST_BYTES:
                raise BodyRefused(413, f"The request is larger than {MOST_BYTES} bytes.")
    except ClientDisconnect:
        raise BodyRefused(400, "The caller left before the request was complete.") from None
    return bytes(found)


def parsed_body(octets: bytes) -> GraphQLBody:
    """The GraphQL request that the octets are; its numbers are exact."""
    try:
        body = json.loads(octets.decode("utf-8"), parse_float=_exact, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BodyRefused(400, "The request is not JSON that can be read.") from None
    if not isinstance(body, dict):
        raise BodyRefused(400, 'The request is a JSON object like {"query": "{ viewer { kind } }"}.')
    query, name, variables = body.get("query"), body.get("operationName"), body.get("variables")
    if not isinstance(query, str) or not query.strip():
        raise BodyRefused(400, "The request has no query.")
    if name is not None and not isinstance(name, str):
        raise BodyRefused(400, "operationName is a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BodyRefused(400, "variables is an object.")
    return GraphQLBody(query, name or None, variables or {})


def _exact(written: str) -> Decimal:
    if len(written) > 100:
        raise ValueError("a number has at most 100 characters")
    try:
        return Decimal(written)
    except InvalidOperation:
        raise ValueError(f"{written} has an exponent that no number has") from None


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number of JSON")
