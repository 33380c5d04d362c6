"""A review of a whole membership: how long it takes, and for how long a member is locked meanwhile.

    python -m bench.review [--members 20000] [--workers 2] [--plain] [--verify]

A shop whose yearly review is due at one instant; one member in ten falls. A few members do something, all
others are copies of them (`bench.crowd`); then workers advance everybody, each in a process of its own, as
`loyalty worker` does: those whose tier may change first, or, with `--plain`, in the order of their ids.
It ends with 1 where a copy ends on another tier than the member that it is a copy of.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import psycopg

from bench.crowd import copy_members, mark
from loyalty_api.postgres import EmbeddedPostgres
from loyalty_api.runtime import DATABASE, make_ready, settle
from loyalty_engine.clock import FixedClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.activities import record_activities
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.commands import EnrolMember, MemberBy, RecordActivity
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.due import Pace, advance_due
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.members import enrol_member
from loyalty_engine.services.proposing import Proposals
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from loyalty_engine.store.roles import APP_ROLE

TEMPLATES = 20
JOINED = datetime(2025, 1, 2, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
REVIEW_AT = datetime(2027, 1, 1, tzinfo=UTC)
SECRET = b"the secret of a bench, which is long enough"

PROGRAM = """
[program]
business = "crowd"
name = "Crowd"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { months = 24, then = "end_of_month" }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = { op = "any_of", of = ["spend", "visits"] }
upgrade = { at = "activity", until = { end_of = "year", plus_months = 12 } }
review = { every = "year", until = { end_of = "year" } }
downgrade = { to = "one_step" }
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { calendar = "year" }, thresholds = { silver = "300", gold = "1000" } }

[[rules]]
id = "visits"
rule = "tier_frequency"
config = { count = "local_days", window = { calendar = "year" }, thresholds = { silver = 12 } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rates = { basic = "1", silver = "1.5" }, negative = "take_back" }
"""


@contextmanager
def database() -> Iterator[tuple[str, str]]:
    """A durable server of its own, gone afterwards: the superuser's URL and the application's."""
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with EmbeddedPostgres(home).running() as server:
            make_ready(server)
            yield server.url(DATABASE), server.url(DATABASE, APP_ROLE)


async def opened(url: str, at: datetime) -> Engine:
    """An engine at an instant."""
    return Engine(await Database.connect(url, max_size=4), discover(), FixedClock(at), SECRET)


async def begin(url: str) -> Caller:
    """The shop and the members that are copied: from nothing bought to much, on few days and on many."""
    engine = await opened(url, REVIEW_AT - timedelta(days=1))
    made = await create_business(engine, CreateBusiness("crowd", PROGRAM, False, None))
    if not isinstance(made, BusinessCreated):
        raise TypeError(f"the shop was not made: {made}")
    caller = operator(made.business_id)
    for number in range(TEMPLATES):
        name = mark(number)
        enrolled = await enrol_member(engine, caller, name, EnrolMember(name, enrolled_at=JOINED))
        bought = await record_activities(engine, caller, f"{name} buys", _purchases(name, number))
        if isinstance(enrolled, Refusal) or isinstance(bought, Refusal):
            raise TypeError(f"{name} was not made: {enrolled}, {bought}")
    while await advance_due(engine):
        pass
    await engine.database.close()
    return caller


def _purchases(name: str, number: int) -> list[RecordActivity]:
    """Every fifth bought nothing in the last year; two of those had a tier above the base."""
    days, since = 3 + number % 11, JOINED if number % 5 == 1 else JOINED + YEAR
    return [
        RecordActivity(
            MemberBy(external_id=name),
            "purchase",
            "till",
            f"{name} {day}",
            since + timedelta(days=30 * day % 350, hours=day),
            amount=Decimal(7 * (number + 1)) + Decimal(day) / 100,
        )
        for day in range(days)
    ]


@dataclass(frozen=True, slots=True)
class Swept:
    """What one worker did: members advanced, and for how many nanoseconds each transaction locked some."""

    advanced: int
    locked: Sequence[int]


class Noted(Pace):
    """A pace that keeps how long each transaction had members locked, in nanoseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.locked: list[int] = []

    def took(self, members: int, nanoseconds: int) -> None:
        """One more transaction."""
        self.locked.append(nanoseconds)
        super().took(members, nanoseconds)


def sweep(url: str, plain: bool, answers: multiprocessing.Queue[Swept]) -> None:
    """One worker: advances who is due until nobody is."""
    answers.put(asyncio.run(_sweep(url, plain)))


async def _sweep(url: str, plain: bool) -> Swept:
    engine, pace, advanced = await opened(url, REVIEW_AT), Noted(), 0
    proposals = Proposals(sys.maxsize) if plain else Proposals()
    settle()
    while (done := await advance_due(engine, pace=pace, proposals=proposals)) or await anybody(engine):
        advanced += done
    await engine.database.close()
    return Swept(advanced, pace.locked)


async def anybody(engine: Engine) -> bool:
    """Whether anybody is due still, of whom another worker may be taking care."""
    return any(row["work"] == "boundary" for row in await engine.database.due(REVIEW_AT, 1))


def share(locked: Sequence[int], of_a_thousand: int) -> str:
    """For how many milliseconds so many of a thousand transactions had members locked, at most."""
    return f"{locked[(len(locked) - 1) * of_a_thousand // 1000] / 1_000_000:.0f} ms"


def tiers(admin_url: str) -> dict[str, set[tuple[str, int]]]:
    """Of each copied member: the tiers on which its copies and itself stand, with how many."""
    with psycopg.connect(admin_url) as connection:
        rows = connection.execute(
            r"""SELECT substring(m.external_id FROM '^member\d+x') AS first, s.tier, count(*)
                FROM member m JOIN current_standing s USING (business_id, member_id) GROUP BY 1, 2"""
        ).fetchall()
    found: dict[str, set[tuple[str, int]]] = {}
    for first, tier, count in rows:
        found.setdefault(first, set()).add((tier, count))
    return found


def watch_moves(admin_url: str) -> None:
    """Notes when the review begins, and when anybody moves to another tier."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE moved (at timestamptz NOT NULL)")
        connection.execute(
            """CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
               'BEGIN INSERT INTO public.moved VALUES (clock_timestamp()); RETURN NULL; END'"""
        )
        connection.execute(
            "CREATE TRIGGER noted AFTER INSERT ON standing FOR EACH ROW EXECUTE FUNCTION note_move()"
        )
        connection.execute("INSERT INTO moved VALUES (clock_timestamp())")


def last_move(admin_url: str) -> float:
    """After how many seconds the last one moved."""
    with psycopg.connect(admin_url) as connection:
        row = connection.execute("SELECT extract(epoch FROM max(at) - min(at)) FROM moved").fetchone()
    return row[0] if row else 0


async def difference(url: str, caller: Caller) -> str | None:
    """The first difference that a verification finds."""
    engine = await opened(url, REVIEW_AT)
    verified = await verify_business(engine, caller.business_id)
    await engine.database.close()
    return None if verified.difference is None else str(verified.difference)


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.review", description="A review of everybody.")
    parser.add_argument("--members", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--workers", type=int, default=2, help="processes that advance them (2)")
    parser.add_argument("--plain", action="store_true", help="in the order of ids, whoever may move")
    parser.add_argument("--verify", action="store_true", help="prove everything that is kept afterwards")
    given = parser.parse_args()
    with database() as (admin_url, url):
        caller = asyncio.run(begin(url))
        started = perf_counter()
        rows = copy_members(admin_url, caller.business_id, max(1, given.members // TEMPLATES) - 1)
        print(f"{rows:,} rows copied in {perf_counter() - started:.0f} s")
        before = tiers(admin_url)
        watch_moves(admin_url)
        started = perf_counter()
        context = multiprocessing.get_context("spawn")
        answers: multiprocessing.Queue[Swept] = context.Queue()
        workers = [
            context.Process(target=sweep, args=(url, given.plain, answers)) for _ in range(given.workers)
        ]
        for worker in workers:
            worker.start()
        found = [answers.get() for _ in workers]
        for worker in workers:
            worker.join()
        seconds, after = perf_counter() - started, tiers(admin_url)
        last = last_move(admin_url)
        wrong = asyncio.run(difference(url, caller)) if given.verify else None
    advanced = sum(each.advanced for each in found)
    locked = sorted(nanoseconds for each in found for nanoseconds in each.locked)
    moved = sum(count for first, now in after.items() if now != before[first] for _, count in now)
    print(f"{advanced:,} members reviewed in {seconds:.1f} s: {advanced / seconds:,.0f} a second")
    print(f"{moved:,} of them moved to another tier, the last after {last:.1f} s")
    print(
        f"members were locked {len(locked):,} times: half of them for {share(locked, 500)},"
        f" 999 of 1,000 for {share(locked, 999)} at most, the longest for {share(locked, 1000)}"
    )
    apart = [first for first, now in after.items() if len(now) > 1]
    if apart:
        wrong = f"copies of {', '.join(apart)} ended on different tiers"
    if wrong is not None:
        print(wrong, file=sys.stderr)
    return 0 if wrong is None else 1


if __name__ == "__main__":
    sys.exit(main())
