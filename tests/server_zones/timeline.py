"""A member's year in businesses of many zones, and all that is stored and answered of them.

`python -m tests.server_zones.timeline URL` plays them on an empty database, and prints it. TZ and the
database say in which zone the servers are, which must make no difference.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg

from loyalty_engine.services import pause_member, resume_member
from loyalty_engine.services.commands import MemberBy, Recorded
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.store.database import Database
from loyalty_engine.store.migrate import grant_login, migrate
from tests.api.shop import client_of, engine_on
from tests.properties.test_as_of import api_of
from tests.rating.zones import ZONES, begins, noon
from tests.server import as_app
from tests.server_zones.program import program_in
from tests.services.by_hand import set_by_hand
from tests.services.shop import Shop, done, new_shop, purchase

JOINED = "2024-01-31"
SECOND = timedelta(seconds=1)
ANN = MemberBy(external_id="ann")

STRETCHES = {
    "2024-03-15": ("2024-02-01", "2024-02-29", "2024-03-10"),
    "2024-05-05": ("2024-03-31", "2024-04-07", "2024-04-26"),
    "2024-07-15": ("2024-07-01",),
    "2025-01-02": ("2024-11-03", "2025-01-01"),
    "2025-02-15": (),
}
"""Local days with purchases, by the day on which the clock is set and they are sent."""

STORED = {
    "fact": "SELECT source, external_id, occurred_at, local_day FROM fact",
    "effect": "SELECT kind, cause_kind, cause_key, rule, slot, value, effective_at, boundary_at FROM effect",
    "claim": "SELECT ladder, tier, from_at, until_at, origin, figures::text FROM claim",
    "change": "SELECT ladder, from_tier, to_tier, effective_at, ruling::text FROM standing",
    "standing": "SELECT ladder, tier, since, until_at, next_review_at, cycle_anchor, cycle_began_at, "
    "cycle_ends_on, notice_tier, notice_at, noticed_at FROM current_standing",
    "lot": "SELECT amount, remaining, expires_at FROM lot",
    "member": "SELECT enrolled_at, joined_on, folded_until, next_boundary_at FROM member",
}
OWN_ID = re.compile(r"(?<=resume/)[0-9a-f-]{36}|(?<=pause/)[0-9a-f-]{36}")
"""The ids of this run in the natural keys of pauses."""

ANSWERED = """
query ($at: DateTime!) {
  member(by: {externalId: "ann"}) {
    enrolledAt
    standings {
      ladder { key } tier { key } since until nextReviewAt
      claims { tier { key } from until } notice { tier { key } at since }
      progress { rule { key } have missing by }
    }
    asOf(at: $at) { standings { tier { key } since until notice { at } } wallet { available } }
  }
}
"""


def purchases(day: str, zone: ZoneInfo) -> Iterator[tuple[datetime, int]]:
    """A second before a local day begins, where it begins, and in its evening."""
    start = begins(day, zone)
    yield from ((start - SECOND, 15), (start, 20), (start + timedelta(hours=20), 25))


def named(at: datetime, zone: ZoneInfo) -> str:
    """The name of a purchase: the local time at which it was made."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


async def play(database: Database, name: str) -> Shop:
    """The member's year in a business of the zone."""
    zone = ZoneInfo(name)
    shop = await new_shop(database, program_in(name), clock_at=begins(JOINED, zone))
    await shop.enrol("ann", enrolled_at=begins(JOINED, zone))
    for until, days in STRETCHES.items():
        await shop.set_clock(noon(until, zone))
        bought = [each for day in days for each in purchases(day, zone)]
        sent = [purchase(amount, at, external_id=named(at, zone)) for at, amount in bought]
        if sent:
            assert {type(answer) for answer in await shop.send_batch(sent)} == {Recorded}
        if until == "2024-05-05":
            await give_back(shop, zone)
            ends = date(2024, 11, 3)
            at = noon("2024-05-01", zone)
            await set_by_hand(shop, "gold", at, ladder="week", until=ends, external_id="by hand")
            await set_by_hand(
                shop,
                "gold",
                at,
                ladder="matched",
                origin="match",
                evidence={"card": "of another shop"},
                until=ends,
                external_id="matched",
            )
            await set_by_hand(
                shop, "basic", at, ladder="held_down", until=ends, locked=True, external_id="held down"
            )
            done(await pause_member(shop.engine, shop.caller, shop.key(), PauseMember(ANN, "away")), Recorded)
        if until == "2024-07-15":
            done(
                await resume_member(shop.engine, shop.caller, shop.key(), ResumeMember(ANN, "back")), Recorded
            )
        await shop.advance()
    return shop


async def give_back(shop: Shop, zone: ZoneInfo) -> None:
    """Returns at the end of a local day and where one begins: in part, whole, and of no purchase."""
    _, whole, part = (named(at, zone) for at, _ in purchases("2024-04-26", zone))
    ended = begins("2024-04-28", zone)
    await shop.give_back(part, 5, ended - SECOND, external_id="part")
    await shop.give_back(whole, None, ended, external_id="whole")
    at = begins("2024-05-01", zone)
    unlinked = purchase(-10, at, kind="return", source="desk", external_id="unlinked")
    done(await shop.send(unlinked), Recorded)


async def told(database: Database, client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """Everything that is stored and answered of it, without what differs from run to run."""
    shop = await play(database, name)
    found: dict[str, Any] = {
        table: sorted([OWN_ID.sub("ID", str(value)) for value in row] for row in await shop.rows(query))
        for table, query in STORED.items()
    }
    api = await api_of(shop, client)
    at = noon("2024-04-20", ZoneInfo(name)).astimezone(UTC)
    found["answered"] = (await api.data(ANSWERED, {"at": at.isoformat()}))["member"]
    return found


async def played(url: str) -> dict[str, Any]:
    """By zone."""
    database = await Database.connect(as_app(url))
    try:
        async with client_of(engine_on(database)) as client:
            return {name: await told(database, client, name) for name in ZONES}
    finally:
        await database.close()


def main(url: str) -> None:
    """Prints in which zone the servers are, and what was made of it."""
    migrate(url)
    grant_login(url)
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW timezone").fetchone()
    servers = {"process": time.localtime(0).tm_gmtoff, "postgres": row[0] if row else None}
    json.dump({"servers": servers, "zones": asyncio.run(played(url))}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
