"""Many callers at once: one effect, no budget overdrawn, no deadlock to the caller (L4, L5, L24, L31)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from loyalty_engine.services import (
    Caller,
    RefusalCode,
    advance_due,
    enrol_member,
    enrol_members,
    record_activities,
)
from loyalty_engine.services.commands import (
    Batch,
    Enrolled,
    EnrolledBatch,
    EnrolMember,
    RecordActivity,
    Recorded,
)
from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, create_credential
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.properties.invariants import broken
from tests.server import as_app
from tests.services.shop import (
    HEAD,
    NOW,
    START,
    OneBusiness,
    Shop,
    done,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

MANY = 100
CONNECTIONS = 20

Answer = TypeVar("Answer")

BUDGET = (
    HEAD
    + """
[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"
offers = { choose = "best" }

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 7
exhausted = "EXHAUSTED"
funding = FUNDING

[[rules]]
id = "second"
rule = "partner_rewards"
[rules.config]
partner = "bolt"
currency = "points"
points = 2
funding = [{ partner = "bolt", percent = "100", unlimited = true }]
"""
)
ALONE = '[{ partner = "acme", percent = "100", budget_points = 100 }]'
GRANTED = "SELECT granted FROM fact WHERE type = 'answer'"
WALLETS = "SELECT balance FROM account WHERE kind = 'wallet'"
TOGETHER = """[
    { partner = "acme", percent = "50", budget_points = 1000 },
    { partner = "bolt", percent = "50", budget_points = 50 },
]"""


@pytest.fixture(scope="module")
async def wide_database(database: str) -> AsyncIterator[Database]:
    """A pool in which many may work at once."""
    opened = await Database.connect(as_app(database), min_size=CONNECTIONS, max_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def shop(wide_database: Database) -> Shop:
    return await new_shop(wide_database)


async def at_once(work: Iterable[Awaitable[Answer]]) -> list[Answer]:
    return list(await asyncio.gather(*work))


async def crowd(shop: Shop, many: int = MANY) -> list[str]:
    names = [f"m{number}" for number in range(many)]
    new = [EnrolMember(name, enrolled_at=START) for name in names]
    answer = done(await enrol_members(shop.engine, shop.caller, shop.key(), new), EnrolledBatch)
    assert all(isinstance(each, Enrolled) for each in answer.results)
    return names


def codes(answers: Sequence[object]) -> Counter[str]:
    return Counter(
        answer.code.value if isinstance(answer, Refusal) else type(answer).__name__ for answer in answers
    )


async def test_a_hundred_enrolments_with_one_card_make_one_member(shop: Shop) -> None:
    answers = await at_once(
        enrol_member(
            shop.engine,
            shop.caller,
            f"enrol-{number}",
            EnrolMember(f"m{number}", identities=(("card", "4711"), ("phone", f"{number}"))),
        )
        for number in range(MANY)
    )
    assert codes(answers) == {"Enrolled": 1, "ALREADY_EXISTS": MANY - 1}
    (member_id,) = (await shop.member_ids()).values()
    assert {answer.existing_id for answer in answers if isinstance(answer, Refusal)} == {member_id}
    assert await shop.value("SELECT count(*) FROM identity") == 2


async def test_batches_of_enrolments_that_overlap_in_opposite_orders_make_each_member_once(
    shop: Shop,
) -> None:
    people = [EnrolMember(f"m{number}", identities=(("card", f"{number}"),)) for number in range(60)]
    batches = [people[start : start + 30] for start in (0, 10, 20, 30)]
    batches += [batch[::-1] for batch in batches]
    answers = await at_once(
        enrol_members(shop.engine, shop.caller, f"batch-{number}", batch)
        for number, batch in enumerate(batches)
    )
    results = [result for answer in answers for result in done(answer, EnrolledBatch).results]
    assert codes(results) == {"Enrolled": 60, "ALREADY_EXISTS": 180}
    assert len(await shop.member_ids()) == 60


async def test_batches_of_enrolments_of_which_each_meets_every_other_are_all_answered(shop: Shop) -> None:
    many = 16
    batches: list[list[EnrolMember]] = [[] for _ in range(many)]
    for one in range(many):
        for other in range(one + 1, many):
            person = EnrolMember(f"m{one}-{other}")
            batches[one].append(person)
            batches[other].insert(0, person)
    answers = await at_once(
        enrol_members(shop.engine, shop.caller, f"batch-{number}", batch)
        for number, batch in enumerate(batches)
    )
    results = [result for answer in answers for result in done(answer, EnrolledBatch).results]
    assert codes(results)["Enrolled"] == len(await shop.member_ids()) == many * (many - 1) // 2


async def test_a_hundred_sendings_of_one_purchase_under_different_keys_make_one_activity(shop: Shop) -> None:
    await shop.enrol()
    command = purchase(10)
    answers = await at_once(shop.send(command, f"key-of-{number}") for number in range(MANY))
    assert codes(answers) == {"Recorded": 1, "ALREADY_EXISTS": MANY - 1}
    first = next(answer.fact_id for answer in answers if isinstance(answer, Recorded))
    assert {answer.existing_id for answer in answers if isinstance(answer, Refusal)} == {first}
    assert await shop.balance() == 10


async def test_one_natural_key_sent_for_many_members_at_once_is_recorded_for_one(shop: Shop) -> None:
    names = await crowd(shop)
    answers = await at_once(
        shop.send(purchase(10, member=name, external_id="receipt"), f"key-of-{name}") for name in names
    )
    assert codes(answers) == {"Recorded": 1, "ALREADY_EXISTS": MANY - 1}
    assert await shop.value("SELECT count(*) FROM fact") == 1
    assert await shop.value("SELECT sum(balance) FROM account WHERE kind = 'wallet'") == 10
    assert not await broken(shop)


async def test_the_same_key_a_hundred_times_has_one_effect(shop: Shop) -> None:
    await shop.enrol()
    command = purchase(10)
    answers = await at_once(shop.send(command, "the-key") for _ in range(MANY))
    assert set(codes(answers)) <= {"Recorded", "IDEMPOTENCY_IN_PROGRESS"}
    recorded = [answer for answer in answers if isinstance(answer, Recorded)]
    assert [answer.replayed for answer in recorded].count(False) == 1
    assert len({answer.fact_id for answer in recorded}) == 1
    assert await shop.value("SELECT count(*) FROM operation WHERE key = 'the-key'") == 1
    assert await shop.balance() == 10


async def test_a_key_that_is_held_is_waited_for_two_seconds_and_then_in_progress(shop: Shop) -> None:
    await shop.enrol()
    command = purchase(10)
    take = """
        INSERT INTO operation (business_id, actor, key, mutation, input_hash, started_at)
        VALUES ($1, 'operator', 'the-key', 'recordActivity', $2, $3)
        """
    async with shop.engine.database.reading(shop.business_id) as holding:
        await holding.begin(shop.business_id)
        try:
            await holding.execute(take, shop.business_id, bytes(32), NOW)
            started = asyncio.get_running_loop().time()
            answer = await shop.send(command, "the-key")
            waited = asyncio.get_running_loop().time() - started
        finally:
            await holding.rollback()
    assert refused(answer, RefusalCode.IDEMPOTENCY_IN_PROGRESS).retryable
    assert 1.5 < waited < 10
    done(await shop.send(command, "the-key"), Recorded)


@pytest.mark.parametrize(
    ("exhausted", "awards"),
    [("reduce", {7: 14, 2: 1}), ("none", {7: 14}), ("next", {7: 14, 2: 86})],
)
async def test_a_hundred_purchases_on_the_last_points_of_a_budget_never_overdraw_it(
    wide_database: Database, exhausted: str, awards: dict[int, int]
) -> None:
    shop = await new_shop(wide_database, BUDGET.replace("EXHAUSTED", exhausted).replace("FUNDING", ALONE))
    names = await crowd(shop)
    answers = await at_once(shop.send(purchase(10, member=name), f"key-of-{name}") for name in names)
    assert codes(answers) == {"Recorded": MANY}
    left = (await shop.budgets())["promo", "acme"]
    granted = await shop.value("SELECT coalesce(sum(granted), 0)::int FROM fact WHERE type = 'answer'")
    assert left == 100 - granted
    balances = Counter(balance for (balance,) in await shop.rows(WALLETS))
    assert dict(balances) == awards
    assert granted == (100 if exhausted == "reduce" else 98)
    assert not await broken(shop)


@pytest.mark.parametrize(("exhausted", "awards"), [("none", {7: 10}), ("next", {7: 10, 2: 40})])
async def test_fifty_purchases_on_a_quota_of_ten_are_given_exactly_ten(
    wide_database: Database, exhausted: str, awards: dict[int, int]
) -> None:
    program = BUDGET.replace("EXHAUSTED", exhausted).replace("FUNDING", "[]\nquota = 10")
    shop = await new_shop(wide_database, program)
    names = await crowd(shop, 50)
    answers = await at_once(shop.send(purchase(10, member=name), f"key-of-{name}") for name in names)
    assert codes(answers) == {"Recorded": 50}
    assert await shop.value("SELECT balance FROM account WHERE kind = 'quota'") == 0
    assert Counter(granted for (granted,) in await shop.rows(GRANTED)) == {7: 10, 0: 40}
    balances = Counter(balance for (balance,) in await shop.rows(WALLETS))
    assert balances == awards
    assert not await broken(shop)


@pytest.mark.parametrize("exhausted", ["reduce", "none"])
async def test_two_partners_pay_both_their_shares_or_neither(wide_database: Database, exhausted: str) -> None:
    shop = await new_shop(
        wide_database,
        BUDGET.replace("EXHAUSTED", exhausted).replace("FUNDING", TOGETHER).replace("= 7", "= 8"),
    )
    names = await crowd(shop, 30)
    await at_once(shop.send(purchase(10, member=name), f"key-of-{name}") for name in names)
    budgets = await shop.budgets()
    paid = 1000 - int(budgets["promo", "acme"] or 0)
    assert paid == 50 - int(budgets["promo", "bolt"] or 0)
    assert paid == (50 if exhausted == "reduce" else 48)
    assert not await broken(shop)


async def test_what_is_returned_after_a_budget_ran_out_is_its_again(wide_database: Database) -> None:
    shop = await new_shop(wide_database, BUDGET.replace("EXHAUSTED", "reduce").replace("FUNDING", ALONE))
    names = await crowd(shop, 16)
    for name in names:
        await shop.buy(10, member=name, external_id=f"of-{name}")
    assert (await shop.budgets())["promo", "acme"] == 0
    await at_once(
        shop.reverse(linked_return(f"of-{name}"), f"return-of-{name}") for name in (*names[:2], names[14])
    )
    assert (await shop.budgets())["promo", "acme"] == 7 + 7 + 2
    assert [await shop.balance(name) for name in (names[0], names[2], names[14])] == [0, 7, 0]
    await shop.buy(10, member=names[15], external_id="afterwards")
    assert (await shop.budgets())["promo", "acme"] == 9
    assert not await broken(shop)


async def test_batches_of_the_same_members_in_opposite_orders_do_not_deadlock_to_the_caller(
    wide_database: Database,
) -> None:
    shop = await new_shop(wide_database, BUDGET.replace("EXHAUSTED", "reduce").replace("FUNDING", ALONE))
    names = await crowd(shop, 20)
    batches = []
    for number in range(12):
        order = names if number % 2 else names[::-1]
        batches.append([purchase(10, member=name, external_id=f"{name}-{number}") for name in order])
    answers = await at_once(
        record_activities(shop.engine, shop.caller, f"batch-{number}", batch)
        for number, batch in enumerate(batches)
    )
    assert codes([result for answer in answers for result in done(answer, Batch).results]) == {
        "Recorded": 240
    }
    assert (await shop.budgets())["promo", "acme"] == 0
    assert not await broken(shop)


async def test_purchases_returns_values_and_refolds_of_one_member_at_once_end_as_one_after_another(
    shop: Shop,
) -> None:
    await shop.enrol()
    for number in range(10):
        await shop.buy(10, external_id=f"first-{number}")
    work: list[Awaitable[Any]] = []
    for number in range(10):
        at = START + timedelta(days=number)
        work += [
            shop.send(purchase(20, at, external_id=f"late-{number}"), f"a{number}"),
            shop.reverse(linked_return(f"first-{number}", 5), f"b{number}"),
            shop.note(value_of("a", number, at), f"c{number}"),
            shop.refold_all(),
        ]
    answers = await at_once(work)
    assert codes([answer for answer in answers if answer is not None]) == {"Recorded": 30}
    assert not await broken(shop)
    before = await shop.row_counts()
    await shop.refold_all()
    assert await shop.row_counts() == before


async def test_workers_at_once_advance_each_due_member_once(wide_database: Database) -> None:
    shop = await new_shop(wide_database, clock_at=datetime(2026, 12, 31, 12, tzinfo=UTC))
    names = await crowd(shop)
    await shop.send_batch([purchase(200, member=name) for name in names])
    await shop.set_clock(datetime(2027, 1, 2, tzinfo=UTC))
    own = shop.engine.database
    assert isinstance(own, OneBusiness)
    advanced = await at_once(advance_due(shop.engine) for _ in range(8))
    while more := await advance_due(shop.engine):
        advanced.append(more)
    assert sum(advanced) == MANY
    assert await shop.value("SELECT count(*) FROM claim WHERE from_at > '2026-12-31'") == MANY
    assert not await broken(shop)


async def test_the_keys_of_two_credentials_are_independent(shop: Shop) -> None:
    await shop.enrol()
    tills = []
    for name in ("one", "two"):
        made = await create_credential(shop.engine, shop.caller, CreateCredential("till", name))
        created = done(made, CredentialCreated)
        tills.append(
            Shop(
                shop.engine,
                Caller(shop.business_id, created.credential_id, "till", created.scopes),
                shop.slug,
            )
        )
    commands: list[RecordActivity] = [purchase(10), purchase(20)]
    answers = await at_once(
        till.send(command, "the-key") for till, command in zip(tills, commands, strict=True)
    )
    assert codes(answers) == {"Recorded": 2}
    assert await shop.value("SELECT count(*) FROM operation WHERE key = 'the-key'") == 2
    refused(await tills[0].send(commands[1], "the-key"), RefusalCode.IDEMPOTENCY_CONFLICT)
