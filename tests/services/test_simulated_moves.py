"""What a simulation predicts publishing does, whoever the members are and whoever works on it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.entities.simulation import ATTEMPTS_MOST, OPEN_STATES
from loyalty_engine.program.plan import plan_of
from loyalty_engine.services import (
    cancel_simulation,
    continue_simulation,
    erase_member,
    merge_members,
    pause_member,
)
from loyalty_engine.services.commands import (
    Erased,
    EraseMember,
    MemberBy,
    MembersMerged,
    MergeMembers,
    Recorded,
)
from loyalty_engine.services.pauses import PauseMember
from loyalty_engine.services.program_commands import CancelSimulation, SimulationCancelled
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.store.database import Database
from tests.services.by_hand import set_by_hand
from tests.services.shop import NOW, START, Shop, done, linked_return, new_shop, purchase
from tests.services.simulated import in_small_chunks, killed, others, queue, row, through
from tests.services.test_simulation import BRONZE, STRICT, TO_BRONZE, crowd, moves_of

ANNOUNCED = STRICT.replace(
    'downgrade = { to = "qualified"', 'downgrade = { to = "one_step", notice_days = 30'
)
CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    (STRICT, {"claims": "regrade_now"}),
    (STRICT, {"claims": "keep"}),
    (STRICT, {"claims": "protect_until", "until": "2027-01-01"}),
    (ANNOUNCED, {"claims": "regrade_now"}),
    (BRONZE, TO_BRONZE),
    (BRONZE, {"claims": "regrade_now", **TO_BRONZE}),
)


async def motley_crowd(shop: Shop, seed: int) -> None:
    """Members who bought and returned, of whom some are paused, merged, erased, or set by hand."""
    chance = random.Random(seed)
    await crowd(shop, seed, 16)
    names = [MemberBy(external_id=f"member-{number}") for number in range(16)]
    chance.shuffle(names)
    for number in range(4):
        at = START + timedelta(days=chance.randint(1, 60))
        of = f"returned-{number}"
        await shop.send(purchase(480, at, member=names[number], external_id=of))
        returned = linked_return(of, chance.choice((10, None)), at + timedelta(days=9))
        done(await shop.reverse(returned), Recorded)
    for by in names[4:7]:
        until = chance.choice((None, (NOW + timedelta(days=chance.choice((5, 90)))).date()))
        command = PauseMember(by, "abroad", until)
        done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)
    for absorbed, survivor in ((names[7], names[8]), (names[9], names[4])):
        merge = MergeMembers(absorbed, survivor, "the same person")
        done(await merge_members(shop.engine, shop.caller, shop.key(), merge), MembersMerged)
    for by in (names[10], names[5]):
        done(await erase_member(shop.engine, shop.caller, shop.key(), EraseMember(by)), Erased)
    for by in names[11:13]:
        until = (NOW + timedelta(days=chance.randint(1, 40))).date()
        tier = chance.choice(("basic", "silver", "gold"))
        locked = tier == "basic" or chance.random() < 0.5
        await set_by_hand(shop, tier, NOW, member=by, until=until, locked=locked)


async def publish(shop: Shop, program: str, own: dict[str, Any], at: datetime | None) -> None:
    """Publish it, and let time pass until it is in force."""
    source, written = program.replace("SLUG", shop.slug), plan_of({"ladders": {"status": own}})
    done(await publish_program(shop.engine, shop.caller, source, at, written), Published)
    await shop.set_clock(at or NOW)
    await shop.advance()


async def predicted(shop: Shop, simulation_id: Any) -> list[tuple[str, str, str]]:
    """The moves that a simulation names, as `moves_of` tells those that there were."""
    found = await row(shop, simulation_id)
    assert found["state"] == "done", found["failure"]
    moved = [] if found["moved"] is None else [*found["moved"]["falling"], *found["moved"]["others"]]
    assert sum(count for *_, count in found["counted"]["moves"]) == len(moved)
    names = {str(key): name for name, key in (await shop.member_ids()).items()}
    return sorted((names[member], was, to) for member, _, was, to, _ in moved)


@pytest.mark.parametrize("seed", range(12))
async def test_publishing_moves_just_those_whom_any_workers_predicted(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    in_small_chunks(monkeypatch)
    chance = random.Random(seed)
    program, own = CHANGES[seed % len(CHANGES)]
    at = NOW + timedelta(days=20) if seed >= len(CHANGES) else None
    shop = await new_shop(app_database)
    await motley_crowd(shop, seed)
    before = await others(shop)
    simulation_id = await queue(shop, program, plan={"ladders": {"status": own}}, effective_at=at)
    killings = 0
    while (await row(shop, simulation_id))["state"] in OPEN_STATES:
        worker = chance.choice((shop, shop.restarted()))
        if killings + 1 < ATTEMPTS_MOST and chance.random() < 0.3:
            await killed(worker, monkeypatch)
            killings += 1
        else:
            assert await continue_simulation(worker.engine, shop.business_id) == 1
            killings = 0
    assert (await row(shop, simulation_id))["chunks"] == 1 + 4
    assert await others(shop) == before
    told = await predicted(shop, simulation_id)
    await publish(shop, program, own, at)
    assert told == await moves_of(shop, at or NOW)
    assert told or own["claims"] != "regrade_now" or program is ANNOUNCED


async def test_more_members_than_a_chunk_has_are_all_tried(app_database: Database) -> None:
    shop = await new_shop(app_database)
    bought = []
    for number in range(203):
        await shop.enrol(f"member-{number}")
        bought.append(purchase((20, 150)[number % 2], START + timedelta(days=9), member=f"member-{number}"))
    for first in range(0, 203, 100):
        await shop.send_batch(bought[first : first + 100])
    own = {"claims": "regrade_now"}
    simulation_id = await queue(shop, STRICT, plan={"ladders": {"status": own}})
    before = await others(shop)
    assert await through(shop) == 1 + 2
    assert await others(shop) == before
    told = await predicted(shop, simulation_id)
    await publish(shop, STRICT, own, None)
    assert len(told) == 101
    assert told == await moves_of(shop)


async def test_what_was_cancelled_changes_nothing_but_its_own_row(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_chunks(monkeypatch)
    shop = await new_shop(app_database)
    await motley_crowd(shop, 3)
    before = await others(shop)
    simulation_id = await queue(shop, STRICT, plan={"ladders": {"status": {"claims": "regrade_now"}}})
    for _ in range(2):
        assert await continue_simulation(shop.engine, shop.business_id) == 1
    command = CancelSimulation(simulation_id)
    done(await cancel_simulation(shop.engine, shop.caller, shop.key(), command), SimulationCancelled)
    at_the_end = await row(shop, simulation_id)
    assert await continue_simulation(shop.restarted().engine, shop.business_id) == 0
    assert await row(shop, simulation_id) == at_the_end
    assert await others(shop) == before
