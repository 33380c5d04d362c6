"""One natural key names one activity, whatever kind of activity comes under it again (BEHAVIOUR L5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty_engine.services import Refusal, RefusalCode, enrol_members
from loyalty_engine.services.commands import (
    ActivityBy,
    ConfirmActivity,
    EnrolledBatch,
    EnrolMember,
    Paid,
    ReverseActivity,
    Transferred,
)
from loyalty_engine.services.confirmations import confirm_activity
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.points_shop import PointsShop, points_shop
from tests.services.shop import NOW, START, done, refused

MANY = 20
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TENDER = 'expiry = "never"\ntender = "0.01"\npending = { days = 1, confirmed = true }'

NAMES = tuple(f"m{number}" for number in range(MANY))


@pytest.fixture(scope="module")
async def wide_database(database: str) -> AsyncIterator[Database]:
    """A pool in which many may work at once."""
    opened = await Database.connect(as_app(database), min_size=MANY, max_size=MANY)
    yield opened
    await opened.close()


@pytest.fixture
async def shop(wide_database: Database) -> AsyncIterator[PointsShop]:
    """Many members with a hundred points each; whatever a test does, every invariant holds afterwards."""
    made = await points_shop(wide_database, TENDER)
    new = [EnrolMember(name, enrolled_at=START) for name in NAMES]
    done(await enrol_members(made.engine, made.caller, made.key(), new), EnrolledBatch)
    for name in NAMES:
        await made.buy(100, START + DAY, member=name, external_id=f"of-{name}")
    yield made
    assert await broken(made) == {}
    rows = await made.row_counts()
    await made.refold_all()
    assert await made.row_counts() == rows


async def test_a_payment_sent_again_under_another_key_names_the_first(shop: PointsShop) -> None:
    first = done(await shop.pay(member="m0", points=Decimal(100)), Paid)
    again = refused(await shop.pay(member="m0", points=Decimal(100)), RefusalCode.ALREADY_EXISTS)
    assert (again.existing_id, again.path) == (first.fact_id, ("externalId",))
    assert (await shop.balance("m0"), await shop.balance("m1")) == (0, 100)
    other = refused(await shop.pay(member="m1", points=Decimal(1)), RefusalCode.ALREADY_EXISTS)
    assert other.existing_id == first.fact_id
    bought = refused(
        await shop.pay(member="m1", points=Decimal(1), external_id="of-m1"), RefusalCode.ALREADY_EXISTS
    )
    assert bought.existing_id == await shop.value("SELECT fact_id FROM fact WHERE external_id = 'of-m1'")


async def test_of_many_payments_at_once_under_one_natural_key_one_is_made(shop: PointsShop) -> None:
    await one_of(lambda name: shop.pay(member=name, points=Decimal(100)))
    assert sum([await shop.balance(name) for name in NAMES]) == 100 * (MANY - 1)


async def test_of_many_confirmations_at_once_under_one_natural_key_one_is_made(shop: PointsShop) -> None:
    for name in NAMES:
        await shop.buy(10, NOW, member=name, external_id=f"new-{name}")
    await one_of(
        lambda name: confirm_activity(
            shop.engine,
            shop.caller,
            shop.key(),
            ConfirmActivity(ActivityBy(natural=("till", f"new-{name}")), "desk", "the-key", NOW + MINUTE),
        ),
    )
    found = [await shop.accounts(name) for name in NAMES]
    assert found.count({"wallet": 110}) == 1
    assert found.count({"wallet": 100, "pending": 10}) == MANY - 1


async def test_of_many_returns_at_once_under_one_natural_key_one_is_made_with_all_that_belongs_to_it(
    shop: PointsShop,
) -> None:
    pairs = dict(zip(NAMES[::2], NAMES[1::2], strict=True))
    sent = {
        sender: done(await shop.transfer(60, sender=sender, receiver=receiver), Transferred).fact_id
        for sender, receiver in pairs.items()
    }
    command = ReverseActivity(ActivityBy(), "desk", "the-key", NOW + MINUTE)
    await one_of(
        lambda name: shop.reverse(replace(command, activity=ActivityBy(id=sent[name]))),
        tuple(pairs),
    )
    found = [(await shop.accounts(sender), await shop.accounts(pairs[sender])) for sender in pairs]
    assert found.count(({"wallet": 100}, {"wallet": 100})) == 1
    assert found.count(({"wallet": 40}, {"wallet": 160})) == len(pairs) - 1


async def one_of(call: Callable[[str], Awaitable[object]], among: Sequence[str] = NAMES) -> None:
    """Of the calls for all members at once one has an effect, and all others are told which."""
    answers = await asyncio.gather(*(call(name) for name in among))
    made = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert len(made) == 1, made
    told = {
        refused(answer, RefusalCode.ALREADY_EXISTS).existing_id for answer in answers if answer not in made
    }
    assert told == {made[0].fact_id}  # type: ignore[attr-defined]
