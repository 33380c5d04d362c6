"""Answers of the API: JSON with exact numbers, errors with a code, and nothing of ours in them."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from graphql import GraphQLError
from starlette.responses import Response

from loyalty_engine.store.json_text import json_text
from loyalty_schema.errors import ErrorCode, is_unstorable

LOG = logging.getLogger("loyalty.api")

STATUSES = {
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The HTTP status of an error that came before execution; all others are 400."""


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer that nobody keeps."""
    octets = json_text(body).encode("utf-8", "replace")
    return Response(
        octets, status, {"cache-control": "no-store", **(headers or {})}, media_type="application/json"
    )


def refusal(code: ErrorCode, message: str, status: int | None = None) -> Response:
    """One error, before anything was executed."""
    headers = {"www-authenticate": "Bearer"} if code is ErrorCode.UNAUTHENTICATED else None
    error = {"message": message, "extensions": {"code": code.value}}
    return answer({"errors": [error]}, status or STATUSES.get(code, HTTPStatus.BAD_REQUEST), headers)


def shown_errors(errors: Sequence[GraphQLError], request_id: UUID) -> list[dict[str, Any]]:
    """Errors as a client may see them; an unexpected one is logged, and shown as its request's id alone."""
    return [_shown(error, request_id) for error in errors]


def internal(error: BaseException, request_id: UUID) -> dict[str, Any]:
    """An unexpected error: logged in full, shown as nothing but where to look."""
    LOG.error("request %s failed", request_id, exc_info=error)
    return {
        "message": f"Something went wrong on our side; the request's id is {request_id}.",
        "extensions": {"code": ErrorCode.INTERNAL.value, "requestId": str(request_id)},
    }


def _shown(error: GraphQLError, request_id: UUID) -> dict[str, Any]:
    shown: dict[str, Any] = dict(error.formatted)
    if "code" in (error.extensions or {}):
        return shown
    if is_unstorable(error.original_error):
        shown["message"] = "A text has characters in it that cannot be kept."
    elif error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        return {**shown, **internal(error.original_error, request_id)}
    shown["extensions"] = {"code": ErrorCode.GRAPHQL_VALIDATION_FAILED.value}
    return shown
