"""abcd_monthly: four classes, given anew on the first of every month; and what it takes to be asked for."""

from __future__ import annotations

import pytest

from tests.programmes.conftest import Play

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("spent", "class_"),
    [
        ("0.01", "d"),
        ("499.99", "d"),
        ("500", "c"),
        ("999.99", "c"),
        ("1000", "b"),
        ("1499.99", "b"),
        ("1500", "a"),
        ("90000", "a"),
    ],
)
async def test_every_value_is_in_exactly_one_class(play: Play, spent: str, class_: str) -> None:
    played = await play("abcd_monthly", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-31T23:59:59.999999", amount=spent)
    assert await played.tier() == "d"
    await played.time("2026-02-01T00:00")
    assert await played.tier() == class_


async def test_classes_are_given_anew_every_month_and_fall_over_several_at_once(play: Play) -> None:
    played = await play("abcd_monthly", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-20T10:00", amount="1000")
    bought = await played.do("2026-02-28T23:59:59.999999", amount="1500")
    await played.do("2026-03-01T00:00", amount="499.99")
    await played.give_back("2026-03-15T10:00", bought, "600")
    assert await played.tier() == "a"
    await played.do("2026-04-30T12:00", amount="500")
    await played.time("2026-06-02T00:00")
    assert await played.changes() == [
        ("2026-02-01 00:00", "d > b"),
        ("2026-03-01 00:00", "b > a"),
        ("2026-04-01 00:00", "a > d"),
        ("2026-05-01 00:00", "d > c"),
        ("2026-06-01 00:00", "c > d"),
    ]


async def test_what_is_missing_for_a_class_counts_by_the_review(play: Play) -> None:
    played = await play("abcd_monthly", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-20T10:00", amount="700.50")
    assert await played.missing("b") == [{"spend": "299.50"}]
    assert await played.missing("c") == [{}]
