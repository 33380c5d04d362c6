"""A shop for tests: a business of its own, driven through the services as the API drives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg

from loyalty_engine.clock import Clock, FixedClock
from loyalty_engine.plugins import Installed, discover
from loyalty_engine.rating import State
from loyalty_engine.services import (
    Caller,
    Engine,
    Refusal,
    RefusalCode,
    advance_due,
    close_settlement,
    enrol_member,
    record_activities,
    record_activity,
    record_fact,
    refold,
    reverse_activity,
)
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.commands import (
    ActivityBy,
    Batch,
    CloseSettlement,
    Enrolled,
    EnrolMember,
    LineInput,
    MemberBy,
    RecordActivity,
    Recorded,
    RecordFact,
    ReverseActivity,
    Settled,
)
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.states import stored_states
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""What time it is in a test that says nothing else."""

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When members join in a test that says nothing else."""

SECRET_KEY = b"k" * 32

Done = TypeVar("Done")

HEAD = """
[program]
business = "SLUG"
name = "A shop"
timezone = "Europe/Berlin"
currency = "EUR"
"""

PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 12, then = "end_of_month" }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
upgrade = { at = "activity", until = { end_of = "year" } }
review = { every = "year", until = { end_of = "year" } }
downgrade = { to = "qualified" }
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { rolling_months = 12 }, thresholds = { silver = "100", gold = "500" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rates = { basic = "1", silver = "2" }, negative = "take_back" }
"""
)
"""Tiers by spend, points at rates by tier, and returns that undo; `SLUG` becomes the shop's own."""


class OneBusiness(Database):
    """The shared pool, seen by a worker as if there were no businesses but one: other tests' are due too."""

    def __init__(self, shared: Database, business_id: UUID | None = None) -> None:
        super().__init__(shared._pool)
        self.business_id = business_id

    async def due(self, now: datetime, at_most: int) -> list[asyncpg.Record]:
        """Those of the one business."""
        rows = await super().due(now, 1_000_000)
        return [row for row in rows if row["business_id"] == self.business_id][:at_most]


@dataclass
class Shop:
    """One business and the engine that works for it; a numbered key and natural key for every call."""

    engine: Engine
    caller: Caller
    slug: str
    _numbers: count[int] = field(default_factory=count)

    @property
    def business_id(self) -> UUID:
        """The business."""
        return self.caller.business_id

    def key(self) -> str:
        """An idempotency key that was not used before."""
        return f"key-{next(self._numbers)}"

    async def enrol(self, external_id: str = "ann", **given: Any) -> UUID:
        """A member who is there since START."""
        command = EnrolMember(external_id, **{"enrolled_at": START, **given})
        return done(await enrol_member(self.engine, self.caller, self.key(), command), Enrolled).member_id

    async def buy(
        self,
        amount: object = 10,
        at: datetime | None = None,
        *,
        member: str | MemberBy = "ann",
        **given: Any,
    ) -> Recorded:
        """A purchase; it must succeed."""
        return done(await self.send(purchase(amount, at, member=member, **given)), Recorded)

    async def give_back(
        self, of: str, amount: object = None, at: datetime | None = None, **given: Any
    ) -> Recorded:
        """A return of a purchase of the source `till`, whole where no amount is given; it must succeed."""
        return done(await self.reverse(linked_return(of, amount, at, **given)), Recorded)

    async def send(self, command: RecordActivity, key: str | None = None) -> Recorded | Refusal:
        """Record one activity."""
        return await record_activity(self.engine, self.caller, key or self.key(), command)

    async def send_batch(
        self, commands: Sequence[RecordActivity], key: str | None = None
    ) -> tuple[Recorded | Refusal, ...]:
        """Record several activities; the batch as such must succeed."""
        return done(
            await record_activities(self.engine, self.caller, key or self.key(), commands), Batch
        ).results

    async def reverse(self, command: ReverseActivity, key: str | None = None) -> Recorded | Refusal:
        """Return an activity or a part of it."""
        return await reverse_activity(self.engine, self.caller, key or self.key(), command)

    async def note(self, command: RecordFact, key: str | None = None) -> Recorded | Refusal:
        """Record a dated value."""
        return await record_fact(self.engine, self.caller, key or self.key(), command)

    async def close(
        self, until: datetime, partner: str | None = None, key: str | None = None
    ) -> Settled | Refusal:
        """Close a period."""
        command = CloseSettlement(until, partner)
        return await close_settlement(self.engine, self.caller, key or self.key(), command)

    async def set_clock(self, at: datetime) -> None:
        """Set the sandbox's clock, also back."""
        async with self.engine.database.writing(self.business_id) as connection:
            await connection.execute(
                "UPDATE business SET clock_at = $2 WHERE business_id = $1", self.business_id, at
            )

    async def advance(self) -> int:
        """Work on the members of this business that are due until none is; how many were advanced."""
        advanced = 0
        for _ in range(100):
            if not (more := await advance_due(self.engine)):
                return advanced
            advanced += more
        raise AssertionError("members that were advanced stay due")

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query sees of this business."""
        async with self.engine.database.reading(self.business_id) as connection:
            return [tuple(row) for row in await connection.fetch(query, *values)]

    async def value(self, query: str, *values: Any) -> Any:
        """The only value that a query sees of this business."""
        ((found,),) = await self.rows(query, *values)
        return found

    async def member_ids(self) -> dict[str, UUID]:
        """All members by external id."""
        return dict(await self.rows("SELECT external_id, member_id FROM member"))

    async def balance(self, member: str = "ann", currency: str = "points") -> int:
        """What a member has, minus what it owes, in smallest units."""
        query = """
            SELECT coalesce(sum(balance), 0)::bigint FROM account JOIN member USING (business_id, member_id)
            WHERE member.external_id = $1 AND currency = $2
            """
        return int(await self.value(query, member, currency))

    async def tier(self, member: str = "ann", ladder: str = "status") -> str:
        """Where a member stands."""
        query = """
            SELECT tier FROM current_standing JOIN member USING (business_id, member_id)
            WHERE external_id = $1 AND ladder = $2
            """
        return str(await self.value(query, member, ladder))

    async def budgets(self) -> dict[tuple[str, str], int | None]:
        """What each partner's budget of each promotion has left, in smallest units."""
        query = """
            SELECT promotion.key, partner.key, balance FROM account
            JOIN promotion USING (business_id, promotion_id)
            JOIN partner ON partner.business_id = account.business_id
                        AND partner.partner_id = account.partner_id
            WHERE account.kind = 'budget'
            """
        return {(promotion, partner): left for promotion, partner, left in await self.rows(query)}

    async def states(self) -> dict[str, State]:
        """The stored state of every member, as the next live step would find it."""
        ids = list((await self.member_ids()).values())
        async with self.engine.database.writing(self.business_id) as connection:
            rulebook = await self.engine.rulebook(connection, self.business_id)
            members = await lock_members(connection, self.business_id, ids)
            found = await stored_states(
                connection, self.business_id, rulebook, list(members.values()), everything=True
            )
        return {stored.member.external_id: stored.state for stored in found.values()}

    async def refold_all(self) -> None:
        """Fold everybody again from the beginning."""
        await refold(self.engine, self.business_id, list((await self.member_ids()).values()))

    async def row_counts(self) -> dict[str, int]:
        """How many rows there are of everything that grows."""
        tables = ("fact", "activity_line", "effect", "transfer", "standing", "claim", "lot", "outbox")
        return {table: await self.value(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608

    def restarted(self) -> Shop:
        """The same business in a process that has just started."""
        engine = self.engine
        again = Engine(engine.database, engine.installed, engine.clock, engine.secret_key)
        return Shop(again, self.caller, self.slug, self._numbers)


async def new_shop(
    database: Database,
    program: str = PROGRAM,
    *,
    clock: Clock | None = None,
    clock_at: datetime | None = NOW,
    installed: Installed | None = None,
) -> Shop:
    """A business of its own, a sandbox unless `clock_at` is None; `SLUG` in the program becomes its slug."""
    own = OneBusiness(database)
    engine = Engine(own, installed or discover(), clock or FixedClock(NOW), SECRET_KEY)
    slug = f"shop-{uuid4().hex}"
    wanted = CreateBusiness(
        slug, program.replace("SLUG", slug), sandbox=clock_at is not None, clock_at=clock_at
    )
    made = await create_business(engine, wanted)
    assert isinstance(made, BusinessCreated), made
    own.business_id = made.business_id
    return Shop(engine, operator(made.business_id), slug)


def done(answer: object, kind: type[Done]) -> Done:
    """The answer, which must be of the kind and no refusal."""
    assert isinstance(answer, kind), answer
    return answer


def refused(answer: object, code: RefusalCode, *path: str) -> Refusal:
    """The refusal, which must have the code and, where one is given, the path."""
    assert isinstance(answer, Refusal), answer
    assert answer.code == code, answer
    assert not path or answer.path == path, answer
    return answer


_purchases = count()


def purchase(
    amount: object = 10, at: datetime | None = None, *, member: str | MemberBy = "ann", **given: Any
) -> RecordActivity:
    """A purchase at the till, a day after START, under a natural key of its own."""
    standard: dict[str, Any] = {
        "member": MemberBy(external_id=member) if isinstance(member, str) else member,
        "kind": "purchase",
        "source": "till",
        "external_id": f"purchase-{next(_purchases)}",
        "occurred_at": at or START + timedelta(days=1),
        "amount": None if amount is None else Decimal(str(amount)),
    }
    return RecordActivity(**{**standard, **given})


def linked_return(
    of: str, amount: object = None, at: datetime | None = None, **given: Any
) -> ReverseActivity:
    """A return of a purchase of the source `till`, two days after START."""
    standard: dict[str, Any] = {
        "activity": ActivityBy(natural=("till", of)),
        "source": "desk",
        "external_id": f"return-{next(_purchases)}",
        "occurred_at": at or START + timedelta(days=2),
        "amount": None if amount is None else Decimal(str(amount)),
    }
    return ReverseActivity(**{**standard, **given})


def lines(*given: tuple[str, object, str]) -> tuple[LineInput, ...]:
    """Lines as key, amount and category."""
    return tuple(LineInput(key, Decimal(str(amount)), None, category) for key, amount, category in given)


def value_of(key: str, value: object, at: datetime | None = None, **given: Any) -> RecordFact:
    """An attribute of a member."""
    standard: dict[str, Any] = {
        "member": MemberBy(external_id="ann"),
        "kind": "attribute",
        "key": key,
        "value": value,
        "source": "desk",
        "external_id": f"value-{next(_purchases)}",
        "occurred_at": at or START + timedelta(days=1),
    }
    return RecordFact(**{**standard, **given})
