"""Requests as they must not be: keys, bodies, documents, limits. None of them is an error of ours."""

import time
from typing import Any

import httpx
import pytest

from loyalty_api.app import create_app
from loyalty_api.settings import Settings
from loyalty_engine.services.engine import Engine
from tests.api.shop import ENROL, Shop, client_of

QUERY = "{ viewer { kind } }"
TWO_OF_50 = "{" + " ".join(f"a{number}: viewer {{ kind }}" for number in range(51)) + "}"
FRAGMENTS = """
{ members(first: 100) { ...M } }
fragment M on MemberConnection { nodes { ...N activities(first: 100) { nodes { lines { key amount } } } } }
fragment N on Member { wallet { entries(first: 100) { nodes { id message } } } }
"""
ENROL_WITH = 'mutation { enrolMember(input: {idempotencyKey: "k", externalId: "a", %s}) { __typename } }'
SET_CLOCK = 'setClock(input: {idempotencyKey: "k", now: "2026-07-01T00:00:00Z"}) { __typename }'
MUTATIONS = "mutation { " + " ".join(f"a{number}: {SET_CLOCK}" for number in range(11)) + " }"
PAGES = (
    "{ members(first: 100) { nodes { activities(first: 100) { nodes { effects { id cause { key } } } } } } }"
)


def code_of(answer: httpx.Response) -> str:
    """The code of an answer's first error."""
    body = answer.json()
    assert body.get("data") is None
    code: str = body["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    "key",
    ["", "x", "loy_live_aaaaaaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_aaaaaaaa", "Bearer", "\x7f", "ü"],
)
async def test_a_key_that_is_none_is_unauthenticated(shop: Shop, key: str) -> None:
    answer = await shop.client.post(
        "/graphql", json={"query": QUERY}, headers=[(b"authorization", f"Bearer {key}".encode())]
    )
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")


async def test_without_a_key_nothing_is_answered(shop: Shop) -> None:
    answer = await shop.client.post("/graphql", json={"query": QUERY})
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'[{"query": "{ viewer { kind } }"}]', "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": ""}', "application/json", 400),
        (b'{"query": "{ viewer { kind } }", "variables": []}', "application/json", 400),
        (b'{"query": "{ viewer { kind } }", "variables": {"a": NaN}}', "application/json", 400),
        (b'{"query": "{ viewer { kind } }", "operationName": 3}', "application/json", 400),
        (b'{"a": ' + b"[" * 100_000, "application/json", 400),
        (
            b'{"query": "{ viewer { kind } }", "variables": {"a": ' + b"9" * 5000 + b"}}",
            "application/json",
            400,
        ),
        (
            b'{"query": "{ viewer { kind } }", "variables": {"a": 1e9999999999999999999}}',
            "application/json",
            400,
        ),
        (b'{"query": "{ viewer { kind } }"}', "text/plain", 415),
        (b"query=%7Bviewer%7D", "application/x-www-form-urlencoded", 415),
        (b'{"query": "' + b" " * 1_100_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_is_none_is_refused(
    shop: Shop, content: bytes, content_type: str, status: int
) -> None:
    answer = await shop.client.post(
        "/graphql",
        content=content,
        headers={"authorization": f"Bearer {shop.key}", "content-type": content_type},
    )
    assert (answer.status_code, code_of(answer)) == (status, "GRAPHQL_VALIDATION_FAILED")


async def test_get_never_asks_anything(shop: Shop) -> None:
    answer = await shop.client.get("/graphql", params={"query": "mutation { setClock }"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    async with client_of(shop.engine, introspection=False) as closed:
        assert (await closed.get("/graphql", params={"query": QUERY})).status_code == 405
    assert (await shop.client.put("/graphql", json={"query": QUERY})).status_code == 405


async def test_health_needs_no_key(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "alive"}
    assert (await client.get("/health/ready")).json() == {"status": "ready"}


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "{ viewer }",
        "query ($a: Nope) { viewer { kind } }",
        "query A { viewer { kind } } query B { viewer { kind } }",
        "subscription { memberEvents { id } }",
        "fragment F on Query { viewer { kind } }",
        "{ ...F } fragment F on Query { ...F }",
        "{ ...Missing }",
        '{ member(by: {externalId: "a", id: "b"}) { id } }',
        "{ member(by: {}) { id } }",
        "{ member(by: {externalId: null}) { id } }",
        "{ members(first: 0) { nodes { id } } }",
        "{ members(first: 101) { nodes { id } } }",
        "{ members(first: -1) { nodes { id } } }",
        "{ members(first: 99999999999) { nodes { id } } }",
        "{ members(first: 1, last: 1) { nodes { id } } }",
        '{ members(where: {enrolledAt: {from: "yesterday"}}) { nodes { id } } }',
        '{ members(where: {enrolledAt: {from: "2026-02-30T00:00:00Z"}}) { nodes { id } } }',
        '{ members(where: {businessId: "x"}) { nodes { id } } }',
        ENROL_WITH % 'tier: "gold"',
        ENROL_WITH % "attributes: 3",
        ENROL_WITH % "attributes: {a: 0e-9999999999999999999}",
    ],
)
async def test_a_document_that_does_not_fit_is_told_so(shop: Shop, query: str) -> None:
    answer = await shop.ask(query)
    assert answer.status_code < 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED", answer.text


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({"amount": 12.5}, "string"),
        ({"amount": "1e3"}, "digits"),
        ({"amount": "9" * 100}, "digits"),
        ({"amount": "NaN"}, "digits"),
        ({"amount": True}, "string"),
        ({"occurredAt": "2026-03-01"}, "DateTime"),
        ({"occurredAt": "9999-12-31T23:59:59-23:59"}, "instant"),
        ({"member": {"externalId": "a", "id": "b"}}, ""),
    ],
)
async def test_a_scalar_that_is_none_is_told_so(shop: Shop, variables: dict[str, Any], hint: str) -> None:
    wanted = {
        "idempotencyKey": "k",
        "member": {"externalId": "anna"},
        "kind": "purchase",
        "source": "till",
        "externalId": "p",
        "occurredAt": "2026-03-01T10:00:00Z",
        "amount": "1",
        **variables,
    }
    query = "mutation ($input: RecordActivityInput!) { recordActivity(input: $input) { __typename } }"
    error = (await shop.ask(query, {"input": wanted})).json()["errors"][0]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert hint in error["message"]


@pytest.mark.parametrize(
    "query",
    [
        TWO_OF_50,
        "{ " + "viewer { kind } " * 400 + "}",
        "{ "
        + " ".join(f"...F{number}" for number in range(61))
        + " }"
        + " ".join(f"fragment F{number} on Query {{ viewer {{ kind }} }}" for number in range(61)),
        "{ viewer { " + "kind " * 4000 + "} }",
        "{ node(id: 1) { ... on Tier { ladder { tiers " * 20 + "{ key }" + " } } } }" * 20,
        "{ a " * 1500,
        "{ viewer { kind " + "@skip(if: false) " * 60 + "} }",
        MUTATIONS,
        PAGES,
        FRAGMENTS,
    ],
    ids=[
        "aliases",
        "repeats",
        "spreads",
        "tokens",
        "depth",
        "braces",
        "directives",
        "mutations",
        "cost",
        "fragments",
    ],
)
async def test_what_is_too_large_is_refused_at_once_without_a_statement(shop: Shop, query: str) -> None:
    texts: list[str] = []
    took: list[float] = []
    shop.engine.database.on_statement.append(texts.append)
    try:
        for _ in range(5):
            begin = time.process_time()
            answer = await shop.ask(query)
            took.append(time.process_time() - begin)
            assert (answer.status_code, code_of(answer)) == (400, "QUERY_TOO_COMPLEX"), answer.text[:300]
    finally:
        shop.engine.database.on_statement.remove(texts.append)
    assert texts == []
    assert min(took) < 0.05


async def test_introspection_is_a_setting(shop: Shop) -> None:
    query = "{ __schema { queryType { name } } }"
    assert (await shop.data(query))["__schema"]["queryType"] == {"name": "Query"}
    async with client_of(shop.engine, introspection=False) as closed:
        closed.headers["authorization"] = f"Bearer {shop.key}"
        for asked in (
            query,
            '{ __type(name: "Member") { name } }',
            "{ ...F } fragment F on Query { __schema { description } }",
        ):
            assert (
                code_of(await closed.post("/graphql", json={"query": asked})) == "GRAPHQL_VALIDATION_FAILED"
            )
        answer = await closed.post("/graphql", json={"query": "{ __typename viewer { kind } }"})
        assert answer.json()["data"]["viewer"]["kind"] == "OWNER"


async def test_a_cursor_is_of_one_business_and_one_list(
    shop: Shop, engine: Engine, client: httpx.AsyncClient
) -> None:
    from tests.api.shop import open_shop

    await shop.enrol("anna")
    query = "query ($after: String) { members(first: 1, after: $after) { pageInfo { endCursor } } }"
    cursor = (await shop.data(query))["members"]["pageInfo"]["endCursor"]
    assert (await shop.data(query, {"after": cursor}))["members"]["pageInfo"]["endCursor"] is None
    other = await open_shop(engine, client)
    assert code_of(await other.ask(query, {"after": cursor})) == "INVALID_CURSOR"
    flipped = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for forged in (flipped, cursor + "AA", cursor[:-4], "", "!", "ü", "A" * 3000, "WzFd"):
        assert code_of(await shop.ask(query, {"after": forged})) == "INVALID_CURSOR", forged
    ordered = "query ($after: String) { members(after: $after, orderBy: {by: EXTERNAL_ID}) { nodes { id } } }"
    assert code_of(await shop.ask(ordered, {"after": cursor})) == "INVALID_CURSOR"


async def test_an_error_of_ours_shows_its_requests_id_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    monkeypatch.setattr("loyalty_schema.mutations.enrol_member", broken)
    answer = await shop.ask(ENROL, {"input": {"idempotencyKey": "k", "externalId": "a"}})
    error = answer.json()["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"] in error["message"]
    assert "secret" not in answer.text
    assert "secret" in caplog.text


async def test_texts_that_no_database_keeps_find_nothing_and_break_nothing(shop: Shop) -> None:
    query = "query ($by: MemberBy!) { member(by: $by) { id } }"
    for by in (
        {"externalId": "\x00"},
        {"externalId": "\udfff"},
        {"externalId": ""},
        {"identity": {"kind": "\x00", "value": "\ud800"}},
    ):
        assert (await shop.data(query, {"by": by}))["member"] is None
    query = "query ($key: String!) { members(where: {tier: {ladder: $key, tier: $key}}) { nodes { id } } }"
    for key in ("\x00", "\ud800"):
        answer = await shop.ask(query, {"key": key})
        assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_caller_who_leaves_within_a_request_is_no_error_of_ours(
    engine: Engine, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {shop.key}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await create_app(engine, Settings())(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not caplog.records
