"""Many callers at once with one code: it is used as often as its limit says (BEHAVIOUR L27)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable

import pytest

from loyalty_engine.services import enrol_members
from loyalty_engine.services.commands import EnrolledBatch, EnrolMember
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.coupons import Couponing, coupon_terms, open_couponing
from tests.services.shop import NOW, START, done, linked_return

MANY = 40
CONNECTIONS = 20


@pytest.fixture(scope="module")
async def wide_database(database: str) -> AsyncIterator[Database]:
    """A pool in which many may work at once."""
    opened = await Database.connect(as_app(database), min_size=CONNECTIONS, max_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def shop(wide_database: Database) -> Couponing:
    """A shop with many members, and Ann, who has a hundred and twenty points."""
    shop = await open_couponing(wide_database)
    new = [EnrolMember(name, enrolled_at=START) for name in (*names(), "ann")]
    done(await enrol_members(shop.engine, shop.caller, shop.key(), new), EnrolledBatch)
    await shop.buy(120, external_id="first")
    return shop


def names() -> list[str]:
    return [f"m{number}" for number in range(MANY)]


async def outcomes(work: Iterable[Awaitable[object]]) -> Counter[str]:
    """What came of all that was done at once, by refusal code or type."""
    return Counter(
        answer.code.value if isinstance(answer, Refusal) else type(answer).__name__
        for answer in await asyncio.gather(*work)
    )


async def test_a_code_is_used_as_often_as_its_limit_says(shop: Couponing) -> None:
    code = await shop.issue(limit=7, member_limit=1)
    found = await outcomes(shop.try_code(code, name) for name in names())
    assert found == {"CouponUsed": 7, "CODE_NOT_USABLE": MANY - 7}
    assert await shop.used() == 7


async def test_a_member_uses_a_code_as_often_as_one_may(shop: Couponing) -> None:
    code = await shop.issue(member_limit=3)
    found = await outcomes(shop.try_code(code) for _ in range(MANY))
    assert found == {"CouponUsed": 3, "CODE_NOT_USABLE": MANY - 3}
    assert await shop.used() == 3


async def test_a_use_is_released_once_and_reopened_once(shop: Couponing) -> None:
    code = await shop.issue(limit=1)
    used = await shop.use(code)
    found = await outcomes(shop.release(used.use_id) for _ in range(MANY // 2))
    assert found == {"CouponReleased": 1, "ALREADY_REVERSED": MANY // 2 - 1}
    found = await outcomes(
        [
            *(shop.reopen(used.use_id) for _ in range(MANY // 2)),
            *(shop.try_code(code, name) for name in names()[: MANY // 2]),
        ]
    )
    assert found["CouponUsed"] == 1, found
    assert set(found) <= {"CouponUsed", "ALREADY_EXISTS", "QUOTA_EXCEEDED", "CODE_NOT_USABLE"}, found
    assert await shop.used() == 1
    assert await broken(shop) == {}


async def test_a_code_from_a_redemption_is_used_or_its_redemption_cancelled(shop: Couponing) -> None:
    await shop.offer("present", 20, kind="coupon", coupon=coupon_terms(bearer=True))
    made = await shop.redeem("present")
    found = await outcomes(
        [
            *(shop.try_code(made.code or "", name) for name in names()[: MANY // 2]),
            *(shop.cancel(made.redemption_id) for _ in range(MANY // 2)),
        ]
    )
    assert found["CouponUsed"] + found["RedemptionCancelled"] == 1, found
    assert await shop.balance() == 100 + 20 * found["RedemptionCancelled"]
    assert await broken(shop) == {}


async def test_a_whole_return_and_a_release_free_a_use_once(shop: Couponing) -> None:
    code = await shop.issue(limit=1)
    used = await shop.use(code, purchase=("till", "first"))
    found = await outcomes(
        [
            *(shop.release(used.use_id) for _ in range(5)),
            *(shop.reverse(linked_return("first", at=NOW)) for _ in range(5)),
        ]
    )
    assert found["Recorded"] == 1, found
    assert await shop.used() == 0
    assert await broken(shop) == {}
