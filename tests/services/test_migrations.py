"""A version takes effect for members in chunks, and the same whoever comes first (SEMANTICS section 5)."""

from __future__ import annotations

import asyncio
import random
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty_engine.program.plan import NO_PLAN, Plan, plan_file, plan_hash, plan_of, stored_plan
from loyalty_engine.rating import Rulebook
from loyalty_engine.services import advance_due, transfer_points
from loyalty_engine.services.commands import MemberBy, PointsInput, TransferPoints, Transferred
from loyalty_engine.services.folding import Arrivals, FoldingBatch
from loyalty_engine.services.programs import NotPublished, Published, publish_program, show_programs
from loyalty_engine.services.verification import verify_business
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from tests.services.shop import NOW, PROGRAM, START, Shop, done, new_shop, purchase

BRONZE = PROGRAM.replace("silver", "bronze")
RENAMED = plan_of({"ladders": {"status": {"tiers": {"silver": "bronze"}}}})
STRICT = PROGRAM.replace('silver = "100"', 'silver = "1000"').replace('gold = "500"', 'gold = "5000"')
REGRADED = plan_of({"ladders": {"status": {"claims": "regrade_now"}}})


async def publish(shop: Shop, program: str, plan: Plan = NO_PLAN, at: datetime | None = None) -> Published:
    """Publish a program; it must succeed."""
    return done(
        await publish_program(shop.engine, shop.caller, program.replace("SLUG", shop.slug), at, plan),
        Published,
    )


async def refuse(
    shop: Shop, program: str, plan: Plan = NO_PLAN, at: datetime | None = None
) -> dict[str, str | None]:
    """The paths of what is wrong with publishing a program, each with what would mend it."""
    source = program.replace("SLUG", shop.slug)
    answer = done(await publish_program(shop.engine, shop.caller, source, at, plan), NotPublished)
    return {finding.path: finding.fix for finding in answer.findings if finding.severity == "error"}


async def proven(shop: Shop) -> None:
    """What is stored is what facts and versions make, and folding everybody again writes nothing."""
    verified = await verify_business(shop.engine, shop.business_id)
    assert verified.difference is None, verified.difference
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    return await new_shop(app_database)


async def with_members(shop: Shop, *names: str, amount: object = 150) -> None:
    for name in names:
        await shop.enrol(name)
        await shop.buy(amount, member=name)


MEMBER_ROWS = "SELECT member_id, xmin::text FROM member ORDER BY member_id"


async def test_publishing_touches_no_member_and_each_is_advanced_afterwards(shop: Shop) -> None:
    await with_members(shop, "ann", "ben", "cem")
    before = await shop.rows(MEMBER_ROWS)
    await publish(shop, BRONZE, RENAMED)
    assert await shop.rows(MEMBER_ROWS) == before
    assert await shop.tier() == "silver"
    await proven_before_folding(shop)
    assert await shop.advance() == 3
    assert {await shop.tier(name) for name in ("ann", "ben", "cem")} == {"bronze"}
    await proven(shop)
    assert await shop.advance() == 0


async def proven_before_folding(shop: Shop) -> None:
    verified = await verify_business(shop.engine, shop.business_id)
    assert verified.difference is None, verified.difference


async def test_members_wait_for_a_version_that_takes_effect_later(shop: Shop) -> None:
    later = NOW + timedelta(days=3)
    await with_members(shop, "ann")
    await publish(shop, BRONZE, RENAMED, later)
    assert await shop.advance() == 0
    await shop.set_clock(later - timedelta(microseconds=1))
    assert await shop.advance() == 0
    await shop.set_clock(later)
    assert await shop.advance() == 1
    assert await shop.tier() == "bronze"
    await proven(shop)


async def test_what_is_recorded_in_between_finds_the_version_in_effect(shop: Shop) -> None:
    await with_members(shop, "ann")
    await publish(shop, BRONZE, RENAMED)
    await shop.set_clock(NOW + timedelta(minutes=1))
    await shop.buy(1, NOW + timedelta(seconds=1))
    assert await shop.tier() == "bronze"
    assert await shop.advance() == 0
    await proven(shop)


async def test_a_decision_in_between_finds_the_version_in_effect(shop: Shop) -> None:
    await with_members(shop, "ann")
    await shop.enrol("ben")
    await publish(shop, BRONZE, RENAMED)
    await shop.set_clock(NOW + timedelta(minutes=1))
    ann, ben = MemberBy(external_id="ann"), MemberBy(external_id="ben")
    command = TransferPoints(ann, ben, PointsInput(Decimal(10), "points"))
    done(await transfer_points(shop.engine, shop.caller, shop.key(), command), Transferred)
    assert await shop.tier() == "bronze"
    await proven(shop)


async def test_a_purchase_of_before_that_comes_afterwards_is_folded_under_the_earlier_version(
    shop: Shop,
) -> None:
    await with_members(shop, "ann", amount=20)
    await publish(shop, BRONZE, RENAMED)
    await shop.advance()
    assert await shop.tier() == "basic"
    await shop.set_clock(NOW + timedelta(days=1))
    await shop.buy(150, NOW - timedelta(days=5))
    assert await shop.tier() == "bronze"
    assert await shop.rows("SELECT from_tier, to_tier FROM standing ORDER BY effective_at") == [
        (None, "basic"),
        ("basic", "silver"),
        ("silver", "bronze"),
    ]
    await proven(shop)


async def test_any_number_of_workers_moves_each_member_once(shop: Shop) -> None:
    names = [f"member-{number}" for number in range(12)]
    await with_members(shop, *names)
    await publish(shop, STRICT, REGRADED)
    done_by_each = await asyncio.gather(*(advance_due(shop.engine, at_most=5) for _ in range(6)))
    await shop.advance()
    assert sum(done_by_each) >= 1
    assert {await shop.tier(name) for name in names} == {"basic"}
    falls = await shop.value("SELECT count(*) FROM standing WHERE to_tier = 'basic' AND from_tier = 'silver'")
    assert falls == len(names)
    await proven(shop)


async def test_chunks_that_were_interrupted_go_on_where_they_ended(shop: Shop) -> None:
    names = [f"member-{number}" for number in range(7)]
    await with_members(shop, *names)
    await publish(shop, STRICT, REGRADED)
    one_more = 1  # the events that wait to be published are found first
    assert await advance_due(shop.engine, at_most=3 + one_more) == 3
    assert await advance_due(shop.restarted().engine, at_most=3 + one_more) == 3
    tiers = [await shop.tier(name) for name in names]
    assert sorted(tiers) == ["basic"] * 6 + ["silver"]
    await proven_before_folding(shop)
    assert await advance_due(shop.engine) == 1
    await proven(shop)


async def test_who_was_folded_without_knowing_the_version_is_folded_again(shop: Shop) -> None:
    await with_members(shop, "ann")
    await shop.set_clock(NOW + timedelta(seconds=1))
    ann = (await shop.member_ids())["ann"]
    async with shop.engine.database.writing(shop.business_id) as connection:
        members = await lock_members(connection, shop.business_id, [ann])
        rulebook = await shop.engine.rulebook(connection, shop.business_id)
        business = await shop.engine.business(connection, shop.business_id)
        await publish(shop, BRONZE, RENAMED, NOW + timedelta(seconds=1))
        batch = FoldingBatch(connection, business, rulebook, business.now())
        await batch.fold([Arrivals(members[ann])], until=NOW + timedelta(seconds=2))
    await shop.set_clock(NOW + timedelta(seconds=3))
    assert await shop.tier() == "silver"
    assert await shop.advance() == 1
    assert await shop.tier() == "bronze"
    await proven(shop)


async def test_who_enrols_while_a_version_is_published_is_advanced_as_well(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shop.engine.database.reading(shop.business_id) as connection:
        before = await shop.engine.rulebook(connection, shop.business_id)

    async def known_before(*_: object) -> Rulebook:
        return before

    await publish(shop, BRONZE, RENAMED)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(shop.engine, "rulebook", known_before)
        await with_members(shop, "ann")
    assert await shop.tier() == "silver"
    assert await shop.advance() == 1
    assert await shop.tier() == "bronze"
    await proven(shop)


async def test_a_version_at_the_instant_of_another_takes_its_place(shop: Shop) -> None:
    await with_members(shop, "ann")
    await publish(shop, BRONZE, RENAMED)
    await shop.advance()
    jade = PROGRAM.replace("silver", "jade")
    await publish(shop, jade, plan_of({"ladders": {"status": {"tiers": {"silver": "jade"}}}}))
    await shop.advance()
    assert await shop.tier() == "jade"
    await proven(shop)


async def test_publishing_an_earlier_file_again_restores_it(shop: Shop) -> None:
    await with_members(shop, "ann")
    await publish(shop, BRONZE, RENAMED)
    await shop.advance()
    await shop.set_clock(NOW + timedelta(days=1))
    back = plan_of({"ladders": {"status": {"tiers": {"bronze": "silver"}}}})
    answer = await publish(shop, PROGRAM, back)
    assert (answer.version, answer.unchanged) == (3, False)
    await shop.advance()
    assert await shop.tier() == "silver"
    await proven(shop)


async def test_the_tier_held_is_protected_as_a_claim_that_is_stored(shop: Shop) -> None:
    await with_members(shop, "ann")
    plan = plan_of({"ladders": {"status": {"claims": "protect_until", "until": date(2027, 3, 1)}}})
    await publish(shop, STRICT, plan)
    await shop.advance()
    assert await shop.rows("SELECT tier, origin, until_at FROM claim ORDER BY origin") == [
        ("silver", "migration", datetime.fromisoformat("2027-03-01T00:00+01:00")),
        ("silver", "rules", datetime.fromisoformat("2027-01-01T00:00+01:00")),
    ]
    await shop.set_clock(datetime.fromisoformat("2027-03-01T00:00+01:00"))
    await shop.advance()
    assert await shop.tier() == "basic"
    await proven(shop)


async def test_a_claim_under_another_name_is_withdrawn_by_a_return_like_any_other(
    app_database: Database,
) -> None:
    old, new = (
        program.replace('returns = "undo"', 'returns = "from_now"').replace(
            "{ rolling_months = 12 }", '{ calendar = "year" }'
        )
        for program in (PROGRAM, BRONZE)
    )
    shop = await new_shop(app_database, old)
    await with_members(shop, "ann")
    await publish(shop, new, RENAMED)
    await shop.advance()
    await shop.set_clock(NOW + timedelta(days=2))
    await shop.send(purchase(-100, NOW + timedelta(days=1), kind="return"))
    assert await shop.tier() == "basic"
    await proven(shop)


async def test_the_plan_is_stored_with_its_hash(shop: Shop) -> None:
    await publish(shop, BRONZE, RENAMED)
    first, second = await show_programs(shop.engine, shop.caller)
    assert (first.plan, first.plan_hash) == (None, None)
    assert second.plan is not None
    assert stored_plan(second.plan) == RENAMED
    assert second.plan_hash == plan_hash(second.plan)


async def test_the_same_file_with_another_plan_is_another_version(shop: Shop) -> None:
    assert (await publish(shop, PROGRAM)).unchanged
    assert not (await publish(shop, PROGRAM, REGRADED)).unchanged
    assert (await publish(shop, PROGRAM, REGRADED)).unchanged


async def test_a_tier_that_is_gone_needs_a_map_or_regrading(shop: Shop) -> None:
    gone = (
        PROGRAM.replace('{ key = "silver" }, ', "")
        .replace('silver = "100", ', "")
        .replace(', silver = "2"', "")
    )
    (found,) = (await refuse(shop, gone)).items()
    assert found[0] == "ladders.0.tiers"
    assert found[1] is not None
    assert 'tiers = { silver = "basic" }' in found[1]
    keep = plan_of({"ladders": {"status": {"claims": "keep"}}})
    assert list(await refuse(shop, gone, keep)) == ["ladders.0.tiers"]
    await publish(shop, gone, REGRADED)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ({"status": {"tiers": {"jade": "gold"}}}, "plan.ladders.status.tiers.jade"),
        ({"status": {"tiers": {"silver": "jade"}}}, "plan.ladders.status.tiers.silver"),
        ({"status": {"tiers": {"basic": "gold"}}}, "plan.ladders.status.tiers.basic"),
        ({"status": {"claims": "remove"}}, "plan.ladders.status.claims"),
        ({"level": {"claims": "keep"}}, "plan.ladders.level"),
        (
            {"status": {"claims": "protect_until", "until": date(2026, 6, 15)}},
            "plan.ladders.status.until",
        ),
    ],
)
async def test_a_plan_that_cannot_be_carried_out_is_refused(
    shop: Shop, written: dict[str, object], path: str
) -> None:
    found = await refuse(shop, STRICT, plan_of({"ladders": written}))
    assert list(found) == [path]
    assert all(found.values())


async def test_a_ladder_is_removed_and_comes_back(shop: Shop) -> None:
    await with_members(shop, "ann")
    other = PROGRAM.replace('key = "status"', 'key = "level"')
    await publish(shop, other, plan_of({"ladders": {"status": {"claims": "remove"}}}))
    await shop.advance()
    assert await shop.tier(ladder="level") == "basic"
    assert await shop.tier() == "silver"
    await shop.set_clock(NOW + timedelta(days=300))
    await publish(shop, PROGRAM, plan_of({"ladders": {"level": {"claims": "remove"}}}))
    await shop.advance()
    assert await shop.tier() == "basic"
    await proven(shop)


async def test_the_fourth_change_within_ninety_days_is_warned_of(shop: Shop) -> None:
    warned = []
    for number in range(1, 6):
        await shop.set_clock(NOW + timedelta(days=number))
        answer = await publish(shop, PROGRAM.replace('"500"', f'"{500 + number}"'))
        warned.append([finding.path for finding in answer.warnings if finding.path == "effective_at"])
    assert warned == [[], [], [], ["effective_at"], ["effective_at"]]
    await shop.set_clock(NOW + timedelta(days=96))
    last = await publish(shop, PROGRAM)
    assert "effective_at" not in {finding.path for finding in last.warnings}


def test_a_plan_is_read_from_a_file_like_a_program() -> None:
    plan = plan_file(
        '[ladders.status]\nclaims = "protect_until"\nuntil = 2027-01-01\ntiers = { silver = "bronze" }\n'
    )
    own = plan.of("status")
    assert (own.claims, own.until, own.tiers) == ("protect_until", date(2027, 1, 1), {"silver": "bronze"})
    assert stored_plan(plan.text) == plan
    assert plan.of("other").claims == "keep"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_in_whatever_order_the_same_stands(app_database: Database, seed: int) -> None:
    chance = random.Random(seed)
    later = NOW + timedelta(days=10)
    shops = [await new_shop(app_database) for _ in range(2)]
    begin = START + timedelta(days=1)
    bought = [
        (chance.choice((40, 90, 160)), begin + timedelta(days=chance.randint(0, 170), hours=number))
        for number in range(8)
    ]
    for index, shop in enumerate(shops):
        await shop.enrol()
        order = sorted(bought, key=lambda each: each[1]) if index == 0 else chance.sample(bought, len(bought))
        early = [each for each in order if each[1] <= NOW]
        for amount, at in early[: len(early) // 2]:
            await shop.buy(amount, at, external_id=at.isoformat())
        await publish(shop, BRONZE, RENAMED, NOW + timedelta(days=4))
        await publish(
            shop,
            STRICT.replace("silver", "jade"),
            plan_of({"ladders": {"status": {"claims": "regrade_now", "tiers": {"bronze": "jade"}}}}),
            later,
        )
        await shop.set_clock(NOW + timedelta(days=30))
        if index == 0:
            await shop.advance()
        for amount, at in order:
            if (amount, at) not in early[: len(early) // 2]:
                await shop.buy(amount, at, external_id=at.isoformat())
        await shop.advance()
        await proven(shop)
    query = """
        SELECT from_tier, to_tier, effective_at FROM standing WHERE withdrawn_effect_id IS NULL
        ORDER BY effective_at
        """
    assert await shops[0].rows(query) == await shops[1].rows(query)
    assert await shops[0].balance() == await shops[1].balance()
