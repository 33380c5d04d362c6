"""Nobody sees or changes what is another business's, or another partner's."""

import base64
import re
from uuid import UUID

import httpx
import pytest

from loyalty_engine.ids import new_id
from loyalty_engine.services.engine import Engine
from loyalty_engine.store.statement import Statement
from tests.api.documents import ABOUT_MEMBER, LIST, RULE_TYPES
from tests.api.shop import RECORD, Shop, open_shop

NODE = "query ($id: ID!) { node(id: $id) { id ... on Member { externalId } ... on Activity { externalId } } }"
FRAGMENTS = """{ ...F } fragment F on Query { business { ...G } }
  fragment G on Business { partners { nodes { id } } }"""
MUTATIONS_OF_CLOCK = """mutation {
  setClock(input: {idempotencyKey: "k", now: "2026-07-01T00:00:00Z"}) { __typename } }"""
IDS = """{ business { id program { id } partners { nodes { id } } promotions { nodes { id } } }
  member(by: {externalId: "anna"}) { id activities { nodes { id } } standingChanges { nodes { id } }
    wallet { entries { nodes { id } } } } }"""


async def full_shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """A shop with a member who has something of everything."""
    shop = await open_shop(engine, client)
    await shop.enrol("anna", identities=[{"kind": "card", "value": "1"}], profile={"givenName": "Anna"})
    await shop.buy("anna", "1200.00", channel="online")
    return shop


@pytest.fixture
async def victim(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """Another business, whose data is nobody else's."""
    return await full_shop(engine, client)


async def ids_of(shop: Shop) -> list[str]:
    """The global ids of everything in a shop."""
    found = await shop.data(IDS)
    business, member = found["business"], found["member"]
    listed = [
        *business["partners"]["nodes"],
        *business["promotions"]["nodes"],
        *member["activities"]["nodes"],
        *member["standingChanges"]["nodes"],
        *member["wallet"]["entries"]["nodes"],
    ]
    return [business["id"], business["program"]["id"], member["id"], *(node["id"] for node in listed)]


def random_like(global_id: str) -> str:
    """A global id of the same type that nothing has."""
    type_name = base64.b64decode(global_id).decode().partition(":")[0]
    return base64.b64encode(f"{type_name}:{new_id()}".encode()).decode()


async def test_a_foreign_id_is_answered_like_one_that_nothing_has(shop: Shop, victim: Shop) -> None:
    ids = await ids_of(victim)
    assert len(ids) >= 9
    for foreign in ids:
        answers = [
            await shop.ask(NODE, {"id": asked}) for asked in (foreign, random_like(foreign), "garbage", "")
        ]
        assert {answer.content for answer in answers} == {b'{"data":{"node":null}}'}
    by_id = "query ($id: ID!) { member(by: {id: $id}) { id } }"
    member = next(each for each in ids if base64.b64decode(each).startswith(b"Member:"))
    answers = [await shop.ask(by_id, {"id": asked}) for asked in (member, random_like(member), "garbage")]
    assert {answer.content for answer in answers} == {b'{"data":{"member":null}}'}


async def test_a_foreign_member_cannot_be_written(shop: Shop, victim: Shop) -> None:
    member = next(each for each in await ids_of(victim) if base64.b64decode(each).startswith(b"Member:"))
    found = [
        (await shop.buy("anna", "1.00", member={"id": asked}, externalId="x"))
        for asked in (member, random_like(member), "garbage")
    ]
    assert found[0] == found[1] == found[2]
    assert found[0]["code"] == "NOT_FOUND"
    assert (await shop.buy("anna", "1.00"))["code"] == "NOT_FOUND"


async def test_another_business_sees_its_own_numbers_alone(shop: Shop, victim: Shop) -> None:
    tiers = (await shop.data(RULE_TYPES))["business"]["program"]["ladders"][0]["tiers"]
    assert [tier["memberCount"] for tier in tiers] == [0, 0, 0]
    assert (await shop.data(LIST))["members"]["edges"] == []
    for by in ({"externalId": "anna"}, {"identity": {"kind": "card", "value": "1"}}):
        assert (await shop.data(ABOUT_MEMBER, {"by": by}))["member"] is None


async def test_the_database_refuses_where_the_application_forgets(
    shop: Shop, victim: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every condition on the business is taken out of the statements that the application sends."""
    ordered, removed = Statement._ordered, set()

    async def without_filter(self: Statement, connection: object, **values: object) -> object:
        text = re.sub(r"(\w+\.)?business_id = \$1\b(::UUID)?", "$1::UUID IS NOT NULL", self.text)
        assert text != self.text or "business_id" not in self.text
        removed.add(text)
        return await connection.fetch(text, *ordered(self, values))  # type: ignore[attr-defined]

    ids, own = await ids_of(victim), shop.business_id
    assert isinstance(own, UUID)
    monkeypatch.setattr(Statement, "fetch", without_filter)
    for foreign in ids:
        assert (await shop.ask(NODE, {"id": foreign})).content == b'{"data":{"node":null}}'
    assert (await shop.data(LIST))["members"]["edges"] == []
    tiers = (await shop.data(RULE_TYPES))["business"]["program"]["ladders"][0]["tiers"]
    assert [tier["memberCount"] for tier in tiers] == [0, 0, 0]
    assert (await shop.data(ABOUT_MEMBER, {"by": {"externalId": "anna"}}))["member"] is None
    assert len(removed) >= 5


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        ("{ members(first: 1) { nodes { id } } }", "members:read"),
        ('{ member(by: {externalId: "a"}) { profile { email } } }', "profiles:read"),
        ('{ member(by: {externalId: "a"}) { wallet { available } } }', "points:read"),
        ('{ member(by: {externalId: "a"}) { activities { nodes { id } } } }', "activities:read"),
        ("{ business { program { source } } }", "program:read"),
        ("{ business { promotions { nodes { id } } } }", "partners:read"),
        (
            FRAGMENTS,
            "partners:read",
        ),
        (
            'mutation { enrolMember(input: {idempotencyKey: "k", externalId: "a"}) { __typename } }',
            "members:write",
        ),
        (MUTATIONS_OF_CLOCK, "clock:write"),
    ],
)
async def test_a_scope_that_is_missing_is_named(shop: Shop, query: str, scope: str) -> None:
    everything = [
        "members:read",
        "members:write",
        "activities:read",
        "points:read",
        "program:read",
        "partners:read",
        "profiles:read",
        "clock:write",
    ]
    key = await shop.make_key("test", [each for each in everything if each != scope])
    answer = await shop.ask(query, key=key)
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
    assert scope in error["message"]
    allowed = await shop.ask(query, key=await shop.make_key("test", everything))
    assert allowed.status_code == 200
    assert "errors" not in allowed.json()


async def test_a_node_without_the_scope_of_its_type_is_not_there(shop: Shop, victim: Shop) -> None:
    key = await victim.make_key("test", ["program:read"])
    member = next(each for each in await ids_of(victim) if base64.b64decode(each).startswith(b"Member:"))
    answer = await victim.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": member}, key=key)
    assert answer.content == b'{"data":{"node":null}}'


async def test_a_partner_sees_its_linked_members_and_its_own_rows_alone(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    shop = await full_shop(engine, client)
    await shop.enrol("ben", partner="cards")
    await shop.enrol("carla")
    await shop.buy("carla", "10.00", partner="cards")
    await shop.buy("carla", "20.00")
    await shop.enrol("dora")
    key = await shop.make_key("partner", partner="cards")
    found = (await shop.data(LIST, {"orderBy": {"by": "EXTERNAL_ID"}}, key=key))["members"]
    assert [edge["node"]["externalId"] for edge in found["edges"]] == ["ben", "carla"]
    for hidden in ("anna", "dora"):
        assert (await shop.data(ABOUT_MEMBER, {"by": {"externalId": hidden}}, key=key))["member"] is None
    carla = (await shop.data(ABOUT_MEMBER, {"by": {"externalId": "carla"}}, key=key))["member"]
    assert [node["amount"] for node in carla["activities"]["nodes"]] == ["10.00"]
    for foreign in await ids_of(shop):
        type_name = base64.b64decode(foreign).decode().partition(":")[0]
        if type_name in ("Member", "Activity", "LedgerEntry", "StandingChange"):
            answer = await shop.ask(NODE, {"id": foreign}, key=key)
            assert answer.content == b'{"data":{"node":null}}', type_name
    tiers = (await shop.data(RULE_TYPES, key=key))["business"]["program"]["ladders"][0]["tiers"]
    assert [tier["memberCount"] for tier in tiers] == [2, 0, 0]
    for terms in ("source", "rules { config }", "findings { path }"):
        answer = await shop.ask(f"{{ business {{ program {{ {terms} }} }} }}", key=key)
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    wanted = {
        "idempotencyKey": "k",
        "member": {"externalId": "dora"},
        "kind": "purchase",
        "source": "cards",
        "externalId": "1",
        "occurredAt": "2026-03-01T10:00:00Z",
        "amount": "1",
    }
    assert (await shop.data(RECORD, {"input": wanted}, key=key))["recordActivity"]["code"] == "NOT_FOUND"


async def test_a_revoked_key_and_one_of_another_secret_get_one_answer(shop: Shop) -> None:
    from loyalty_engine.services.credentials import operator, revoke_credential
    from loyalty_engine.services.keys import ApiKey, new_key, parse_key

    key = parse_key(await shop.make_key("read_only"))
    assert isinstance(key, ApiKey)
    assert (await shop.ask("{ viewer { kind } }", key=key.text)).status_code == 200
    await revoke_credential(shop.engine, operator(shop.business_id), key.key_id)
    revoked = await shop.ask("{ viewer { kind } }", key=key.text)
    unknown = await shop.ask("{ viewer { kind } }", key=new_key("test").text)
    assert revoked.status_code == unknown.status_code == 401
    assert revoked.content == unknown.content


async def test_a_key_writes_the_sources_that_it_lists_alone(shop: Shop) -> None:
    from loyalty_engine.services.credentials import (
        CreateCredential,
        CredentialCreated,
        create_credential,
        operator,
    )

    await shop.enrol("anna")
    wanted = CreateCredential("till", "till 1", sources=frozenset({"till-1"}))
    made = await create_credential(shop.engine, operator(shop.business_id), wanted)
    assert isinstance(made, CredentialCreated)
    activity = {
        "idempotencyKey": "k",
        "member": {"externalId": "anna"},
        "kind": "purchase",
        "source": "till-2",
        "externalId": "1",
        "occurredAt": "2026-03-01T10:00:00Z",
        "amount": "1",
    }
    error = (await shop.ask(RECORD, {"input": activity}, key=made.key.text)).json()["errors"][0]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "till-2" in error["message"]
    own = {**activity, "source": "till-1"}
    found = await shop.data(RECORD, {"input": own}, key=made.key.text)
    assert found["recordActivity"]["__typename"] == "RecordActivitySuccess"
