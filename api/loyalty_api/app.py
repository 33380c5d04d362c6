"""The application: GraphQL at /graphql, liveness and readiness, and an explorer where it is switched on."""

from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from loyalty_api.answers import LOG, answer, internal, refusal, shown_errors
from loyalty_api.authentication import authenticated, key_of
from loyalty_api.body import BodyRefused, graphql_body
from loyalty_api.explorer import QUERY, explorer_page
from loyalty_api.languages import accepted_locales
from loyalty_api.settings import Settings
from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Caller, Engine
from loyalty_schema import Schemas
from loyalty_schema.errors import ErrorCode, RequestError
from loyalty_schema.operation import DocumentInvalid, prepared
from loyalty_schema.request import Request


def create_app(engine: Engine, settings: Settings, query: str = QUERY) -> Starlette:
    """The API over an engine. The explorer, with a query ready, is shown exactly where introspection is."""
    endpoint = GraphQLEndpoint(engine, introspection=settings.introspection_enabled)

    async def graphql(request: HttpRequest) -> Response:
        if request.method == "GET" and settings.introspection_enabled:
            return explorer_page(query)
        if request.method != "POST":
            return refusal(ErrorCode.GRAPHQL_VALIDATION_FAILED, "Send queries and mutations by POST.", 405)
        return await endpoint.respond(request)

    async def ready(_: HttpRequest) -> Response:
        try:
            async with engine.database.crossing() as connection:
                await connection.fetchval("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            LOG.warning("the database does not answer", exc_info=True)
            return answer({"status": "the database does not answer"}, 503)
        return answer({"status": "ready"})

    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Route("/health/live", _alive),
            Route("/health/ready", ready),
        ]
    )


async def _alive(_: HttpRequest) -> Response:
    return answer({"status": "alive"})


class GraphQLEndpoint:
    """Answers GraphQL requests: body, key, limits, then the credential, scopes, and only then execution."""

    def __init__(self, engine: Engine, *, introspection: bool) -> None:
        self._engine = engine
        self._introspection = introspection
        self._schemas = Schemas()
        self._schemas.of()

    async def respond(self, http: HttpRequest) -> Response:
        """The answer to one request, whatever it holds."""
        request_id = new_id()
        try:
            return await self._respond(http, request_id)
        except BodyRefused as refused:
            return refusal(ErrorCode.GRAPHQL_VALIDATION_FAILED, refused.message, refused.status)
        except RequestError as error:
            return refusal(error.code, error.message)
        except Exception as error:  # noqa: BLE001 - the last line before a stack trace would be shown
            return answer({"errors": [internal(error, request_id)]}, 500)

    async def _respond(self, http: HttpRequest, request_id: UUID) -> Response:
        key = key_of(http.headers.get("authorization"))
        body = await graphql_body(http)
        try:
            operation = prepared(
                self._schemas.of(),
                body.query,
                body.operation_name,
                body.variables,
                introspection=self._introspection,
            )
        except DocumentInvalid as invalid:
            return answer({"errors": shown_errors(invalid.errors, request_id)}, 400)
        caller = await authenticated(self._engine, key)
        result = await operation.execute(await self._request(caller, http))
        shown: dict[str, object] = {"data": result.data}
        if result.errors:
            shown["errors"] = shown_errors(result.errors, request_id)
        return answer(shown, headers={"x-request-id": str(request_id)})

    async def _request(self, caller: Caller, http: HttpRequest) -> Request:
        async with self._engine.database.reading(caller.business_id) as connection:
            business = await self._engine.business(connection, caller.business_id)
        return Request(self._engine, caller, business, accepted_locales(http.headers.get("accept-language")))
