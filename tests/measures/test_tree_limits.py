"""What a tree of 4 levels and 64 nodes supports, as one statement, is what its rules say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from loyalty_engine.measures import supported
from loyalty_engine.plugins import discover
from loyalty_engine.program import Program, compile_program
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rating.state import enrolled
from loyalty_engine.services.commands import LineInput, MemberBy, Recorded
from loyalty_engine.services.qualifying import conditions
from loyalty_engine.store.database import Database
from tests.rating.histories import POINTS
from tests.rating.trees import TIERS, deep, figures_of, names, of_trees, wide
from tests.services.shop import HEAD, Shop, done, new_shop, purchase

DAY = date(2026, 3, 2)
MANY_TIERS = ("base", *(f"tier_{number}" for number in range(1, 50)))

SPENT: Mapping[str, Mapping[str, int]] = {
    "nobody": {},
    "one_node": {"r0": 100, "r4": 100, "r8": 100, "r12": 100},
    "the_last_node": {"r35": 250, "r39": 200, "r43": 200, "r47": 200},
    "one_short": {"r35": 250, "r39": 200, "r43": 200, "r47": 199},
    "one_missing": {"r0": 200, "r4": 200, "r8": 200},
    "half": dict.fromkeys(names(32), 100),
    "less_than_half": dict.fromkeys(names(31), 300),
    "all": dict.fromkeys(names(63), 100),
    "all_but_one": dict.fromkeys(names(62), 100),
    "most": dict.fromkeys(names(63)[:48], 4900),
}


async def crowd(shop: Shop) -> dict[str, UUID]:
    """Members by name, each with one receipt."""
    for name in SPENT:
        await shop.enrol(name)
    receipts = [
        purchase(
            sum(spent.values()),
            member=MemberBy(external_id=name),
            lines=tuple(
                LineInput(category, Decimal(amount), None, category) for category, amount in spent.items()
            ),
        )
        for name, spent in SPENT.items()
        if spent
    ]
    for result in await shop.send_batch(receipts):
        done(result, Recorded)
    return await shop.member_ids()


def by_rules(program: Program, spent: Mapping[str, int]) -> str:
    """What the rules themselves say."""
    state = enrolled("member", purchase().occurred_at, DAY)
    return judge(
        program, program.ladder("status"), member_at(state, program, {}, figures_of(program, spent))
    ).tier


async def by_sql(shop: Shop, program: Program, members: Mapping[str, UUID]) -> dict[str, str]:
    """What the database says, asked once."""
    policy = program.ladder("status")
    async with shop.engine.database.reading(shop.business_id) as connection:
        ranks = await supported(
            connection, shop.business_id, list(members.values()), conditions(program, policy, DAY)
        )
    return {name: policy.ladder.tiers[ranks[member_id]] for name, member_id in members.items()}


@pytest.mark.parametrize(
    ("combine", "rules", "tiers", "reached"),
    [
        (deep(), 48, TIERS, {"one_node": "silver", "the_last_node": "gold", "one_short": "silver"}),
        (deep("all_of", "any_of", "all_of"), 48, TIERS, {"most": "gold", "one_node": "basic"}),
        (wide("any_of", 32), 63, TIERS, {"half": "silver", "less_than_half": "basic"}),
        (wide("all_of"), 63, TIERS, {"all": "silver", "all_but_one": "basic"}),
        (wide("weighted", 496), 63, TIERS, {"less_than_half": "gold", "one_short": "basic"}),
        (deep(), 48, MANY_TIERS, {"the_last_node": "tier_2", "most": "tier_49"}),
    ],
    ids=["4 levels", "4 levels, all", "half of 63", "all of 63", "weights", "50 tiers"],
)
async def test_the_database_decides_as_the_rules_do_at_the_limit_of_trees(
    app_database: Database, combine: str, rules: int, tiers: Sequence[str], reached: Mapping[str, str]
) -> None:
    shop = await new_shop(app_database)
    members = await crowd(shop)
    written = HEAD.replace("SLUG", shop.slug) + POINTS + of_trees(combine, rules, tiers=tiers)
    program = compile_program(written, discover())
    found = await by_sql(shop, program, members)
    assert found == {name: by_rules(program, spent) for name, spent in SPENT.items()}
    assert {name: found[name] for name in reached} == reached
