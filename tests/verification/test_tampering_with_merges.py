"""Merges that were changed behind the engine's back are named."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from tests.services.merging import merging_shop
from tests.services.shop import START, done
from tests.verification.world import tamper

DAY = timedelta(days=1)

CASES: dict[str, tuple[str, tuple[str, str, str, str, str]]] = {
    "a member who is not merged any more": (
        "UPDATE member SET status = 'active' WHERE MINE",
        ("merged", "ann", "status of the member", "active", "merged"),
    ),
    "a merge that never was": (
        "DELETE FROM merge WHERE business_id = %(business)s",
        ("merged", "ann", "status of the member", "merged", "merged into nobody"),
    ),
    "points that came to somebody else": (
        (
            "UPDATE merge SET survivor_id = (SELECT member_id FROM member"
            " WHERE business_id = %(business)s AND external_id = 'cid') WHERE business_id = %(business)s"
        ),
        ("carried", "ann", "what merge/", "100 points had to ", "100 points had to "),
    ),
    "an end that came as a later one": (
        (
            "UPDATE fact SET points_terms = jsonb_set(points_terms, '{points,0,lots,0,expires_at}', 'null')"
            " WHERE BOBS AND kind = 'absorption'"
        ),
        ("carried_as", "ann", "terms of merge/", '"expires_at": null', '"expires_at": "2027-'),
    ),
    "an end of a lot": (
        "UPDATE lot SET expires_at = NULL WHERE BOBS AND remaining = 100",
        ("replay", "bob", "lot points/points/0", "expires_at None", "expires_at 2027-"),
    ),
    "an amount that the other one bought": (
        "UPDATE fact SET amount = 99 WHERE MINE AND external_id = 'a1'",
        ("replay", "ann", "effect points/points/", "100", "99"),
    ),
}


@pytest.mark.parametrize(("statement", "named"), CASES.values(), ids=CASES)
async def test_what_was_changed_is_named(
    app_database: Database, database: str, statement: str, named: tuple[str, str, str, str, str]
) -> None:
    shop = await merging_shop(app_database)
    for name in ("ann", "bob", "cid"):
        await shop.enrol(name)
    await shop.buy(100, START + DAY, external_id="a1")
    done(await shop.merge(), MembersMerged)
    assert (await verify_business(shop.engine, shop.business_id)).difference is None
    await asyncio.to_thread(tamper, database, shop, statement)
    found = (await verify_business(shop.engine, shop.business_id)).difference
    check, member, what, stored, rebuilt = named
    assert found is not None
    assert (found.check, found.member) == (check, member), found
    assert what in found.what, found
    assert stored in found.stored, found
    assert rebuilt in found.rebuilt, found
