"""Under a lock, routes lead to what holds after it, and `why` and `progress` say the same (SEMANTICS 4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.documents import ABOUT_MEMBER
from tests.api.shop import Shop
from tests.api.test_as_of import set_clock
from tests.api.test_overrides import set_by_hand

ANN = {"by": {"externalId": "ann"}}
LOCK_ENDS = "2026-08-31T23:00:00Z"
LEAVES = "2027-06-09T23:00:00Z"
"""When what Ann bought leaves the twelve months that are read."""


async def standing(shop: Shop) -> Any:
    """Where Ann stands, and what is missing."""
    return (await shop.data(ABOUT_MEMBER, ANN))["member"]["standing"]


def by_spend(found: Any) -> list[tuple[str, str, str | None, str | None, str]]:
    """The conditions on her spend."""
    return [
        (each["tier"]["key"], each["missing"], each["by"], each["notBefore"], each["means"])
        for each in found["progress"]
        if each["rule"]["key"] == "spend"
    ]


async def held_down(shop: Shop, until: str | None, spent: str = "900.00") -> None:
    """Ann is locked on the base tier, after she bought something."""
    await shop.enrol("ann")
    await shop.buy("ann", spent, at="2026-06-10T10:00:00Z")
    await set_by_hand(shop, "basic", until=until, locked=True)


async def test_a_route_is_not_promised_before_the_lock_is_over(shop: Shop) -> None:
    await held_down(shop, "2026-09-01")
    assert by_spend(await standing(shop)) == [
        ("silver", "100.00", LEAVES, LOCK_ENDS, "ACTIVITY"),
        ("gold", "4100.00", LEAVES, LOCK_ENDS, "ACTIVITY"),
    ]


@pytest.mark.parametrize(("spent", "tier"), [("100.00", "silver"), ("99.99", "basic")])
async def test_who_follows_a_route_under_a_lock_stands_there_when_it_is_over(
    shop: Shop, spent: str, tier: str
) -> None:
    await held_down(shop, "2026-09-01")
    await shop.buy("ann", spent, at="2026-06-14T10:00:00Z")
    assert (await standing(shop))["tier"]["key"] == "basic"
    await set_clock(shop, LOCK_ENDS)
    await shop.pass_time(datetime(2026, 8, 31, 23, tzinfo=UTC))
    after = await standing(shop)
    assert after["tier"]["key"] == tier
    assert all(each["notBefore"] is None for each in after["progress"])


async def test_what_is_held_after_the_lock_without_anything_more_is_no_route(shop: Shop) -> None:
    await held_down(shop, "2026-09-01", spent="1500.00")
    found = await standing(shop)
    assert found["tier"]["key"] == "basic"
    assert {each["tier"]["key"] for each in found["progress"]} == {"gold"}


async def test_under_a_lock_for_life_there_is_no_route_and_without_it_there_is(shop: Shop) -> None:
    await held_down(shop, None)
    assert (await standing(shop))["progress"] == []
    await set_by_hand(shop, None)
    assert by_spend(await standing(shop)) == [
        ("silver", "100.00", LEAVES, None, "ACTIVITY"),
        ("gold", "4100.00", LEAVES, None, "ACTIVITY"),
    ]
