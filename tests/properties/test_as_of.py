"""What was known of a member at a time stays what is answered for that time, whatever arrives later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.rating import Fact, Folding, Rulebook, State
from loyalty_engine.rating.facts import place_of, returns_by_purchase
from loyalty_engine.rating.fold import run
from loyalty_engine.rating.state import Notice
from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, create_credential
from loyalty_engine.services.histories import facts_by_member
from loyalty_engine.services.states import empty_state
from loyalty_engine.store.database import Database
from loyalty_engine.store.facts import history
from loyalty_engine.store.members import lock_members
from loyalty_schema.scalars import instant_text
from tests.api.shop import Shop as Api
from tests.api.shop import client_of, engine_on
from tests.properties.histories import END, JOINED, Event, enrol_all, histories, place, send
from tests.properties.programs import programs
from tests.properties.rests import Rest, moments_of, rest_until, rests
from tests.services.shop import Shop, done, new_shop

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
AFTERWARDS = END + timedelta(days=300)
WALLET = "currency { key } available pending held debt earned spent expired"
STANDING = """
ladder { key } tier { key } since until claims { tier { key } from until cause { key } }
notice { tier { key } at since }
"""
THEN = f"""
query ($at: DateTime!, $known: DateTime) {{
  members(first: 10) {{ nodes {{
    externalId
    asOf(at: $at, knownAt: $known) {{
      enrolled program {{ version }} standings {{ {STANDING} }} wallets {{ {WALLET} }}
    }}
  }} }}
}}
"""
NOW = (
    f"{{ members(first: 10) {{ nodes {{ externalId standings {{ {STANDING} }} wallets {{ {WALLET} }} }} }} }}"
)


@dataclass(frozen=True)
class Arrival:
    """An event and when it is sent, seconds apart from every other."""

    at: datetime
    event: Event


@pytest.fixture(scope="module")
async def client(app_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the same database."""
    async with client_of(engine_on(app_database)) as opened:
        yield opened


async def api_of(shop: Shop, client: httpx.AsyncClient) -> Api:
    """The same business over the API."""
    made = await create_credential(shop.engine, shop.caller, CreateCredential("owner", "the API"))
    assert isinstance(made, CredentialCreated), made
    return Api(shop.engine, client, shop.business_id, shop.slug, made.key.text, shop.business_id)


def arrivals(events: Sequence[Event], chance: Random) -> list[Arrival]:
    """When each event is sent: at once, or late; never before the event that it comes after."""
    sent: dict[int, datetime] = {}
    for index, event in sorted(enumerate(events), key=lambda item: (item[1].after is not None, item[0])):
        late = timedelta(days=chance.choice((0, 0, 0, 1, 10, 40, 200)))
        earliest = event.at if event.after is None else max(event.at, sent[event.after])
        sent[index] = earliest + late
    ordered = sorted(
        sent, key=lambda index: (sent[index], events[index].after is not None, place(events[index]))
    )
    found, clock = list[Arrival](), JOINED
    for index in ordered:
        clock = max(sent[index], clock + timedelta(seconds=1))
        found.append(Arrival(clock, events[index]))
    return found


async def then(api: Api, at: datetime, known: datetime | None = None) -> dict[str, Any]:
    """What is answered for a time, by member."""
    variables = {"at": instant_text(at), "known": None if known is None else instant_text(known)}
    nodes = (await api.data(THEN, variables))["members"]["nodes"]
    return {node["externalId"]: node["asOf"] for node in nodes}


async def check_present(shop: Shop, api: Api, now: datetime) -> dict[str, Any]:
    """The answer for now is the present one; what is due and not folded yet aside."""
    answer = await then(api, now)
    waiting = dict(await shop.rows("SELECT external_id, next_boundary_at FROM member"))
    for node in (await api.data(NOW))["members"]["nodes"]:
        found, due = answer[node["externalId"]], waiting[node["externalId"]]
        if due is not None and due <= now:
            for part in (*found["wallets"], *node["wallets"]):
                del part["available"], part["pending"]
        assert found["standings"] == node["standings"]
        assert found["wallets"] == node["wallets"]
    return await then(api, now)


async def live(
    shop: Shop, api: Api, events: Sequence[Event], taken: Sequence[Rest], chance: Random
) -> dict[datetime, Any]:
    """Send everything as it arrives, with a worker now and then; what was answered on the way."""
    seen, moments = {}, moments_of(taken)
    for arrival in arrivals(events, chance):
        await rest_until(shop, moments, arrival.at - timedelta(seconds=1))
        if chance.random() < 0.4:
            await shop.set_clock(arrival.at - timedelta(milliseconds=500))
            await shop.advance()
        await shop.set_clock(arrival.at)
        done(await send(shop, arrival.event.command), Recorded)
        seen[arrival.at] = await check_present(shop, api, arrival.at)
    await shop.set_clock(max((*seen, AFTERWARDS)) + timedelta(seconds=1))
    await shop.advance()
    return seen


async def histories_of(shop: Shop) -> tuple[Rulebook, dict[str, tuple[State, list[Fact]]]]:
    """The facts of every member, and the state from which a fold of them begins."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        rulebook = await shop.engine.rulebook(connection, shop.business_id)
        ids = list((await shop.member_ids()).values())
        members = await lock_members(connection, shop.business_id, ids)
        facts = facts_by_member(await history(connection, shop.business_id, ids))
    return rulebook, {
        member.external_id: (empty_state(member), sorted(facts.get(key, {}).values(), key=place_of))
        for key, member in members.items()
    }


def folded(rulebook: Rulebook, beginning: State, facts: Sequence[Fact], until: datetime) -> State:
    """The pure fold up to an instant; under `undo` a purchase is what remains of it in the end."""
    folding = Folding(rulebook, beginning, returns_by_purchase(facts))
    folding.enrol()
    for fact in facts:
        if fact.occurred_at <= until:
            run(folding.take(fact), lambda ask: ask.units)
    folding.advance(until)
    return folding.state


def noticed(notice: Notice | None) -> object:
    """A notice as it is answered."""
    if notice is None:
        return None
    told = {"at": instant_text(notice.at), "since": instant_text(notice.since)}
    return {"tier": {"key": notice.tier}, **told}


def check_fold(rulebook: Rulebook, state: State, answer: Mapping[str, Any], at: datetime) -> None:
    """An answer is what the fold gives."""
    version = rulebook.in_force(at)
    assert answer["program"] == {"version": version.number}
    for standing in answer["standings"]:
        ladder = state.ladders[standing["ladder"]["key"]]
        until = None if ladder.until is None else instant_text(ladder.until)
        assert (standing["tier"]["key"], standing["since"]) == (ladder.tier, instant_text(ladder.since))
        assert standing["until"] == until
        assert standing["notice"] == noticed(ladder.notice)
        wanted = {(claim.tier, claim.cause.key) for claim in ladder.claims}
        assert wanted <= {(claim["tier"]["key"], claim["cause"]["key"]) for claim in standing["claims"]}
    assert {each["ladder"]["key"] for each in answer["standings"]} == set(state.ladders)
    for wallet in answer["wallets"]:
        key = wallet["currency"]["key"]
        decimals = version.program.points[key].section.decimals
        known = state.wallets.get(key, Wallet())
        for name in ("available", "pending", "held", "debt"):
            assert Decimal(wallet[name]) == from_smallest_units(getattr(known, name), decimals)
        total = sum(Decimal(wallet[name]) for name in ("available", "pending", "held", "spent", "expired"))
        assert total == Decimal(wallet["earned"]) + Decimal(wallet["debt"])


@settings(deadline=None, max_examples=15, suppress_health_check=SLOW)
@given(program=programs(), events=histories(), taken=rests(), chance=st.randoms(use_true_random=False))
async def test_what_was_known_stays_what_is_answered_and_what_is_known_now_is_the_fold(
    app_database: Database,
    client: httpx.AsyncClient,
    program: str,
    events: list[Event],
    taken: list[Rest],
    chance: Random,
) -> None:
    shop = await new_shop(app_database, program, clock_at=JOINED)
    await enrol_all(shop)
    api = await api_of(shop, client)
    seen = await live(shop, api, events, taken, chance)
    for at, answered in seen.items():
        assert await then(api, at, at) == answered
    rulebook, members = await histories_of(shop)
    for at in {*seen, *(event.at for event in events), JOINED, END}:
        answers = await then(api, at)
        for name, (beginning, facts) in members.items():
            check_fold(rulebook, folded(rulebook, beginning, facts, at), answers[name], at)
