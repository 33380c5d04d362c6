"""A back-test of members who left, were erased, merged or paused before, within or after the period."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from loyalty_engine.rating.periods import Cost
from loyalty_engine.services import erase_member, merge_members, pause_member, resume_member
from loyalty_engine.services.backtest import Backtested, Compared
from loyalty_engine.services.commands import (
    Erased,
    EraseMember,
    MemberBy,
    MembersMerged,
    MergeMembers,
    Recorded,
    ReverseActivity,
)
from loyalty_engine.services.pauses import PauseMember, ResumeMember
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.services.simulation_counts import backtested
from loyalty_engine.services.strata import Held
from loyalty_engine.store.database import Database
from loyalty_engine.store.reads.moments import Moment
from loyalty_engine.store.reads.standings_then import standings_then
from loyalty_engine.store.reads.view import View
from tests.services.leaving import leave
from tests.services.shop import NOW, PROGRAM, START, Shop, done, linked_return, new_shop, purchase
from tests.services.simulated import in_small_chunks, queue, row, through
from tests.services.test_backtest import EARNED, EASY, SPRING, TWICE, earned_by_the_ledger, run
from tests.services.test_ladders_that_are_gone import REMOVED
from tests.services.test_quotas import FUNDED
from tests.services.test_simulation import checksum

DAY = timedelta(days=1)
EXPIRED = Cost("expired", "points", "", "")
WAYS = ("leaves", "is erased", "is absorbed", "is paused", "rests for a while", "stays")


async def erase(shop: Shop, name: str) -> None:
    """Delete what names a member."""
    command = EraseMember(MemberBy(external_id=name))
    done(await erase_member(shop.engine, shop.caller, shop.key(), command), Erased)


async def merge(shop: Shop, absorbed: str, survivor: str) -> None:
    """Merge two members."""
    command = MergeMembers(MemberBy(external_id=absorbed), MemberBy(external_id=survivor))
    done(await merge_members(shop.engine, shop.caller, shop.key(), command), MembersMerged)


async def pause(shop: Shop, name: str) -> None:
    """Pause a member."""
    command = PauseMember(MemberBy(external_id=name), "abroad")
    done(await pause_member(shop.engine, shop.caller, shop.key(), command), Recorded)


async def resume(shop: Shop, name: str) -> None:
    """Resume a member."""
    command = ResumeMember(MemberBy(external_id=name), "back")
    done(await resume_member(shop.engine, shop.caller, shop.key(), command), Recorded)


async def happens(shop: Shop, name: str, way: str) -> None:
    """What becomes of a member now."""
    match way:
        case "leaves":
            await leave(shop, name)
        case "is erased":
            await erase(shop, name)
        case "is absorbed":
            await merge(shop, name, f"other-of-{name}")
        case "is paused" | "rests for a while":
            await pause(shop, name)


async def crowd(shop: Shop, seed: int, days: range) -> None:
    """Two members of each way, who buy and return before and after it happens on one of the days."""
    chance = random.Random(seed)
    plans: list[tuple[datetime, Any]] = []
    for number, way in enumerate(WAYS * 2):
        name = f"member-{number}"
        for member in (name, f"other-of-{name}") if way == "is absorbed" else (name,):
            await shop.enrol(member)
            for count in range(chance.randint(3, 5)):
                at = START + timedelta(days=chance.randint(1, 150), seconds=number)
                bought = purchase(
                    chance.choice((30, 90, 150)), at, member=member, external_id=f"{member}-{count}"
                )
                plans.append((at, bought))
                if chance.random() < 0.4:
                    later = at + timedelta(days=chance.randint(1, 20))
                    plans.append(
                        (later, linked_return(f"{member}-{count}", chance.choice((10, None)), later))
                    )
        at = START + timedelta(days=chance.choice(days), hours=1, seconds=number)
        plans.append((at, (name, way)))
        if way == "rests for a while":
            plans.append((at + 20 * DAY, (name, "is back")))
    for at, what in sorted(plans, key=lambda each: each[0]):
        await shop.set_clock(at + timedelta(minutes=1))
        if isinstance(what, tuple):
            name, way = what
            await (resume(shop, name) if way == "is back" else happens(shop, name, way))
        elif isinstance(what, ReverseActivity):
            await shop.reverse(what)
        else:
            assert isinstance(await shop.send(what), (Recorded, Refusal))
    await shop.set_clock(NOW)
    await shop.advance()


async def expired_by_the_ledger(shop: Shop) -> int:
    """What the ledger says expired in spring."""
    query = """
        SELECT coalesce(sum(CASE WHEN c.kind = 'breakage' THEN t.amount ELSE -t.amount END), 0)::bigint
        FROM transfer t
        JOIN account d ON d.account_id = t.debit_account_id
        JOIN account c ON c.account_id = t.credit_account_id
        WHERE 'breakage' IN (c.kind, d.kind) AND t.effective_at >= $1 AND t.effective_at < $2
        """
    return int(await shop.value(query, SPRING.start, SPRING.end))


async def stood(shop: Shop) -> Counter[str]:
    """Where those stood just before the end of spring who had neither left nor gone into another by then."""
    query = """
        SELECT m.member_id FROM member m WHERE (m.closed_at IS NULL OR m.closed_at >= $1)
          AND NOT EXISTS (SELECT FROM merge g WHERE g.absorbed_id = m.member_id AND g.merged_at < $1)
        """
    at = SPRING.end - timedelta(microseconds=1)
    moments = [Moment(member_id, at, NOW) for (member_id,) in await shop.rows(query, SPRING.end)]
    async with shop.engine.database.reading(shop.business_id) as connection:
        found = await standings_then(connection, View(shop.business_id), moments)
    return Counter(found[moment]["status"].tier for moment in moments)


def was(found: Backtested) -> Counter[str | None]:
    """Where members stood, as the back-test says."""
    counted: Counter[str | None] = Counter()
    for held, members in found.tiers.items():
        counted[held.was] += members
    return counted


BEFORE, WITHIN, AFTER = range(30, 50), range(70, 130), range(148, 155)


@pytest.mark.parametrize("days", [BEFORE, WITHIN, AFTER], ids=["before", "within", "after"])
@pytest.mark.parametrize("program", [PROGRAM, FUNDED], ids=["plain", "rationed"])
async def test_the_program_in_force_would_have_come_to_what_the_ledger_says_of_who_is_gone_too(
    app_database: Database, program: str, days: range
) -> None:
    shop = await new_shop(app_database, program, clock_at=START)
    await crowd(shop, days.start, days)
    before = await checksum(shop)
    found = await run(shop, program)
    assert await checksum(shop) == before
    assert found.costs[EARNED].was > 0
    assert all(compared.was == compared.would for compared in found.costs.values()), found.costs
    earned = sum(each.was for cost, each in found.costs.items() if cost.sort == "earned")
    assert earned == await earned_by_the_ledger(shop, SPRING)
    assert found.costs.get(EXPIRED, Compared(0, 0)).was == await expired_by_the_ledger(shop)
    assert all(held.was == held.would for held in found.tiers)
    assert was(found) == await stood(shop)
    assert found.failed == {}
    assert found.estimates - {"budgets"} == frozenset()


async def test_what_would_be_left_to_who_leaves_would_be_forfeited(app_database: Database) -> None:
    shop = await new_shop(app_database, clock_at=SPRING.start + DAY)
    await shop.enrol()
    await shop.buy(40, SPRING.start + DAY)
    await shop.set_clock(SPRING.start + 9 * DAY)
    await leave(shop)
    await shop.set_clock(NOW)
    found = await run(shop, TWICE)
    assert found.costs == {EARNED: Compared(40, 80), EXPIRED: Compared(40, 80)}
    assert (found.members, found.tiers, found.estimates) == (1, {}, frozenset())


async def test_who_left_before_a_ladder_came_is_on_none_of_its_tiers(app_database: Database) -> None:
    shop = await new_shop(app_database, clock_at=START + DAY)
    for name in ("ann", "ben"):
        await shop.enrol(name)
        await shop.buy(150, START + DAY, member=name)
    await leave(shop)
    await shop.set_clock(NOW)
    found = await run(shop, PROGRAM.replace('key = "status"', 'key = "level"'), REMOVED)
    assert found.tiers == {Held("level", None, "basic"): 1}


async def test_who_would_have_brought_something_else_into_another_membership_makes_an_estimate(
    app_database: Database,
) -> None:
    shop = await new_shop(app_database, clock_at=SPRING.start + DAY)
    for name in ("ann", "ben"):
        await shop.enrol(name)
    await shop.buy(40, SPRING.start + DAY)
    await shop.set_clock(SPRING.start + 9 * DAY)
    await merge(shop, "ann", "ben")
    await shop.set_clock(NOW)
    same = await run(shop, PROGRAM)
    assert (same.costs, same.estimates) == ({EARNED: Compared(40, 40)}, frozenset())
    other = await run(shop, TWICE)
    assert (other.costs, other.estimates) == ({EARNED: Compared(40, 80)}, frozenset({"merges"}))
    assert other.tiers == {Held("status", "basic", "basic"): 1}
    graded = await run(shop, EASY.replace('silver = "50"', 'silver = "30"'))
    assert graded.costs == {EARNED: Compared(40, 40)}
    assert graded.estimates == {"merges"}


@pytest.mark.parametrize("days", [BEFORE, WITHIN, AFTER], ids=["before", "within", "after"])
async def test_a_draft_with_other_rules_and_ladders_folds_them_all_in_chunks_as_at_once(
    app_database: Database, monkeypatch: pytest.MonkeyPatch, days: range
) -> None:
    in_small_chunks(monkeypatch)
    shop = await new_shop(app_database, clock_at=START)
    await crowd(shop, 1, days)
    program = TWICE.replace('key = "status"', 'key = "level"').replace('id = "earn"', 'id = "anew"')
    found = await run(shop, program, REMOVED)
    anew = Cost("earned", "points", "anew", "")
    assert found.costs[anew].would > found.costs[EARNED].would
    assert sum(found.tiers.values()) == sum((await stood(shop)).values())
    assert (found.failed, found.estimates) == ({}, frozenset({"merges"} if days is WITHIN else ()))
    written = {"ladders": {"status": {"claims": "remove"}}}
    simulation_id = await queue(shop, program, start=SPRING.start, end=SPRING.end, plan=written)
    assert await through(shop) > 3
    kept = await row(shop, simulation_id)
    assert kept["state"] == "done", kept["failure"]
    compiled = shop.engine.draft(simulation_id, program.replace("SLUG", shop.slug))
    assert compiled is not None
    assert kept["counted"] == backtested(compiled, found)
