"""A gift without its cause, or a cause without its gift, made behind the engine's back, is named."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from loyalty_engine.services import erase_member
from loyalty_engine.services.commands import Erased, EraseMember, MemberBy
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.friends import shop_of_friends
from tests.services.shop import START, Shop, done
from tests.verification.world import tamper

DAY = timedelta(days=1)
OF_BOB = 'gift of rule friend for activity ["till","first"]'

CASES = {
    "the points of a gift": (
        "UPDATE fact SET points = 16 WHERE MINE AND kind = 'gift' AND points = 15",
        ("bob", OF_BOB, "16 points to ann", "15 points to ann"),
    ),
    "the value of a cause": (
        "UPDATE effect SET value = 14 WHERE BOBS AND kind = 'caused' AND value = 15",
        ("bob", OF_BOB, "15 points to ann", "14 points to ann"),
    ),
    "a gift that is gone": (
        "DELETE FROM fact WHERE MINE AND kind = 'gift' AND points = 15",
        ("bob", OF_BOB, "nothing", "15 points to ann"),
    ),
    "a gift for something else": (
        """UPDATE fact SET about_fact_id = (SELECT fact_id FROM fact WHERE BOBS AND external_id = 'cid''s')
           WHERE MINE AND kind = 'gift' AND points = 15""",
        ("bob", OF_BOB, "nothing", "15 points to ann"),
    ),
    "a gift that was given back": (
        "DELETE FROM fact WHERE MINE AND kind = 'return'",
        ("cid", 'gift of rule friend for activity ["till","cid\'s"]', "20 points to ann", "nothing"),
    ),
    "a cause that is gone": (
        "DELETE FROM effect WHERE BOBS AND kind = 'caused' AND value = 15",
        ("ann", "gift gift/", "15 points to ann", "nothing causes it"),
    ),
}


async def generous(database: Database) -> Shop:
    """Ann was given something for bob and for cid, who returned what he bought."""
    shop = await shop_of_friends(database)
    await shop.buy(30, START + DAY, member="bob", external_id="first")
    await shop.buy(40, START + DAY, member="cid", external_id="cid's")
    await shop.give_back("cid's", at=START + 2 * DAY)
    return shop


async def test_what_nobody_touched_has_no_difference(app_database: Database) -> None:
    shop = await generous(app_database)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
    done(
        await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(MemberBy(external_id="ann"))),
        Erased,
    )
    await shop.buy(50, START + 3 * DAY, member="cid")
    await shop.give_back("first", at=START + 4 * DAY)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None


@pytest.mark.parametrize(("statement", "named"), CASES.values(), ids=CASES)
async def test_what_was_changed_is_named(
    app_database: Database, database: str, statement: str, named: tuple[str, str, str, str]
) -> None:
    shop = await generous(app_database)
    await asyncio.to_thread(tamper, database, shop, statement)
    found = (await verify_business(shop.engine, shop.business_id)).difference
    member, what, stored, rebuilt = named
    assert found is not None, "nothing was found"
    assert (found.check, found.member, found.stored, found.rebuilt) == ("gifts", member, stored, rebuilt)
    assert found.what.startswith(what)
