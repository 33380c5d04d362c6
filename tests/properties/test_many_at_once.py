"""Random operations of every kind by many at once, after which every invariant holds.

How many is said by LOYALTY_TEST_OPERATIONS (`make soak` does many more); the seed is printed, and chosen by
LOYALTY_TEST_SEED.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random, SystemRandom
from uuid import UUID

import pytest

from loyalty_engine.services import Refusal, RefusalCode
from loyalty_engine.services.commands import Adjusted, Paid, Recorded, Transferred
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.points_shop import PointsShop
from tests.services.shop import HEAD, linked_return, new_shop, purchase

OPERATIONS = int(os.environ.get("LOYALTY_TEST_OPERATIONS", "800"))
SEED = int(os.environ.get("LOYALTY_TEST_SEED") or "0") or (
    20_000 if os.environ.get("CI") == "true" else SystemRandom().randrange(1, 10**9)
)
CONNECTIONS = 16
MEMBERS = tuple(f"member-{number:03}" for number in range(max(12, OPERATIONS // 60)))
JOINED = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
BEGIN = JOINED + timedelta(days=40)

PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { days = 30 }
pending = { days = 2, confirmed = true }
tender = "0.01"
approval_above = "500"

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
upgrade = { at = "activity", until = { end_of = "month" } }
review = { every = "month", until = { end_of = "month" } }
downgrade = { to = "one_step" }
returns = "from_now"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { rolling_days = 20 }, thresholds = { silver = "200", gold = "600" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rates = { basic = "1", silver = "1.5" }, negative = "take_back" }

[[rules]]
id = "double"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
eligible = { channels = ["web"] }
multiple = "2"
exhausted = "reduce"
funding = [{ partner = "acme", percent = "50", budget_points = 3000 }]

[[rules]]
id = "first"
rule = "partner_rewards"
[rules.config]
partner = "bolt"
currency = "points"
eligible = { channels = ["app"] }
multiple = "1.5"
quota = 40
exhausted = "none"
funding = [{ partner = "bolt", percent = "100", budget_points = 2500 }]
"""
)

EXPECTED = {
    RefusalCode.INSUFFICIENT_POINTS,
    RefusalCode.HOLD_CLOSED,
    RefusalCode.HOLD_EXPIRED,
    RefusalCode.ALREADY_REVERSED,
    RefusalCode.REVERSAL_EXCEEDS_ORIGINAL,
}


class Traffic:
    """What is done, by chance, and what is known of what was done."""

    def __init__(self, shop: PointsShop, chance: Random) -> None:
        self.shop = shop
        self.chance = chance
        self.now = BEGIN
        self.purchases: list[tuple[str, datetime, int]] = []
        self.redemptions: list[tuple[str, datetime]] = []
        self.holds: list[UUID] = []
        self.answers: Counter[str] = Counter()
        self.number = 0
        self.kinds: list[tuple[int, Callable[[], Awaitable[object]]]] = [
            (30, self.buy),
            (8, self.buy_late),
            (10, self.return_some),
            (6, self.redeem),
            (4, self.give_back),
            (8, self.hold),
            (8, self.close),
            (10, self.send),
            (6, self.adjust),
            (6, self.pay),
            (4, self.confirm),
        ]

    async def run(self, operations: int) -> None:
        """So many operations, one after another; others run beside."""
        for _ in range(operations):
            weights = [weight for weight, _ in self.kinds]
            (_, operation) = self.chance.choices(self.kinds, weights)[0]
            answer = await operation()
            if isinstance(answer, Refusal):
                assert answer.code in EXPECTED, (operation.__name__, answer)
                self.answers[f"{operation.__name__}: {answer.code}"] += 1
            else:
                self.answers[operation.__name__] += 1

    def member(self) -> str:
        return self.chance.choice(MEMBERS)

    def name(self) -> str:
        self.number += 1
        return f"{self.number:06}"

    async def buy(self) -> object:
        return await self._bought(self.now)

    async def buy_late(self) -> object:
        return await self._bought(self.now - timedelta(days=self.chance.randint(1, 35)))

    async def _bought(self, at: datetime) -> object:
        name, amount = self.name(), self.chance.randint(1, 150)
        channel = self.chance.choice([None, "web", "app"])
        command = purchase(amount, at, member=self.member(), external_id=name, channel=channel)
        answer = await self.shop.send(command)
        if isinstance(answer, Recorded):
            self.purchases.append((name, at, amount))
        return answer

    async def return_some(self) -> object:
        if not self.purchases:
            return None
        name, at, amount = self.chance.choice(self.purchases)
        part = self.chance.choice([None, self.chance.randint(1, amount)])
        return await self.shop.reverse(linked_return(name, part, max(at, self.now)))

    async def redeem(self) -> object:
        name = self.name()
        at = self.now - timedelta(days=self.chance.choice([0, 0, 3]))
        answer = await self.shop.redeem(
            self.chance.randint(1, 80), at, member=self.member(), external_id=name
        )
        if isinstance(answer, Recorded):
            self.redemptions.append((name, at))
        return answer

    async def give_back(self) -> object:
        if not self.redemptions:
            return None
        name, at = self.chance.choice(self.redemptions)
        return await self.shop.reverse(linked_return(name, None, max(at, self.now)))

    async def hold(self) -> object:
        until = self.now + timedelta(days=self.chance.choice([2, 3, 20]))
        answer = await self.shop.hold(self.chance.randint(1, 60), until, member=self.member())
        if isinstance(answer, Recorded):
            self.holds.append(answer.fact_id)
        return answer

    async def close(self) -> object:
        if not self.holds:
            return None
        hold = self.chance.choice(self.holds[-30:])
        if self.chance.random() < 0.5:
            return await self.shop.void(hold)
        return await self.shop.capture(hold, self.chance.choice([None, 1]))

    async def send(self) -> object:
        sender, receiver = self.chance.sample(MEMBERS, 2)
        answer = await self.shop.transfer(self.chance.randint(1, 60), sender=sender, receiver=receiver)
        assert isinstance(answer, Transferred | Refusal)
        return answer

    async def adjust(self) -> object:
        answer = await self.shop.adjust(self.chance.choice([-40, -5, 20, 60]), member=self.member())
        assert isinstance(answer, Adjusted | Refusal)
        return answer

    async def pay(self) -> object:
        answer = await self.shop.pay(
            member=self.member(), external_id=self.name(), points=Decimal(self.chance.randint(1, 50))
        )
        assert isinstance(answer, Paid | Refusal)
        return answer

    async def confirm(self) -> object:
        if not self.purchases:
            return None
        name, at, _ = self.chance.choice(self.purchases)
        answer = await self.shop.confirm(name, max(at, self.now) + timedelta(seconds=1))
        if isinstance(answer, Refusal) and answer.code == RefusalCode.ALREADY_EXISTS:
            return None
        return answer

    async def let_time_pass(self, days: int) -> None:
        """A day at a time, a worker going about beside the others."""
        for _ in range(days):
            await self.shop.set_clock(self.now + timedelta(days=1))
            self.now += timedelta(days=1)
            await self.shop.advance()


@pytest.fixture
async def database(database: str) -> AsyncIterator[Database]:
    """As many connections as there are callers."""
    opened = await Database.connect(as_app(database), max_size=CONNECTIONS + 4)
    yield opened
    await opened.close()


async def test_random_operations_by_many_at_once_leave_every_invariant_true(database: Database) -> None:
    print(f"LOYALTY_TEST_SEED={SEED} LOYALTY_TEST_OPERATIONS={OPERATIONS}")
    made = await new_shop(database, PROGRAM, clock_at=BEGIN)
    shop = PointsShop(made.engine, made.caller, made.slug)
    for name in MEMBERS:
        await shop.enrol(name, enrolled_at=JOINED)
    traffic = Traffic(shop, Random(SEED))
    rounds, each = 10, max(1, OPERATIONS // CONNECTIONS // 10)
    for _ in range(rounds):
        await asyncio.gather(*(traffic.run(each) for _ in range(CONNECTIONS)), traffic.let_time_pass(2))
    assert await broken(shop) == {}, traffic.answers
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before
    assert await broken(shop) == {}
    done = {name: count for name, count in traffic.answers.items() if ":" not in name}
    assert set(done) >= {operation.__name__ for _, operation in traffic.kinds}, traffic.answers
    assert await shop.value("SELECT balance FROM account WHERE kind = 'quota'") == 0
