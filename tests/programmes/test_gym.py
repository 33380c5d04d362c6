"""gym_composite: what is spent weighs two, visits and rating one each, and three lead to a level."""

from __future__ import annotations

from tests.programmes.conftest import Play

LONDON = "Europe/London"


async def test_spend_needs_one_of_the_others_and_they_need_spend(play: Play) -> None:
    played = await play("gym_composite", LONDON, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-06T10:00", amount="5000")
    assert await played.tier() == "junior"
    await played.do("2026-01-07T10:00", "review", attributes={"stars": 2})
    assert {"rating": "1"} in await played.missing("middle")
    await played.do("2026-01-08T10:00", "review", attributes={"stars": 4})
    assert await played.tier() == "middle"
    await played.do("2026-01-09T10:00", "review", attributes={"stars": 5})
    assert await played.tier() == "senior"
    await played.join("bob", "2026-02-01T09:00")
    await played.do("2026-02-01T10:00", "review", who="bob", attributes={"stars": 5})
    for day in range(2, 14):
        await played.do(f"2026-02-{day:02}T10:00", "visit", who="bob")
    assert await played.tier("bob") == "junior"
    await played.do("2026-02-14T10:00", amount="999.99", who="bob")
    assert await played.tier("bob") == "junior"
    await played.do("2026-02-15T10:00", amount="0.01", who="bob")
    assert await played.tier("bob") == "middle"


async def test_a_worse_rating_shows_at_the_review_and_falls_one_step_after_a_week(play: Play) -> None:
    played = await play("gym_composite", LONDON, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-06T10:00", amount="5000")
    await played.do("2026-01-09T10:00", "review", attributes={"stars": 5})
    await played.do("2026-03-30T10:00", "review", attributes={"stars": 1})
    assert await played.notice() == ("middle", "2026-04-07 00:00", "2026-03-30 10:00")
    await played.time("2026-05-01T00:00")
    assert (await played.changes())[:2] == [
        ("2026-01-09 10:00", "junior > senior"),
        ("2026-04-07 00:00", "senior > middle"),
    ]
