"""What the database says about tiers is what a fold says: for generated programs and generated members."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest

from loyalty_engine.localtime import local_day
from loyalty_engine.measures import supported
from loyalty_engine.plugins import discover
from loyalty_engine.program import LadderPolicy, Program, compile_program
from loyalty_engine.rating import Folding, run
from loyalty_engine.rating.facts import place_of, returns_by_purchase
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import judge
from loyalty_engine.rating.state import State
from loyalty_engine.rating.tallies import tracked_figures
from loyalty_engine.services import merge_members
from loyalty_engine.services.commands import (
    LineInput,
    MemberBy,
    MembersMerged,
    MergeMembers,
    RecordActivity,
    Recorded,
    ReverseActivity,
)
from loyalty_engine.services.histories import facts_of
from loyalty_engine.services.qualifying import NoSqlForm, conditions, qualified
from loyalty_engine.services.states import empty_state
from loyalty_engine.store.database import Database
from loyalty_engine.store.members import lock_members
from loyalty_engine.store.merges import absorbed_by
from tests.measures.several import Several
from tests.rating.histories import with_rules
from tests.services.shop import HEAD, PROGRAM, Shop, done, linked_return, new_shop, purchase

SEED = int(os.environ.get("LOYALTY_TEST_SEED") or "20260101")
PROGRAMS, MEMBERS, MERGED = 200, 200, 40
BEGIN, END = datetime(2025, 1, 10, 9, tzinfo=UTC), datetime(2026, 9, 1, 12, tzinfo=UTC)

WINDOWS = (
    '"lifetime"',
    '{ calendar = "month" }',
    '{ calendar = "quarter" }',
    '{ calendar = "year" }',
    '{ fiscal_year = "04-06" }',
    "{ rolling_days = 30 }",
    "{ rolling_days = 400 }",
    "{ rolling_months = 3 }",
    '{ previous = { calendar = "month" } }',
    '{ previous = { calendar = "year" } }',
)
POINTS = """
[[points]]
key = "points"
decimals = 2
rounding = "toward_zero"
expiry = "never"
"""
"""As the shop has them, whose points are read."""

FILTERS = (
    "",
    'categories = ["tea"]',
    'channels = ["web", "app"]',
    'partners = ["acme"]',
    'kinds = ["visit"]',
)
NAMES = ("tier_spend", "tier_frequency", "tier_points", "tier_engagement", "tier_score", "several")
INSTALLED = with_rules(Several)
COUNTED = ('"activities"', '"local_days"', '"units"', '{ attribute = "nights" }')


def program_of(random: Random) -> str:
    """A program with one ladder over one to five rules."""
    rules = [f"r{number}" for number in range(random.randint(1, 5))]
    written = [
        HEAD,
        POINTS,
        _ladder(_tree(random, rules, 0), random.choice(("undo", "from_now", "at_review", "never"))),
    ]
    return "".join((*written, *(_rule(random, rule) for rule in rules)))


def _tree(random: Random, rules: Sequence[str], level: int) -> str:
    if len(rules) == 1:
        return f'"{rules[0]}"'
    if random.random() < 0.3:
        weights = {rule: random.randint(1, 4) for rule in rules}
        listed, named = (
            ", ".join(f"{k} = {v}" for k, v in weights.items()),
            ", ".join(f'"{r}"' for r in rules),
        )
        at_least = random.randint(1, sum(weights.values()))
        return f'{{ op = "weighted", of = [{named}], weights = {{ {listed} }}, at_least = {at_least} }}'
    cut = random.randint(1, len(rules) - 1)
    parts = [rules[:cut], rules[cut:]] if level < 2 else [[rule] for rule in rules]
    children = ", ".join(_tree(random, part, level + 1) for part in parts)
    if random.random() < 0.5:
        return f'{{ op = "all_of", of = [{children}] }}'
    return f'{{ op = "any_of", of = [{children}], at_least = {random.randint(1, len(parts))} }}'


def _ladder(tree: str, returns: str) -> str:
    return (
        '[[ladders]]\nkey = "status"\n'
        'tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }, { key = "onyx" }]\n'
        f'combine = {tree}\nupgrade = {{ at = "activity", until = "lifetime" }}\n'
        f'downgrade = {{ to = "base" }}\nreturns = "{returns}"\n'
    )


def _rule(random: Random, rule: str) -> str:
    name = random.choice(NAMES)
    most = 12 if name in ("tier_frequency", "tier_engagement") else 400
    bounds = sorted(random.sample(range(1, most), 3))
    named = random.sample(("silver", "gold", "onyx"), random.randint(1, 3))
    thresholds = ", ".join(
        f"{tier} = {bound}"
        for tier, bound in zip(("silver", "gold", "onyx"), bounds, strict=True)
        if tier in named
    )
    config = [f"thresholds = {{ {thresholds} }}", *_config(random, name)]
    return (
        f'[[rules]]\nid = "{rule}"\nrule = "{name}"\n'
        f"config = {{ {', '.join(part for part in config if part)} }}\n"
    )


def _config(random: Random, name: str) -> list[str]:
    window = f"window = {random.choice(WINDOWS)}"
    net = f"net = {random.choice(('true', 'true', 'false'))}"
    match name:
        case "tier_spend":
            return [window, net, random.choice(FILTERS)]
        case "tier_frequency":
            return [window, net, random.choice(FILTERS), f"count = {random.choice(COUNTED)}"]
        case "tier_points":
            return [window, net, 'currency = "points"', random.choice(("", 'channels = ["web"]'))]
        case "tier_engagement":
            return [window, net, 'weights = { visit = 2, purchase = "0.5" }']
        case "several":
            return [window, f"at_least = {random.randint(1, 3)}", f"inner = {random.randint(1, 3)}"]
    taken = random.choice(("sum", "largest", "last"))
    of = random.choice(('"amount"', '"units"', '{ attribute = "nights" }'))
    first = f'{{ key = "a", weight = "1.5", of = {of}, take = "{taken}", {window}, {net} }}'
    second = f'{{ key = "b", weight = 3, of = "local_days", window = {random.choice(WINDOWS)} }}'
    points = f'{{ key = "c", weight = "0.25", currency = "points", window = {random.choice(WINDOWS)} }}'
    return [f"measures = [{first}, {second}]", f"points = [{points}]"]


async def crowd(shop: Shop, random: Random) -> None:
    """Members who bought, visited and gave back at random, some of whom were merged before all came back."""
    for number in range(MEMBERS):
        await shop.enrol(f"m{number}", enrolled_at=BEGIN)
    commands = [
        _activity(random, f"m{number}", f"m{number}-{turn}")
        for number in range(MEMBERS)
        for turn in range(random.choice((0, 1, 3, 6, 9)))
    ]
    for start in range(0, len(commands), 500):
        for result in await shop.send_batch(commands[start : start + 500]):
            done(result, Recorded)
    bought = random.sample([each for each in commands if each.kind == "purchase"], len(commands) // 5)
    for command in bought[::2]:
        done(await shop.reverse(_return(random, command)), Recorded)
    for number in range(0, MERGED, 2):
        await _merge(shop, number, number + 1)
    for number in range(1, MERGED, 4):
        await _merge(shop, number, number + 2)
    for command in bought[1::2]:
        done(await shop.reverse(_return(random, command)), Recorded)


async def _merge(shop: Shop, absorbed: int, survivor: int) -> None:
    command = MergeMembers(MemberBy(external_id=f"m{absorbed}"), MemberBy(external_id=f"m{survivor}"))
    done(await merge_members(shop.engine, shop.caller, shop.key(), command), MembersMerged)


def _return(random: Random, bought: RecordActivity) -> ReverseActivity:
    later = min(END, bought.occurred_at + timedelta(days=random.randint(0, 60)))
    if random.random() < 0.5:
        return linked_return(bought.external_id, None, later)
    if bought.lines:
        return linked_return(
            bought.external_id, None, later, lines=(LineInput(bought.lines[0].key, Decimal(1), Decimal(1)),)
        )
    return linked_return(bought.external_id, 1, later)


def _activity(random: Random, member: str, name: str) -> RecordActivity:
    visit = random.random() < 0.2
    lines = tuple(
        LineInput(str(key), Decimal(random.randint(100, 9000)) / 100, Decimal(random.randint(1, 3)), category)
        for key, category in enumerate(random.sample(("tea", "books", "toys"), random.randint(0, 2)))
    )
    amount = sum((line.amount for line in lines), Decimal(0)) or Decimal(random.randint(100, 20000)) / 100
    return purchase(
        None if visit else amount,
        BEGIN + timedelta(minutes=random.randint(1, 860_000)),
        member=MemberBy(external_id=member),
        external_id=name,
        kind="visit" if visit else "purchase",
        lines=() if visit else lines,
        units=Decimal(random.randint(1, 4)),
        channel=random.choice((None, "web", "shop", "app")),
        attributes={"nights": random.choice((1, 2, "2.5", "many", None))},
    )


async def folded(shop: Shop, programs: Sequence[Program]) -> dict[UUID, State]:
    """Every member folded by themselves, with every figure that one of the programs reads."""
    async with shop.engine.database.writing(shop.business_id) as connection:
        members = await lock_members(connection, shop.business_id, list((await shop.member_ids()).values()))
        rulebook = await shop.engine.rulebook(connection, shop.business_id)
        by_member = await facts_of(connection, shop.business_id, rulebook, list(members))
    found = {}
    for member_id, member in members.items():
        facts = by_member.get(member_id, {})
        folding = Folding(rulebook, empty_state(member), returns_by_purchase(facts.values()))
        folding._measuring.figures = tracked_figures(programs)
        folding.enrol()
        for fact in sorted(facts.values(), key=place_of):
            run(folding.take(fact), lambda ask: ask.units)
        found[member_id] = folding.state
    return found


def decided(program: Program, policy: LadderPolicy, state: State, day: date, at_boundary: bool) -> str:
    """What the rules themselves say."""
    figures = state.tallies.figures(
        policy.measures, policy.section.returns, day, state.joined_on, at_boundary=at_boundary
    )
    return judge(program, policy, member_at(state, program, {}, figures)).tier


def days(random: Random) -> Iterator[tuple[date, bool]]:
    """A day for each program, among those on which something happened: in the middle of it, or its boundary.

    Often the first of a month, where windows end.
    """
    while True:
        day = date(2025, 2, 1) + timedelta(days=random.randint(0, 600))
        yield (day.replace(day=1) if random.random() < 0.5 else day), random.random() < 0.5


async def test_the_database_decides_as_the_rules_do_for_any_program_and_member(
    app_database: Database,
) -> None:
    print(f"LOYALTY_TEST_SEED={SEED}")
    random = Random(SEED)
    programs = [
        compile_program(program_of(random).replace("SLUG", "shop"), INSTALLED) for _ in range(PROGRAMS)
    ]
    shop = await new_shop(app_database, PROGRAM.replace("decimals = 0", "decimals = 2"), clock_at=END)
    await crowd(shop, random)
    states, seen = await folded(shop, programs), set[str]()
    for program, (day, at_boundary) in zip(programs, days(random), strict=False):
        policy = program.ladder("status")
        asked = conditions(program, policy, day, at_boundary=at_boundary)
        async with shop.engine.database.reading(shop.business_id) as connection:
            absorbed = await absorbed_by(connection, shop.business_id, list(states))
            ranks = await supported(connection, shop.business_id, list(states), asked, absorbed)
        by_sql = {member_id: policy.ladder.tiers[rank] for member_id, rank in ranks.items()}
        by_rules = {
            member_id: decided(program, policy, state, day, at_boundary)
            for member_id, state in states.items()
        }
        assert by_sql == by_rules, program.source
        seen.update(by_sql.values())
    assert seen == {"basic", "silver", "gold", "onyx"}


async def test_a_business_counts_whom_its_figures_support(app_database: Database) -> None:
    shop = await new_shop(app_database, PROGRAM)
    for name, amount in (("ann", 120), ("bob", 10), ("cyd", 600)):
        await shop.enrol(name)
        await shop.buy(amount, member=name)
    (found,) = await qualified(
        shop.engine, shop.caller, compile_program(PROGRAM.replace("SLUG", "shop"), discover())
    )
    assert found.members == {("basic", "basic"): 1, ("silver", "silver"): 1, ("gold", "gold"): 1}
    command = MergeMembers(MemberBy(external_id="bob"), MemberBy(external_id="ann"))
    done(await merge_members(shop.engine, shop.caller, shop.key(), command), MembersMerged)
    lower = compile_program(
        PROGRAM.replace("SLUG", "shop").replace('gold = "500"', 'gold = "125"'), discover()
    )
    (found,) = await qualified(shop.engine, shop.caller, lower)
    assert found.members == {("silver", "gold"): 1, ("gold", "gold"): 1}


@pytest.mark.parametrize("window", ['"anniversary"', '"cycle"'])
def test_a_window_of_each_members_own_has_no_such_form(window: str) -> None:
    written = PROGRAM.replace("SLUG", "shop").replace("{ rolling_months = 12 }", window)
    if window == '"cycle"':
        written = written.replace(
            'returns = "undo"', 'returns = "undo"\ncycle = { months = 3, restart = [] }'
        )
    program = compile_program(written, discover())
    with pytest.raises(NoSqlForm, match="a period that each member has of its own"):
        conditions(program, program.ladder("status"), local_day(END, program.zone))
