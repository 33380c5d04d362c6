"""online_school and growth_plan: levels by what members do, not by what they buy."""

from __future__ import annotations

from tests.programmes.conftest import Play

KOLKATA, SHANGHAI = "Asia/Kolkata", "Asia/Shanghai"


async def test_lessons_and_tasks_lead_to_a_level_that_goes_on_with_them(play: Play) -> None:
    played = await play("online_school", KOLKATA, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    await played.do("2026-01-10T10:00", "lesson")
    await played.do("2026-01-11T10:00", "task")
    assert await played.missing("student") == [{"activity": "1"}]
    await played.do("2026-01-12T10:00", "lesson")
    assert (await played.tier(), await played.until()) == ("student", "2026-07-12 00:00")
    for day in range(10, 19):
        await played.do(f"2026-06-{day}T10:00", "task")
    assert await played.tier() == "scholar"
    await played.time("2027-02-01T00:00")
    assert (await played.changes())[1:] == [
        ("2026-06-18 10:00", "student > scholar"),
        ("2026-12-18 00:00", "scholar > student"),
        ("2027-01-01 00:00", "student > visitor"),
    ]


async def test_a_great_task_skips_a_level_and_is_lost_when_it_is_taken_back(play: Play) -> None:
    played = await play("growth_plan", SHANGHAI, "2026-01-01T00:00")
    await played.join("ann", "2026-01-05T10:00")
    for day, task in (("01", "profile"), ("02", "first_post")):
        await played.do(f"2026-02-{day}T10:00", "task", attributes={"task": task, "reward": 20})
    assert {"tasks": "1"} in await played.missing("sprout")
    assert await played.missing("tree") == [{"tasks": "8"}, {"masterpiece": "1"}]
    great = await played.do("2026-02-03T10:00", "task", attributes={"task": "masterpiece", "reward": 500})
    assert (await played.tier(), await played.balance()) == ("tree", 540)
    await played.give_back("2026-02-10T10:00", great)
    assert await played.balance() == 40
    assert await played.changes() == [
        ("2026-02-03 10:00", "seed > tree"),
        ("2026-02-10 10:00", "tree > seed"),
    ]
    await played.do("2026-02-11T10:00", "task", attributes={"task": "friends", "reward": 5})
    assert (await played.tier(), await played.until()) == ("sprout", None)
