"""API keys: their form, what is kept of them, and what each kind may do."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from loyalty_engine.clock import FixedClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.credentials import (
    DEFAULT_SCOPES,
    SCOPES,
    CreateCredential,
    CredentialCreated,
    CredentialRevoked,
    create_credential,
    list_credentials,
    operator,
    revoke_credential,
)
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.keys import is_key, new_key, parse_key
from loyalty_engine.services.refusals import Refusal, RefusalCode
from loyalty_engine.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROGRAM = """
[program]
business = "{slug}"
name = "Acme Club"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
decimals = 2
rounding = "toward_zero"
expiry = "never"

[[rules]]
id = "promo"
rule = "partner_rewards"
config = {{ partner = "acme", currency = "points", points = 5, funding = [] }}
"""


@pytest.fixture
def engine(app_database: Database) -> Engine:
    return Engine(app_database, discover(), FixedClock(NOW), b"k" * 32)


async def made(engine: Engine, *, sandbox: bool = False) -> Caller:
    slug = f"b{uuid4().hex}"
    created = await create_business(engine, CreateBusiness(slug, PROGRAM.format(slug=slug), sandbox=sandbox))
    assert isinstance(created, BusinessCreated), created
    return operator(created.business_id)


def test_a_key_has_its_form_and_is_read_back() -> None:
    key = new_key("live")
    assert key.text.startswith(f"loy_live_{key.key_id}_")
    assert parse_key(key.text) == key
    assert is_key(key, key.hash)
    assert not is_key(new_key("live"), key.hash)


def test_a_key_never_shows_its_secret_by_accident() -> None:
    key = new_key("test")
    assert key.text.split("_")[3] not in repr(key)


@pytest.mark.parametrize("place", range(5, 60))
def test_a_key_with_one_wrong_character_is_told_without_a_database(place: int) -> None:
    text = new_key("live").text
    other = "a" if text[place] != "a" else "b"
    assert parse_key(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "text", ["", "loy", "loy_live_a_b_c", "Bearer x", "loy_prod_" + "a" * 60, "\x00" * 80]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_keys_have_at_least_128_random_bits_and_do_not_repeat() -> None:
    keys = [new_key("live") for _ in range(1000)]
    assert len({key.text.split("_")[3] for key in keys}) == 1000
    assert len(keys[0].text.split("_")[3]) * 5 >= 128


async def test_of_a_key_only_the_hash_is_kept(engine: Engine) -> None:
    caller = await made(engine)
    created = await create_credential(engine, caller, CreateCredential("till", "Till 1"))
    assert isinstance(created, CredentialCreated)
    kept = await engine.database.authenticate(created.key.key_id)
    assert kept is not None
    assert kept["key_hash"] == created.key.hash
    assert created.key.text.split("_")[3] not in str(dict(kept))
    assert created.key.environment == kept["environment"] == "live"
    assert set(kept["scopes"]) == DEFAULT_SCOPES["till"]


async def test_in_a_sandbox_keys_are_for_tests(engine: Engine) -> None:
    created = await create_credential(engine, await made(engine, sandbox=True), CreateCredential("test", "T"))
    assert isinstance(created, CredentialCreated)
    assert created.key.environment == "test"
    assert created.scopes == SCOPES


async def test_keys_are_listed_without_secrets_and_revoked_once(engine: Engine) -> None:
    caller = await made(engine)
    created = await create_credential(
        engine, caller, CreateCredential("partner", "Acme", partner="acme", sources=frozenset({"acme-till"}))
    )
    assert isinstance(created, CredentialCreated)
    owner, row = await list_credentials(engine, caller)
    assert (owner.kind, row.kind, row.partner, row.sources) == ("owner", "partner", "acme", ("acme-till",))
    first = await revoke_credential(engine, caller, created.key.key_id)
    assert first == CredentialRevoked(created.credential_id, NOW)
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(NOW + timedelta(days=1))
    assert await revoke_credential(engine, caller, created.key.key_id) == first
    assert [row.revoked_at for row in await list_credentials(engine, caller)] == [None, NOW]


async def test_a_key_of_another_business_is_not_found(engine: Engine) -> None:
    mine, theirs = await made(engine), await made(engine)
    created = await create_credential(engine, theirs, CreateCredential("till", "Till"))
    assert isinstance(created, CredentialCreated)
    answer = await revoke_credential(engine, mine, created.key.key_id)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (CreateCredential("admin", "x"), "kind"),
        (CreateCredential("test", "x"), "kind"),
        (CreateCredential("till", ""), "name"),
        (CreateCredential("till", "a\x00b"), "name"),
        (CreateCredential("till", "x", partner="acme"), "partner"),
        (CreateCredential("partner", "x"), "partner"),
        (CreateCredential("partner", "x", partner="nobody"), "partner"),
        (CreateCredential("till", "x", scopes=frozenset({"everything"})), "scopes"),
        (CreateCredential("till", "x", scopes=frozenset({"program:write"})), "scopes"),
        (CreateCredential("till", "x", sources=frozenset({"s" * 65})), "sources"),
        (CreateCredential("till", "x", expires_at=NOW), "expiresAt"),
    ],
)
async def test_what_a_key_cannot_be_is_refused_with_its_path(
    engine: Engine, wanted: CreateCredential, path: str
) -> None:
    caller = await made(engine)
    answer = await create_credential(engine, caller, wanted)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.path) == (RefusalCode.INVALID_INPUT, (path,))
    assert len(await list_credentials(engine, caller)) == 1
