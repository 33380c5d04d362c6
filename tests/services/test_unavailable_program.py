"""A business whose program does not load: its requests wait, and nothing of it is lost."""

from datetime import UTC, datetime

import pytest

from loyalty_engine.plugins import discover
from loyalty_engine.services import Engine, Refusal, RefusalCode, advance_due, enrol_member
from loyalty_engine.services.commands import Enrolled, EnrolMember
from loyalty_engine.store.database import Database
from tests.services.shop import Shop, new_shop


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    return await new_shop(app_database, clock_at=datetime(2026, 6, 15, tzinfo=UTC))


def crippled(shop: Shop) -> Engine:
    """The same engine, without the plugin that decides about tiers."""
    without = {name: kind for name, kind in discover().items() if name != "tier_spend"}
    return Engine(shop.engine.database, without, shop.engine.clock, shop.engine.secret_key)


async def test_a_request_is_refused_until_the_rule_is_installed_and_then_done_under_the_same_key(
    shop: Shop,
) -> None:
    refused = await enrol_member(crippled(shop), shop.caller, "key", EnrolMember("ann"))
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.CONFIG_INVALID
    assert refused.retryable
    assert "tier_spend" in refused.parameters["reason"]
    done = await enrol_member(shop.engine, shop.caller, "key", EnrolMember("ann"))
    assert isinstance(done, Enrolled)
    assert not done.replayed


async def test_a_worker_passes_over_its_members_and_advances_them_when_it_loads_again(shop: Shop) -> None:
    await shop.enrol()
    await shop.set_clock(datetime(2027, 2, 1, tzinfo=UTC))
    assert await advance_due(crippled(shop)) == 0
    assert await advance_due(shop.engine) == 1
