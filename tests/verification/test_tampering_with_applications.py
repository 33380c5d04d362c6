"""What is kept of applications, changed behind the engine's back, is named by a verification."""

from __future__ import annotations

import asyncio

import pytest

from loyalty_engine.services.application_commands import ApplicationChanged
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.admission import applied, chamber, close, decided, voted, withdraw
from tests.services.shop import Shop, done
from tests.services.test_admission import CLOSES, OPENED
from tests.verification.world import tamper

OURS = "WHERE business_id = %(business)s"
M0 = "member_id = (SELECT member_id FROM member OURS AND external_id = 'm0')"
ONE_MORE = """
INSERT INTO application_event (business_id, application_id, number, kind, occurred_at, recorded_at)
SELECT business_id, application_id, 9, 'withdrawn', occurred_at, recorded_at
FROM application_event OURS AND kind = 'closed'
"""
CASES = {
    "a step": ("UPDATE application SET step = 'sign' OURS AND step = 'review'", "state of", "'sign'"),
    "an end": (
        "UPDATE application SET state = 'rejected' OURS AND state = 'withdrawn'",
        "state of",
        "'rejected'",
    ),
    "a decision": (
        "UPDATE application_event SET approved = false OURS AND step = 'review'",
        "history of",
        "admitted",
    ),
    "a vote": ("UPDATE application_vote SET choice = 'against' OURS AND M0", "tally of", "in_favour=2"),
    "a tally": (
        "UPDATE application_event SET in_favour = 1, against = 1 OURS AND kind = 'closed'",
        "tally of",
        "in_favour=1",
    ),
    "a result": (
        "UPDATE application_event SET result = 'tie' OURS AND kind = 'closed'",
        "history of",
        "admitted",
    ),
    "an event more": (ONE_MORE, "events of", "5"),
}


async def busy(database: Database) -> Shop:
    """Ann was admitted by a vote; m0 has applied, m1 withdrew."""
    shop = await chamber(database, OPENED)
    application = await applied(shop, "admission")
    await decided(shop, application, "review", "inspect")
    await voted(shop, application, "in_favour", "in_favour")
    await shop.set_clock(CLOSES)
    await close(shop)
    await decided(shop, application, "sign")
    done(await withdraw(shop, await applied(shop, "admission", "m1")), ApplicationChanged)
    await applied(shop, "admission", "m0")
    return shop


async def test_what_nobody_touched_has_no_difference(app_database: Database) -> None:
    shop = await busy(app_database)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None


@pytest.mark.parametrize(("statement", "what", "stored"), CASES.values(), ids=CASES)
async def test_what_was_changed_is_named(
    app_database: Database, database: str, statement: str, what: str, stored: str
) -> None:
    shop = await busy(app_database)
    statement = statement.replace("M0", M0).replace("OURS", OURS)
    await asyncio.to_thread(tamper, database, shop, statement)
    found = (await verify_business(shop.restarted().engine, shop.business_id)).difference
    assert found is not None, "nothing was found"
    assert found.check == "applications", found
    assert found.what.startswith(what), found
    assert stored in found.stored, found
