"""What the database itself refuses of merges, to the application's role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from loyalty_engine.services.commands import MembersMerged
from loyalty_engine.store.database import Database
from tests.services.merging import MergingShop, merging_shop
from tests.services.shop import START, done

INSERT = (
    "INSERT INTO merge (business_id, absorbed_id, survivor_id, is_direct, merged_at)"
    " VALUES ($1, $2, $3, true, now())"
)


@pytest.fixture
async def shop(app_database: Database) -> MergingShop:
    shop = await merging_shop(app_database)
    for name in ("ann", "bob", "cid"):
        await shop.enrol(name)
    await shop.buy(10, START + timedelta(days=1))
    done(await shop.merge("ann", "bob"), MembersMerged)
    return shop


async def tried(shop: MergingShop, statement: str, *values: Any) -> None:
    async with shop.engine.database.writing(shop.business_id) as connection:
        await connection.execute(statement, shop.business_id, *values)


async def test_a_member_goes_into_one_other_alone(shop: MergingShop) -> None:
    ids = await shop.member_ids()
    with pytest.raises(asyncpg.UniqueViolationError, match="merge_once"):
        await tried(shop, INSERT, ids["ann"], ids["cid"])


async def test_nobody_goes_into_one_who_was_merged_so_that_there_is_no_circle(shop: MergingShop) -> None:
    ids = await shop.member_ids()
    for name in ("bob", "cid"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="was merged itself"):
            await tried(shop, INSERT, ids[name], ids["ann"])


async def test_nobody_goes_into_oneself(shop: MergingShop) -> None:
    ids = await shop.member_ids()
    with pytest.raises(asyncpg.CheckViolationError, match="merge_into_another"):
        await tried(shop, INSERT, ids["cid"], ids["cid"])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE merge SET merged_at = now() WHERE business_id = $1", "DELETE FROM merge WHERE business_id = $1"],
)
async def test_a_merge_is_not_changed_or_taken_back(shop: MergingShop, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tried(shop, statement)


async def test_who_was_merged_stays_merged(shop: MergingShop) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await tried(
            shop, "UPDATE member SET status = 'active' WHERE business_id = $1 AND external_id = 'ann'"
        )
