"""Every mutation of the schema, sent again in every way that networks and tills do (BEHAVIOUR L2 to L7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import build_schema

from loyalty_engine.services.engine import Engine
from loyalty_engine.services.keys import parse_key
from loyalty_engine.store.database import Database
from tests.api.shop import NOW, Shop, client_of, engine_on, open_shop
from tests.idempotency import entries
from tests.idempotency.application_entries import APPLICATIONS
from tests.idempotency.calls import (
    another,
    api,
    call,
    careless,
    codes_in,
    counts,
    mutations,
    opened,
    outcome_of,
    rows_of,
    succeeded,
)
from tests.idempotency.entries import EVERYTHING, input_of
from tests.idempotency.program_entries import PROGRAMS
from tests.idempotency.reward_entries import REWARDS
from tests.server import as_app

ENTRIES = {**entries.ENTRIES, **REWARDS, **APPLICATIONS, **PROGRAMS}
EVERY = pytest.mark.parametrize("name", sorted(ENTRIES))
AT_ONCE = 4
CARELESS = """
type Query { nothing: Int }
type Done { replayed: Boolean! }
type DoneSuccess { replayed: Boolean! }
type ForgetfulSuccess { id: ID! }
input Keyed { idempotencyKey: String! }
input Loose { idempotencyKey: String }
input Keyless { externalId: String! }
type Mutation {
  good(input: Keyed!): DoneSuccess!
  loose(input: Loose!): DoneSuccess!
  keyless(input: Keyless!): DoneSuccess!
  inline(idempotencyKey: String!): DoneSuccess!
  more(input: Keyed!, dryRun: Boolean): DoneSuccess!
  nothing(input: Keyed): DoneSuccess!
  forgetful(input: Keyed!): ForgetfulSuccess!
}
"""


@pytest.fixture(scope="session")
def engine(app_database: Database) -> Engine:
    return engine_on(app_database)


@pytest.fixture(scope="session")
async def client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(engine) as opened_client:
        yield opened_client


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    return await open_shop(engine, client, program=EVERYTHING)


def test_every_mutation_takes_a_key_that_must_be_given_and_says_whether_it_was_replayed() -> None:
    assert mutations(api())
    assert careless(api()) == {}


def test_a_mutation_without_all_of_that_is_found() -> None:
    assert careless(build_schema(CARELESS)) == {
        "loose": "idempotencyKey: String!",
        "keyless": "idempotencyKey: String!",
        "inline": "the argument input, alone",
        "more": "the argument input, alone",
        "nothing": "an input that must be given",
        "forgetful": "replayed",
    }


def test_every_mutation_is_tried_here() -> None:
    assert sorted(ENTRIES) == sorted(mutations(api())), "add an entry to tests/idempotency/entries.py"


@EVERY
async def test_the_same_key_and_body_give_the_same_outcome_and_nothing_new(shop: Shop, name: str) -> None:
    given = await opened(shop, ENTRIES[name])
    untouched = await rows_of(shop)
    first = succeeded(await call(shop, name, given, "the-key"), replayed=False)
    rows = await rows_of(shop)
    assert rows != untouched
    for _ in range(2):
        assert succeeded(await call(shop, name, given, "the-key"), replayed=True) == first
    assert await rows_of(shop) == rows


@EVERY
async def test_the_same_key_with_another_body_is_a_conflict_without_effect(shop: Shop, name: str) -> None:
    entry = ENTRIES[name]
    given = await opened(shop, entry)
    changed = await another(shop, entry, given)
    first = succeeded(await call(shop, name, given, "the-key"), replayed=False)
    rows = await rows_of(shop)
    other = await call(shop, name, changed, "the-key")
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert not other["retryable"]
    assert await rows_of(shop) == rows
    assert succeeded(await call(shop, name, given, "the-key"), replayed=True) == first


@EVERY
async def test_the_key_of_one_mutation_is_a_conflict_for_every_other(shop: Shop, name: str) -> None:
    given = await opened(shop, ENTRIES[name])
    succeeded(await call(shop, name, given, "the-key"), replayed=False)
    rows = await rows_of(shop)
    for mutation in sorted(set(ENTRIES) - {name}):
        answer = await call(shop, mutation, ENTRIES[mutation].given, "the-key")
        assert answer["__typename"] == "IdempotencyConflict", mutation
    assert await rows_of(shop) == rows


@EVERY
async def test_one_key_of_two_credentials_is_two_keys(shop: Shop, name: str) -> None:
    entry, second = ENTRIES[name], await shop.make_key("owner")
    given = await opened(shop, entry)
    other = await another(shop, entry, given)
    mine = succeeded(await call(shop, name, given, "the-key"), replayed=False)
    theirs = succeeded(await call(shop, name, other, "the-key", second), replayed=False)
    rows = await rows_of(shop)
    again = succeeded(await call(shop, name, given, "the-key"), replayed=True)
    assert outcome_of(again) == outcome_of(mine)
    assert succeeded(await call(shop, name, other, "the-key", second), replayed=True) == theirs
    assert await rows_of(shop) == rows
    assert (await call(shop, name, other, "the-key"))["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize("name", sorted(name for name, entry in ENTRIES.items() if entry.reason))
async def test_a_refusal_is_answered_again_after_its_reason_is_gone(shop: Shop, name: str) -> None:
    entry = ENTRIES[name]
    assert entry.reason is not None
    given = {**await opened(shop, entry), **await input_of(shop, entry.reason.change)}
    first = await call(shop, name, given, "the-key")
    assert codes_in(first) == {entry.reason.code}, first
    await entry.reason.mend(shop)
    rows = await rows_of(shop)
    again = await call(shop, name, given, "the-key")
    assert {**again, "replayed": None} == {**first, "replayed": None}
    assert await rows_of(shop) == rows
    succeeded(await call(shop, name, given, "a-new-key"), replayed=False)


@EVERY
async def test_several_at_once_under_one_key_have_one_effect(
    shop: Shop, engine: Engine, client: httpx.AsyncClient, name: str
) -> None:
    entry = ENTRIES[name]
    given = await opened(shop, entry)
    answers = await asyncio.gather(*(call(shop, name, given, "the-key") for _ in range(AT_ONCE)))
    done = [answer for answer in answers if answer["__typename"] != "IdempotencyInProgress"]
    assert all(answer["retryable"] for answer in answers if answer not in done)
    assert [answer["replayed"] for answer in done].count(False) == 1, answers
    first, *others = ({**answer, "replayed": None} for answer in done)
    assert all(other == first for other in others)
    alone = await open_shop(engine, client, program=EVERYTHING)
    succeeded(await call(alone, name, await opened(alone, entry), "the-key"), replayed=False)
    assert counts(await rows_of(shop)) == counts(await rows_of(alone))


@EVERY
async def test_a_process_that_has_just_started_gives_the_same_outcome(
    shop: Shop, database: str, name: str
) -> None:
    given = await opened(shop, ENTRIES[name])
    first = succeeded(await call(shop, name, given, "the-key"), replayed=False)
    rows = await rows_of(shop)
    async with restarted(shop, database) as again:
        assert succeeded(await call(again, name, given, "the-key"), replayed=True) == first
    assert await rows_of(shop) == rows


async def test_a_key_that_is_held_is_in_progress_after_a_while_and_free_when_the_holder_gives_up(
    engine: Engine, client: httpx.AsyncClient
) -> None:
    """All mutations at the same time, because each waits its two seconds."""
    shops = {name: await open_shop(engine, client, program=EVERYTHING) for name in sorted(ENTRIES)}
    given = {name: await opened(shop, ENTRIES[name]) for name, shop in shops.items()}
    limit = asyncio.Semaphore(4)

    async def tried(name: str) -> tuple[Any, Any]:
        async with limit, holding_the_key(shops[name]):
            meanwhile = await call(shops[name], name, given[name], "the-key")
        return meanwhile, await call(shops[name], name, given[name], "the-key")

    for name, (meanwhile, afterwards) in zip(shops, await asyncio.gather(*map(tried, shops)), strict=True):
        assert (meanwhile["__typename"], meanwhile["retryable"]) == ("IdempotencyInProgress", True), name
        succeeded(afterwards, replayed=False)


async def test_a_figure_that_no_balance_can_hold_is_refused_for_good(shop: Shop) -> None:
    entry = ENTRIES["recordActivity"]
    given = {**await opened(shop, entry), "amount": "5000000000000000"}
    succeeded(await call(shop, "recordActivity", given, "k1"), replayed=False)
    too_much = {**given, "externalId": "too-much"}
    first = await call(shop, "recordActivity", too_much, "the-key")
    assert codes_in(first) == {"INVALID_INPUT"}, first
    back = {"activity": {"natural": {"source": "till", "externalId": "of-the-entry"}}}
    await call(
        shop,
        "reverseActivity",
        {**back, "source": "desk", "externalId": "r", "occurredAt": "2026-03-02T10:00:00Z"},
        "k2",
    )
    assert await call(shop, "recordActivity", too_much, "the-key") == first
    other = await call(shop, "recordActivity", {**too_much, "amount": "1"}, "the-key")
    assert other["__typename"] == "IdempotencyConflict"
    succeeded(await call(shop, "recordActivity", too_much, "a-new-key"), replayed=False)


@asynccontextmanager
async def restarted(shop: Shop, database: str) -> AsyncIterator[Shop]:
    """The shop behind another pool, engine and application."""
    async with AsyncExitStack() as stack:
        pool = await Database.connect(as_app(database), max_size=2)
        stack.push_async_callback(pool.close)
        engine = Engine(pool, shop.engine.installed, shop.engine.clock, shop.engine.secret_key)
        client = await stack.enter_async_context(client_of(engine))
        yield replace(shop, engine=engine, client=client)


@asynccontextmanager
async def holding_the_key(shop: Shop) -> AsyncIterator[None]:
    """Another transaction has taken the owner's key `the-key`, and ends without having done anything."""
    parsed = parse_key(shop.key)
    assert parsed is not None
    row = await shop.engine.database.authenticate(parsed.key_id)
    assert row is not None
    async with shop.engine.database.reading(shop.business_id) as connection:
        await connection.begin(shop.business_id)
        try:
            await connection.execute(
                """
                INSERT INTO operation (business_id, actor, key, mutation, input_hash, started_at)
                VALUES ($1, $2, 'the-key', 'other', $3, $4)
                """,
                shop.business_id,
                f"credential:{row['credential_id']}",
                bytes(32),
                NOW,
            )
            yield
        finally:
            await connection.rollback()
