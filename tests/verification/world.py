"""A shop in which every kept number has something in it, and a hand that changes rows behind its back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from loyalty_engine.jobs.relay import publish_events
from loyalty_engine.services.commands import Recorded
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.services.shop import HEAD, START, Shop, done, new_shop, value_of

NOW = START + timedelta(days=60)

PROGRAM = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = { days = 40 }
offers = { choose = "all" }

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
cycle = { months = 12, restart = ["upgrade"] }
upgrade = { at = "activity", until = { end_of = "year" } }
review = { every = "year", until = { end_of = "year" } }
downgrade = { to = "one_step" }
returns = "from_now"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { rolling_months = 12 }, thresholds = { silver = "100", gold = "500" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
[rules.config]
currency = "points"
rates = { basic = "1", silver = "2" }
ladder = "status"
negative = "take_back"
caps = [{ period = "month", points = 200 }]

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 7
eligible = { channels = ["web"] }
exhausted = "reduce"
quota = 20
funding = [{ partner = "acme", percent = "50", budget_points = 10 }]
"""
)


async def busy_shop(database: Database) -> Shop:
    """Ann is silver and has points left, bob fell and owes; a late purchase moved what a cap left."""
    shop = await new_shop(database, PROGRAM, clock_at=START + timedelta(days=3))
    await shop.enrol("ann", attributes={"city": "Berlin"})
    await shop.enrol("bob")
    await shop.buy(120, external_id="first")
    await shop.buy(30, START + timedelta(days=2), external_id="second")
    await shop.buy(150, START + timedelta(days=2), member="bob", external_id="rise")
    await _at(shop, START + timedelta(days=20))
    for number in range(4):
        at = START + timedelta(days=10 + number)
        await shop.buy(20, at, member="bob", channel="web", external_id=f"web-{number}")
    await shop.buy(40, START + timedelta(days=15), external_id="third")
    await shop.buy(15, START + timedelta(days=1, hours=5), external_id="late")
    await shop.give_back("second", 10, START + timedelta(days=18), external_id="part")
    await _at(shop, START + timedelta(days=56))
    await shop.give_back("rise", 150, START + timedelta(days=55), external_id="whole")
    await shop.buy(-30, START + timedelta(days=55, hours=2), member="bob", kind="return", external_id="back")
    done(await shop.note(value_of("city", "Rome")), Recorded)
    later = PROGRAM.replace("SLUG", shop.slug).replace('"500"', '"600"')
    done(await publish_program(shop.engine, shop.caller, later), Published)
    await shop.buy(9, START + timedelta(days=55, hours=5), external_id="fourth")
    await _at(shop, NOW)
    await publish_events(shop.engine, shop.business_id)
    return shop


async def _at(shop: Shop, at: datetime) -> None:
    await shop.set_clock(at)
    await shop.advance()


MINE = "business_id = %(business)s AND member_id = %(ann)s"
BOBS = "business_id = %(business)s AND member_id <> %(ann)s"


def tamper(admin_url: str, shop: Shop, statement: str) -> None:
    """Change rows of the shop as nobody can who comes through the engine: no trigger sees it.

    ``MINE`` stands for the rows of ann, ``BOBS`` for those of the others.
    """
    statement = statement.replace("MINE", MINE).replace("BOBS", BOBS)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        ann = connection.execute(
            "SELECT member_id FROM member WHERE business_id = %s AND external_id = 'ann'", [shop.business_id]
        ).fetchone()
        assert ann is not None
        values = {"business": shop.business_id, "ann": ann[0]}
        changed = connection.execute(statement.encode(), values).rowcount
    assert changed == 1, f"{changed} rows were changed, not 1"


@contextlib.contextmanager
def without(admin_url: str, table: str, constraint: str) -> Iterator[None]:
    """The worker's database without a constraint, which is there again afterwards."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint]
        ).fetchone()
        assert found is not None
        names = {"table": sql.Identifier(table), "constraint": sql.Identifier(constraint)}
        connection.execute(sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {constraint}").format(**names))
        try:
            yield
        finally:
            again = "ALTER TABLE {table} ADD CONSTRAINT {constraint} " + found[0].replace("{", "{{")
            connection.execute(sql.SQL(again).format(**names))
