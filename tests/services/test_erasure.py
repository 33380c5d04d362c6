"""Erasing a member: nothing names the person any more, and nothing else changes (BEHAVIOUR L49)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from loyalty_engine.services import RefusalCode, enrol_member, erase_member
from loyalty_engine.services.commands import (
    Enrolled,
    EnrolMember,
    Erased,
    EraseMember,
    MemberBy,
    ProfileInput,
    Recorded,
)
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.properties.invariants import broken
from tests.services.shop import (
    START,
    Shop,
    done,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

CARD, MAIL = ("card", "4711"), ("email", "ann@example.org")
PERSON: dict[str, Any] = {
    "identities": (CARD, MAIL),
    "profile": ProfileInput(given_name="Annabella", email="ann@example.org"),
}
ANN = MemberBy(external_id="ann")


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    shop = await new_shop(app_database)
    await shop.enrol(**PERSON)
    await shop.enrol("bob", identities=(("card", "4712"),), profile=ProfileInput(given_name="Bob"))
    await shop.buy(120, external_id="b")
    return shop


async def erase(shop: Shop, by: MemberBy = ANN, key: str | None = None) -> Erased | Refusal:
    return await erase_member(shop.engine, shop.caller, key or shop.key(), EraseMember(by))


async def everything(shop: Shop) -> str:
    """All that is kept of the business, as one text."""
    tables = await shop.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname <> 'alembic_version'"
    )
    rows = [await shop.rows(f"SELECT t::text FROM {table} t") for (table,) in tables]  # noqa: S608
    return "\n".join(row for each in rows for (row,) in each)


async def test_nothing_that_names_the_person_is_kept_and_others_keep_theirs(shop: Shop) -> None:
    assert "Annabella" in await everything(shop)
    done(await erase(shop), Erased)
    left = await everything(shop)
    assert "Annabella" not in left
    assert "example.org" not in left
    assert "Bob" in left
    assert await shop.value("SELECT count(*) FROM identity") == 1
    assert await shop.rows("SELECT external_id, status FROM member ORDER BY 1") == [
        ("ann", "erased"),
        ("bob", "active"),
    ]


async def test_points_tiers_and_all_that_they_came_from_stay(shop: Shop) -> None:
    before = await shop.row_counts()
    balance, tier = await shop.balance(), await shop.tier()
    done(await erase(shop), Erased)
    assert await shop.row_counts() == {**before, "outbox": before["outbox"] + 1}
    assert (await shop.balance(), await shop.tier()) == (balance, tier)
    assert await broken(shop) == {}


async def test_time_goes_on_for_what_is_left(shop: Shop) -> None:
    done(await erase(shop), Erased)
    await shop.set_clock(datetime(2027, 6, 1, tzinfo=UTC))
    await shop.advance()
    assert await shop.balance() == 0
    counts = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == counts
    assert await broken(shop) == {}


async def test_nothing_more_is_recorded(shop: Shop) -> None:
    command = purchase(10, external_id="known")
    (first,) = await shop.send_batch([command])
    done(await erase(shop), Erased)
    before = await shop.row_counts()
    for answer in (
        await shop.send(purchase(10)),
        await shop.note(value_of("colour", "red")),
        await shop.reverse(linked_return("b")),
        await shop.send(purchase(10, member=MemberBy(identity=CARD))),
    ):
        assert not refused(answer, RefusalCode.NOT_FOUND).retryable
    (again,) = await shop.send_batch([command])
    assert done(again, Recorded).fact_id == done(first, Recorded).fact_id
    assert await shop.row_counts() == before


async def test_what_is_recorded_at_the_same_time_is_there_before_the_erasure_or_not_at_all(
    app_database: Database, shop: Shop
) -> None:
    member_id = (await shop.member_ids())["ann"]
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with app_database.writing(shop.business_id) as connection:
        await lock_members(connection, shop.business_id, [member_id])
        sending = asyncio.create_task(shop.send(purchase(10)))
        while not await shop.value(waiting):
            assert not sending.done()
        await connection.execute(
            "UPDATE member SET status = 'erased' WHERE business_id = $1 AND member_id = $2",
            shop.business_id,
            member_id,
        )
    refused(await sending, RefusalCode.NOT_FOUND)


async def test_erasing_again_changes_nothing_under_the_same_key_or_another(shop: Shop) -> None:
    first = done(await erase(shop, key="k"), Erased)
    counts = await shop.row_counts()
    assert done(await erase(shop, key="k"), Erased).replayed
    assert done(await erase(shop), Erased) == first
    assert await shop.row_counts() == counts
    refused(await erase(shop, MemberBy(identity=CARD)), RefusalCode.NOT_FOUND)


async def test_events_tell_of_it_in_order_and_name_nobody(shop: Shop) -> None:
    done(await erase(shop), Erased)
    last = await shop.rows("SELECT type, body FROM outbox ORDER BY event_id DESC LIMIT 1")
    assert last == [("member.erased", {})]


async def test_the_person_may_join_again_as_somebody_new(shop: Shop) -> None:
    done(await erase(shop), Erased)
    same = EnrolMember("ann", enrolled_at=START, **PERSON)
    refused(await enrol_member(shop.engine, shop.caller, shop.key(), same), RefusalCode.ALREADY_EXISTS)
    new = EnrolMember("ann-2", enrolled_at=START, **PERSON)
    done(await enrol_member(shop.engine, shop.caller, shop.key(), new), Enrolled)
    await shop.buy(10, START + timedelta(days=1), member=MemberBy(identity=CARD))
    assert await shop.balance("ann-2") == 10


async def test_another_business_erases_nobody_here(app_database: Database, shop: Shop) -> None:
    other = await new_shop(app_database)
    member_id = (await shop.member_ids())["ann"]
    refused(await erase(other, MemberBy(id=member_id)), RefusalCode.NOT_FOUND)
    assert await shop.value("SELECT status FROM member WHERE external_id = 'ann'") == "active"


async def test_the_application_may_delete_nothing_but_personal_data(
    app_database: Database, shop: Shop
) -> None:
    for table in ("member", "fact", "operation", "outbox"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app_database.writing(shop.business_id) as connection:
                await connection.execute(
                    f"DELETE FROM {table} WHERE business_id = $1",  # noqa: S608
                    shop.business_id,
                )
