"""Simulations in the background: in chunks, by any worker, to the figures of one that is done at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from loyalty_engine.services import continue_simulation, queue_simulation
from loyalty_engine.services.backtest import Backtested, backtest_program
from loyalty_engine.services.engine import Engine
from loyalty_engine.services.program_commands import (
    SimulateProgram,
    SimulationQueued,
)
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.services.refusals import Refusal, RefusalCode
from loyalty_engine.services.simulation import Simulated, simulate_program
from loyalty_engine.services.simulation_counts import backtested, previewed
from loyalty_engine.services.simulations import KEPT_MOST, OPEN_MOST
from loyalty_engine.store.database import Database
from loyalty_engine.store.verification.business import missing_ids
from tests.services.shop import NOW, PROGRAM, done, new_shop
from tests.services.simulated import (
    OWN,
    in_small_chunks,
    others,
    preview,
    queue,
    row,
    through,
)
from tests.services.test_backtest import SPRING, TWICE, UNFUNDED
from tests.services.test_backtest import crowd as returning_crowd
from tests.services.test_quotas import FUNDED
from tests.services.test_simulation import STRICT, crowd, moves_of


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of four members."""
    in_small_chunks(monkeypatch)


async def test_a_preview_in_chunks_finds_what_one_at_once_finds_and_writes_nothing_else(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    source = STRICT.replace("SLUG", shop.slug)
    at_once = done(await simulate_program(shop.engine, shop.caller, source, None, OWN), Simulated)
    before = await others(shop)
    simulation_id = await preview(shop)
    assert (await row(shop, simulation_id))["state"] == "queued"
    async with app_database.reading(shop.business_id) as connection:
        assert await missing_ids(connection, shop.business_id, [simulation_id]) == set()
    assert await through(shop) == 1 + 4
    found = await row(shop, simulation_id)
    assert (found["state"], found["members"], found["members_done"], found["chunks"]) == ("done", 15, 15, 5)
    assert found["counted"] == previewed(None, at_once)
    assert await others(shop) == before
    done(await publish_program(shop.engine, shop.caller, source, None, OWN), Published)
    await shop.advance()
    moved = [*found["moved"]["falling"], *found["moved"]["others"]]
    names = dict(await shop.rows("SELECT member_id::text, external_id FROM member"))
    told = sorted((names[member], was, to) for member, _, was, to, _ in moved)
    assert told == await moves_of(shop)
    assert told


@pytest.mark.parametrize("sample", [None, 6])
@pytest.mark.parametrize(("published", "program"), [(PROGRAM, TWICE), (UNFUNDED, FUNDED)])
async def test_a_back_test_in_chunks_comes_to_what_one_at_once_comes_to(
    app_database: Database, published: str, program: str, sample: int | None
) -> None:
    shop = await new_shop(app_database, published)
    await returning_crowd(shop, 5)
    source = program.replace("SLUG", shop.slug)
    at_once = done(
        await backtest_program(shop.engine, shop.caller, source, SPRING, sample=sample), Backtested
    )
    before = await others(shop)
    simulation_id = await queue(shop, program, start=SPRING.start, end=SPRING.end, sample=sample)
    assert await through(shop) >= 2
    found = await row(shop, simulation_id)
    assert found["state"] == "done", found["failure"]
    compiled = shop.engine.draft(simulation_id, source)
    assert compiled is not None
    assert found["counted"] == backtested(compiled, at_once)
    assert found["members_done"] == found["members"] == at_once.folded
    assert await others(shop) == before


async def test_a_version_that_is_published_meanwhile_ends_a_preview(app_database: Database) -> None:
    shop = await new_shop(app_database)
    await crowd(shop, 1)
    simulation_id = await preview(shop)
    await continue_simulation(shop.engine, shop.business_id)
    source = TWICE.replace("SLUG", shop.slug)
    later = NOW + timedelta(days=1)
    done(await publish_program(shop.engine, shop.caller, source, later), Published)
    await through(shop)
    found = await row(shop, simulation_id)
    assert (found["state"], found["failure"], found["moved"]) == ("failed", "overtaken", None)


async def test_a_shop_without_members_has_its_result_at_once(app_database: Database) -> None:
    shop = await new_shop(app_database)
    first = await preview(shop)
    second = await queue(shop, TWICE, start=SPRING.start, end=SPRING.end)
    await through(shop)
    for simulation_id in (first, second):
        found = await row(shop, simulation_id)
        assert (found["state"], found["members"], found["counted"]["members"]) == ("done", 0, 0)


async def test_only_so_many_wait_and_so_many_are_kept(
    app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loyalty_engine.services import simulations

    shop = await new_shop(app_database)
    for _ in range(OPEN_MOST):
        await preview(shop)
    command = SimulateProgram(source=PROGRAM.replace("SLUG", shop.slug))
    key = shop.key()
    refused = done(await queue_simulation(shop.engine, shop.caller, key, command), Refusal)
    assert (refused.code, refused.word) == (RefusalCode.RETRYABLE, "simulations-running")
    await through(shop)
    assert KEPT_MOST == 100
    monkeypatch.setattr(simulations, "KEPT_MOST", 3)
    done(await queue_simulation(shop.engine, shop.caller, key, command), SimulationQueued)
    rows = await shop.rows(
        "SELECT source IS NULL, counted IS NULL FROM simulation ORDER BY asked_at, simulation_id"
    )
    assert [tuple(each) for each in rows] == [(True, True), (False, False), (False, False), (False, True)]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"start": SPRING.start}, "until"),
        ({"end": SPRING.end}, "from"),
        ({"start": SPRING.start, "end": SPRING.end, "effective_at": NOW}, "effectiveAt"),
        ({"sample": 5}, "sample"),
        ({"start": SPRING.start, "end": SPRING.end, "sample": 0}, "sample"),
        ({"start": SPRING.start, "end": SPRING.end, "sample": 5001}, "sample"),
        ({"effective_at": NOW.replace(tzinfo=None)}, "effectiveAt"),
    ],
)
async def test_what_cannot_be_tried_is_refused_at_its_path(
    app_database: Database, values: dict[str, Any], path: str
) -> None:
    shop = await new_shop(app_database)
    command = SimulateProgram(source=STRICT.replace("SLUG", shop.slug), **values)
    refused = done(await queue_simulation(shop.engine, shop.caller, shop.key(), command), Refusal)
    assert (refused.code, refused.path) == (RefusalCode.INVALID_INPUT, (path,))


async def test_a_file_whose_rules_are_not_installed_is_not_tried(app_database: Database) -> None:
    shop = await new_shop(app_database)
    without = {name: kind for name, kind in shop.engine.installed.items() if name != "tier_spend"}
    crippled = Engine(shop.engine.database, without, shop.engine.clock, shop.engine.secret_key)
    command, key = SimulateProgram(source=STRICT.replace("SLUG", shop.slug)), shop.key()
    refused = done(await queue_simulation(crippled, shop.caller, key, command), Refusal)
    assert (refused.code, refused.retryable) == (RefusalCode.CONFIG_INVALID, True)
    queued = done(await queue_simulation(shop.engine, shop.caller, key, command), SimulationQueued)
    assert await continue_simulation(crippled, shop.business_id) == 1
    found = await row(shop, queued.simulation_id)
    assert (found["state"], found["failure"]) == ("failed", "program")
