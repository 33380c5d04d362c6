"""Of a crowd that is due, those whose tier changes go first; what becomes of anybody is the same."""

from __future__ import annotations

from datetime import UTC, datetime

from loyalty_engine.program.plan import plan_of
from loyalty_engine.services.due import advance_members
from loyalty_engine.services.programs import Published, publish_program
from loyalty_engine.services.proposing import Proposals
from loyalty_engine.store.database import Database
from tests.services.shop import HEAD, Shop, done, new_shop

REVIEWED = (
    HEAD
    + """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }]
combine = "spend"
upgrade = { at = "review", until = { months = 1 } }
review = { every = "month", until = { months = 1 } }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { calendar = "month" }, thresholds = { silver = "100" } }
"""
)
OWN_PERIOD = REVIEWED.replace('{ calendar = "month" }', '"anniversary"')
MEMBERS, CROWD = 12, 4
SPENDERS = ("m03", "m09", "m11")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


async def crowd(database: Database, program: str) -> Shop:
    """A shop whose members are due at one review, after which three of them stand on another tier."""
    shop = await new_shop(database, program, clock_at=utc(2026, 2, 2, 9))
    for number in range(MEMBERS):
        await shop.enrol(f"m{number:02}", enrolled_at=utc(2026, 2, 2, 8))
    for name in SPENDERS:
        await shop.buy(150, utc(2026, 2, 2, 8, 30), member=name)
    await shop.set_clock(utc(2026, 3, 1, 9))
    return shop


async def sweep(shop: Shop, listed: int, proposals: Proposals) -> int:
    """Advances members, of whom so many are listed, besides the events that wait."""
    due = await shop.engine.database.due(utc(2026, 1, 1), 1000)
    rows = [row for row in due if row["work"] == "boundary"][:listed]
    return await advance_members(shop.engine, rows, proposals=proposals)


async def reviewed(shop: Shop) -> list[str]:
    """Who is not due any more."""
    query = "SELECT external_id FROM member WHERE next_boundary_at > '2026-03-02' ORDER BY 1"
    return [name for (name,) in await shop.rows(query)]


async def on_silver(shop: Shop) -> list[str]:
    """Who stands on the higher tier."""
    query = """
        SELECT m.external_id FROM member m JOIN current_standing s USING (business_id, member_id)
        WHERE s.tier = 'silver' ORDER BY 1
        """
    return [name for (name,) in await shop.rows(query)]


async def test_those_who_move_go_first_and_all_others_after_them(app_database: Database) -> None:
    shop, proposals = await crowd(app_database, REVIEWED), Proposals(CROWD)
    assert await sweep(shop, CROWD, proposals) == len(SPENDERS)
    assert await reviewed(shop) == await on_silver(shop) == list(SPENDERS)
    left = [await sweep(shop, CROWD, proposals) for _ in range(4)]
    assert left == [CROWD, CROWD, MEMBERS - len(SPENDERS) - 2 * CROWD, 0]
    assert await on_silver(shop) == list(SPENDERS)


async def test_no_more_go_first_than_are_listed(app_database: Database) -> None:
    shop, proposals = await crowd(app_database, REVIEWED), Proposals(2)
    assert await sweep(shop, 2, proposals) == 2
    assert await reviewed(shop) == list(SPENDERS[:2])
    assert await sweep(shop, 2, proposals) == 1
    assert await reviewed(shop) == list(SPENDERS)


async def test_who_was_proposed_and_is_done_meanwhile_holds_nobody_up(app_database: Database) -> None:
    shop, proposals, others = await crowd(app_database, REVIEWED), Proposals(2), Proposals(2)
    assert await sweep(shop, 2, proposals) == 2
    assert await sweep(shop, 2, others) == 1
    assert await reviewed(shop) == list(SPENDERS)
    assert await sweep(shop, 2, proposals) == 2
    assert len(await reviewed(shop)) == len(SPENDERS) + 2


async def test_a_few_are_not_asked_about(app_database: Database) -> None:
    shop = await crowd(app_database, REVIEWED)
    assert await sweep(shop, CROWD, Proposals(CROWD + 1)) == CROWD
    assert await reviewed(shop) == ["m00", "m01", "m02", "m03"]


async def test_those_of_whom_the_database_cannot_tell_are_reviewed_in_their_order(
    app_database: Database,
) -> None:
    shop = await crowd(app_database, OWN_PERIOD)
    assert await sweep(shop, CROWD, Proposals(CROWD)) == CROWD
    assert await reviewed(shop) == ["m00", "m01", "m02", "m03"]


async def test_every_review_is_asked_about_anew(app_database: Database) -> None:
    shop, proposals = await crowd(app_database, REVIEWED), Proposals(CROWD)
    while await sweep(shop, CROWD, proposals):
        pass
    await shop.set_clock(utc(2026, 4, 1, 9))
    assert await on_silver(shop) == list(SPENDERS)
    assert await sweep(shop, CROWD, proposals) == len(SPENDERS)
    assert await on_silver(shop) == []


async def test_those_go_first_whom_another_version_moves(app_database: Database) -> None:
    shop, proposals = await crowd(app_database, REVIEWED), Proposals(CROWD)
    while await sweep(shop, CROWD, proposals):
        pass
    changed = REVIEWED.replace("SLUG", shop.slug).replace('"100"', '"1000"')
    plan = plan_of({"ladders": {"status": {"claims": "regrade_now"}}})
    done(await publish_program(shop.engine, shop.caller, changed, None, plan), Published)
    assert await on_silver(shop) == list(SPENDERS)
    assert await sweep(shop, CROWD, proposals) == len(SPENDERS)
    assert await on_silver(shop) == []
    assert await shop.value("SELECT count(*) FROM member WHERE rulebook_version = 1") == 9
