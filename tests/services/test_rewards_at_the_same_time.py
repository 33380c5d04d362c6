"""Many callers at once: no unit, no limit and no point is given out twice (BEHAVIOUR L1, L30)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import timedelta
from typing import TypeVar

import pytest

from loyalty_engine.services import enrol_members, record_activities
from loyalty_engine.services.commands import Batch, EnrolledBatch, EnrolMember
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.rewards import Catalogue, open_catalogue, terms
from tests.services.shop import START, done, purchase

MANY = 40
CONNECTIONS = 20
THEN = START + timedelta(days=1)

Answer = TypeVar("Answer")


@pytest.fixture(scope="module")
async def wide_database(database: str) -> AsyncIterator[Database]:
    """A pool in which many may work at once."""
    opened = await Database.connect(as_app(database), min_size=CONNECTIONS, max_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def shop(wide_database: Database) -> Catalogue:
    return await open_catalogue(wide_database)


async def outcomes(work: Iterable[Awaitable[object]]) -> Counter[str]:
    """What came of all that was done at once, by refusal code or type."""
    return Counter(
        answer.code.value if isinstance(answer, Refusal) else type(answer).__name__
        for answer in await asyncio.gather(*work)
    )


async def crowd(shop: Catalogue) -> list[str]:
    """Many members with fifty points each."""
    names = [f"m{number}" for number in range(MANY)]
    new = [EnrolMember(name, enrolled_at=START) for name in names]
    done(await enrol_members(shop.engine, shop.caller, shop.key(), new), EnrolledBatch)
    bought = [purchase(50, THEN, member=name) for name in names]
    done(await record_activities(shop.engine, shop.caller, shop.key(), bought), Batch)
    return names


async def test_the_last_units_go_to_as_many_as_there_are(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 20, stock=3)
    names = await crowd(shop)
    assert await outcomes(shop.ask("mug", name) for name in names) == {
        "Redeemed": 3,
        "OUT_OF_STOCK": MANY - 3,
    }
    assert await shop.stock(mug) == 0
    assert sum([await shop.balance(name) for name in names]) == MANY * 50 - 3 * 20
    assert await broken(shop) == {}


async def test_a_member_spends_every_point_once(shop: Catalogue) -> None:
    await shop.offer("mug", 20)
    await shop.enrol()
    await shop.buy(90, THEN)
    found = await outcomes(shop.ask() for _ in range(MANY))
    assert found == {"Redeemed": 4, "INSUFFICIENT_POINTS": MANY - 4}
    assert await shop.balance() == 10
    assert await broken(shop) == {}


async def test_a_limit_holds_for_many_requests_of_one_member(shop: Catalogue) -> None:
    await shop.offer("mug", 10, stock=MANY, member_limit=2)
    await shop.enrol()
    await shop.buy(90, THEN)
    assert await outcomes(shop.ask() for _ in range(MANY)) == {"Redeemed": 2, "QUOTA_EXCEEDED": MANY - 2}
    assert await shop.balance() == 70


async def test_a_redemption_is_cancelled_once_or_fulfilled_once(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 20, stock=1)
    await shop.enrol()
    await shop.buy(90, THEN)
    made = await shop.redeem()
    work = [shop.cancel(made.redemption_id) for _ in range(MANY // 2)]
    found = await outcomes([*work, *(shop.fulfil(made.redemption_id) for _ in range(MANY // 2))])
    assert found["RedemptionCancelled"] + found["RedemptionFulfilled"] == 1, found
    cancelled = found["RedemptionCancelled"]
    assert (await shop.balance(), await shop.stock(mug)) == (70 + 20 * cancelled, cancelled)
    assert await broken(shop) == {}


async def test_redeeming_cancelling_and_stocking_at_once_lose_no_unit(shop: Catalogue) -> None:
    mug = await shop.offer("mug", 20, stock=MANY)
    names = await crowd(shop)
    made = [await shop.redeem("mug", name) for name in names[:10]]
    found = await outcomes(
        [
            *(shop.cancel(each.redemption_id) for each in made),
            *(shop.ask("mug", name) for name in names[10:]),
            *(shop.supply("mug", 2) for _ in range(5)),
            *(shop.supply("mug", -1) for _ in range(5)),
        ]
    )
    assert found == {"RedemptionCancelled": 10, "Redeemed": MANY - 10, "RewardStocked": 10}
    assert await shop.stock(mug) == MANY - (MANY - 10) + 5
    assert await broken(shop) == {}


async def test_terms_given_at_once_are_versions_one_after_another(shop: Catalogue) -> None:
    await shop.offer("mug", 20)
    found = await outcomes(shop.update("mug", terms(price)) for price in range(1, 11))
    assert found == {"RewardSaved": 10}
    assert await shop.rows("SELECT version FROM reward_terms ORDER BY 1") == [(n,) for n in range(1, 12)]
