"""What a partner's key writes: its own activities of the members who are linked to it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from loyalty_engine.services import (
    Caller,
    RefusalCode,
    confirm_activity,
    record_activity,
    record_fact,
    reverse_activity,
)
from loyalty_engine.services.activities import record_activities
from loyalty_engine.services.commands import ActivityBy, Batch, ConfirmActivity, Recorded
from loyalty_engine.services.credentials import DEFAULT_SCOPES
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.services.shop import NOW, PROGRAM, Shop, done, linked_return, new_shop, purchase, refused, value_of

PARTNERS = """
[[rules]]
id = "mill_promo"
rule = "partner_rewards"
config = { partner = "mill", currency = "points", points = 5, funding = [] }

[[rules]]
id = "bolt_promo"
rule = "partner_rewards"
config = { partner = "bolt", currency = "points", points = 5, funding = [] }
"""


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    """Ann bought something of the shop itself and of each of two partners."""
    made = await new_shop(app_database, PROGRAM + PARTNERS)
    await made.enrol()
    await made.buy(10, external_id="own")
    for partner in ("mill", "bolt"):
        await made.buy(10, external_id=f"of-{partner}", partner=partner)
    return made


async def mill(shop: Shop) -> Caller:
    """The key of the partner mill."""
    partner_id = await shop.value("SELECT partner_id FROM partner WHERE key = 'mill'")
    assert isinstance(partner_id, UUID)
    return Caller(shop.business_id, None, "mill", DEFAULT_SCOPES["partner"], partner_id=partner_id)


async def test_a_partner_records_in_its_own_name_alone(shop: Shop) -> None:
    caller, before = await mill(shop), await shop.balance()
    for partner in (None, "bolt"):
        answer = await record_activity(shop.engine, caller, shop.key(), purchase(10, partner=partner))
        refused(answer, RefusalCode.INVALID_INPUT, "partner")
    items = [purchase(10, partner="bolt"), purchase(10, partner="mill")]
    batch = done(await record_activities(shop.engine, caller, shop.key(), items), Batch)
    refused(batch.results[0], RefusalCode.INVALID_INPUT, "partner")
    done(batch.results[1], Recorded)
    assert await shop.balance() == before + 15
    assert await broken(shop) == {}


async def test_a_partner_does_not_learn_which_other_partners_there_are(shop: Shop) -> None:
    caller, found = await mill(shop), []
    for partner in ("bolt", "none-such"):
        answer = await record_activity(shop.engine, caller, shop.key(), purchase(10, partner=partner))
        refusal = refused(answer, RefusalCode.INVALID_INPUT, "partner")
        found.append((refusal.word, {**refusal.parameters, "partner": "..."}))
    assert found[0] == found[1]


async def test_a_partner_tells_the_status_that_members_have_there_alone(shop: Shop) -> None:
    caller, found = await mill(shop), []
    for partner in ("bolt", "none-such"):
        value = value_of(partner, "gold", kind="partner_status")
        answer = await record_fact(shop.engine, caller, shop.key(), value)
        refusal = refused(answer, RefusalCode.INVALID_INPUT, "key")
        found.append((refusal.word, {**refusal.parameters, "partner": "..."}))
    assert found[0] == found[1]
    own = value_of("mill", "gold", kind="partner_status")
    done(await record_fact(shop.engine, caller, shop.key(), own), Recorded)


@pytest.mark.parametrize("of", ["own", "of-bolt"])
async def test_a_partner_returns_and_confirms_nothing_that_it_may_not_see(shop: Shop, of: str) -> None:
    caller, rows = await mill(shop), await shop.row_counts()
    there = ActivityBy(id=await shop.value("SELECT fact_id FROM fact WHERE external_id = $1", of))
    nowhere = linked_return("nothing")
    expected = refused(
        await reverse_activity(shop.engine, caller, shop.key(), nowhere), RefusalCode.ORIGINAL_NOT_FOUND
    )
    for activity in (there, ActivityBy(natural=("till", of))):
        back = replace(nowhere, activity=activity)
        assert await reverse_activity(shop.engine, caller, shop.key(), back) == expected
        stands = ConfirmActivity(activity, "mill", "confirmed", NOW)
        assert await confirm_activity(shop.engine, caller, shop.key(), stands) == expected
    assert await shop.row_counts() == rows


async def test_a_partner_returns_what_was_bought_of_it(shop: Shop) -> None:
    caller, before = await mill(shop), await shop.balance()
    done(await reverse_activity(shop.engine, caller, shop.key(), linked_return("of-mill")), Recorded)
    assert await shop.balance() == before - 15
    assert await broken(shop) == {}
