"""The same key gives the same outcome, for ever and in every process (BEHAVIOUR L2 to L7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from loyalty_engine.services import (
    Engine,
    Forbidden,
    RefusalCode,
    enrol_member,
    enrol_members,
    record_activities,
    record_activity,
    record_fact,
    reverse_activity,
    set_clock,
)
from loyalty_engine.services.commands import (
    ActivityBy,
    Batch,
    ClockSet,
    Enrolled,
    EnrolledBatch,
    EnrolMember,
    MemberBy,
    Recorded,
)
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.database import Database
from tests.services.shop import (
    NOW,
    START,
    Shop,
    done,
    lines,
    linked_return,
    new_shop,
    purchase,
    refused,
    value_of,
)

CONFLICT = RefusalCode.IDEMPOTENCY_CONFLICT


@pytest.fixture
async def shop(app_database: Database) -> Shop:
    shop = await new_shop(app_database)
    await shop.enrol()
    return shop


async def test_every_outcome_is_given_again_also_by_a_process_that_has_just_started(shop: Shop) -> None:
    engine, caller = shop.engine, shop.caller
    await shop.buy(100, external_id="first")
    bad = purchase(10, kind="redemption")
    later = NOW + timedelta(days=1)
    bought, more = purchase("12.34"), [purchase(20), bad, purchase(30)]
    back, value = linked_return("first", 40), value_of("shoe_size", {"eu": Decimal("42.5")})
    work: dict[str, Callable[[Engine], Awaitable[object]]] = {
        "enrol": lambda e: enrol_member(e, caller, "k1", EnrolMember("bob", identities=(("card", "1"),))),
        "enrol many": lambda e: enrol_members(e, caller, "k2", [EnrolMember("cy"), EnrolMember("bob")]),
        "record": lambda e: record_activity(e, caller, "k3", bought),
        "record many": lambda e: record_activities(e, caller, "k4", more),
        "reverse": lambda e: reverse_activity(e, caller, "k5", back),
        "note": lambda e: record_fact(e, caller, "k6", value),
        "set the clock": lambda e: set_clock(e, caller, "k7", later),
        "refused": lambda e: record_activity(e, caller, "k8", bad),
    }
    first = {name: await each(engine) for name, each in work.items()}
    kinds = [type(answer) for answer in first.values()]
    assert kinds == [Enrolled, EnrolledBatch, Recorded, Batch, Recorded, Recorded, ClockSet, Refusal]
    rows, operations = await shop.row_counts(), await shop.value("SELECT count(*) FROM operation")
    for process in (engine, shop.restarted().engine):
        for name, each in work.items():
            again: Any = await each(process)
            outcome: Any = first[name]
            expected = outcome if isinstance(outcome, Refusal) else replace(outcome, replayed=True)
            assert again == expected, name
    assert await shop.row_counts() == rows
    assert await shop.value("SELECT count(*) FROM operation") == operations
    # 40 of the purchase itself, and half of the 62 that later ones earned at the tier it had given: 102.
    assert done(first["reverse"], Recorded).taken == {"points": Decimal(102)}


async def test_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(shop: Shop) -> None:
    bought = purchase(10, lines=lines(("1", 4, "books"), ("2", 6, "toys")), attributes={"a": [1, "x"]})
    first = done(await shop.send(bought, "the-key"), Recorded)
    rows = await shop.row_counts()
    for other in (
        replace(bought, amount=Decimal("10.0001")),
        replace(bought, amount=None),
        replace(bought, external_id="other"),
        replace(bought, source="other"),
        replace(bought, kind="visit"),
        replace(bought, occurred_at=bought.occurred_at + timedelta(microseconds=1)),
        replace(bought, member=MemberBy(external_id="bob")),
        replace(bought, lines=()),
        replace(bought, lines=lines(("1", 4, "books"), ("2", 6, "books"))),
        replace(bought, attributes={"a": [1, "y"]}),
        replace(bought, attributes={"a": ["1", "x"]}),
        replace(bought, attributes={"b": [1, "x"]}),
        replace(bought, channel="web"),
    ):
        refused(await shop.send(other, "the-key"), CONFLICT)
    assert await shop.row_counts() == rows
    assert done(await shop.send(bought, "the-key"), Recorded) == replace(first, replayed=True)


async def test_the_same_key_for_another_mutation_is_a_conflict(shop: Shop) -> None:
    bought = purchase(10)
    done(await shop.send(bought, "the-key"), Recorded)
    refused(await record_activities(shop.engine, shop.caller, "the-key", [bought]), CONFLICT)
    refused(await shop.note(value_of("a", 1), "the-key"), CONFLICT)
    refused(await enrol_member(shop.engine, shop.caller, "the-key", EnrolMember("bob")), CONFLICT)


async def test_one_body_written_in_two_ways_is_the_same_body(shop: Shop) -> None:
    bought = purchase("10.00", attributes={"a": Decimal("1.50"), "b": 2})
    first = done(await shop.send(bought, "the-key"), Recorded)
    twin = replace(bought, amount=Decimal("1E+1"), attributes={"b": 2, "a": Decimal("1.5")})
    assert done(await shop.send(twin, " the-key "), Recorded) == replace(first, replayed=True)


async def test_a_refusal_is_kept_and_a_new_key_is_needed_once_it_no_longer_holds(shop: Shop) -> None:
    bought = purchase(10, member="bob")
    refused(await shop.send(bought, "the-key"), RefusalCode.NOT_FOUND, "member")
    await shop.enrol("bob")
    refused(await shop.send(bought, "the-key"), RefusalCode.NOT_FOUND, "member")
    done(await shop.send(bought, "new-key"), Recorded)


async def test_a_retryable_refusal_is_not_kept(shop: Shop) -> None:
    back = linked_return("not-yet", 4)
    refusal = refused(await shop.reverse(back, "the-key"), RefusalCode.ORIGINAL_NOT_FOUND, "activity")
    assert refusal.retryable
    assert await shop.value("SELECT count(*) FROM operation WHERE key = 'the-key'") == 0
    await shop.buy(10, external_id="not-yet")
    assert not done(await shop.reverse(back, "the-key"), Recorded).replayed


async def test_the_same_purchase_under_another_key_names_the_first(shop: Shop) -> None:
    bought = purchase(10)
    first = done(await shop.send(bought), Recorded)
    assert refused(await shop.send(bought), RefusalCode.ALREADY_EXISTS).existing_id == first.fact_id
    other = replace(bought, amount=Decimal(20), member=MemberBy(external_id="ann"))
    assert refused(await shop.send(other), RefusalCode.ALREADY_EXISTS).existing_id == first.fact_id
    value = value_of("a", 1, source=bought.source, external_id=bought.external_id)
    assert refused(await shop.note(value), RefusalCode.ALREADY_EXISTS).existing_id == first.fact_id
    assert await shop.value("SELECT count(*) FROM fact") == 1


async def test_a_batch_sent_again_under_a_new_key_is_safe_also_with_items_dropped_and_added(
    shop: Shop,
) -> None:
    first, second, third = purchase(10), purchase(20), purchase(30)
    one, two = await shop.send_batch([first, second])
    changed = replace(first, amount=Decimal(11))
    again = await shop.send_batch([third, second, changed, first, third])
    assert [type(answer) for answer in again] == [Recorded, Recorded, Refusal, Recorded, Recorded]
    assert [getattr(answer, "replayed", None) for answer in again] == [False, True, None, True, True]
    assert done(again[1], Recorded).fact_id == done(two, Recorded).fact_id
    assert refused(again[2], RefusalCode.ALREADY_EXISTS).existing_id == done(one, Recorded).fact_id
    assert done(again[4], Recorded).fact_id == done(again[0], Recorded).fact_id
    assert await shop.value("SELECT sum(amount)::int FROM fact") == 60


async def test_a_return_sent_again_under_a_new_key_names_the_first(shop: Shop) -> None:
    await shop.buy(10, external_id="bought")
    back = linked_return("bought")
    first = done(await shop.reverse(back), Recorded)
    assert refused(await shop.reverse(back), RefusalCode.ALREADY_EXISTS).existing_id == first.fact_id
    other = replace(back, external_id="another-return")
    refused(await shop.reverse(other), RefusalCode.ALREADY_REVERSED, "activity")
    assert first.original_id is not None
    by_id = replace(other, activity=ActivityBy(id=first.original_id))
    refused(await shop.reverse(by_id), RefusalCode.ALREADY_REVERSED, "activity")


async def test_a_source_that_the_credential_does_not_list_is_forbidden(shop: Shop) -> None:
    caller = replace(shop.caller, sources=frozenset({"till"}))
    done(await record_activity(shop.engine, caller, "k1", purchase(10)), Recorded)
    for call in (
        lambda: record_activity(shop.engine, caller, "k2", purchase(10, source="desk")),
        lambda: record_activities(shop.engine, caller, "k3", [purchase(10), purchase(source="desk")]),
        lambda: record_fact(shop.engine, caller, "k4", value_of("a", 1)),
        lambda: reverse_activity(shop.engine, caller, "k5", linked_return("x")),
    ):
        with pytest.raises(Forbidden):
            await call()
    assert await shop.value("SELECT count(*) FROM operation WHERE key LIKE 'k%' AND key < 'k6'") == 1


async def test_the_engines_own_source_is_nobody_elses(shop: Shop) -> None:
    refused(await shop.send(purchase(source="loyalty")), RefusalCode.INVALID_INPUT, "source")
    refused(await shop.note(value_of("a", 1, source=" loyalty")), RefusalCode.INVALID_INPUT, "source")


async def test_a_sandboxs_clock_only_goes_forward(shop: Shop) -> None:
    engine, caller = shop.engine, shop.caller
    later = done(await set_clock(engine, caller, "k1", NOW + timedelta(days=1)), ClockSet)
    assert later.now == NOW + timedelta(days=1)
    refused(await set_clock(engine, caller, "k2", NOW), RefusalCode.INVALID_INPUT, "now")
    refused(await set_clock(engine, caller, "k3", NOW.replace(tzinfo=None)), RefusalCode.INVALID_INPUT)
    live = await new_shop(engine.database, clock_at=None)
    refused(await set_clock(live.engine, live.caller, "k1", START), RefusalCode.INVALID_INPUT)


async def test_the_identity_of_a_new_member_is_nowhere_kept_in_clear(shop: Shop) -> None:
    await shop.enrol("bob", identities=(("email", "bob@example.org"),))
    await shop.buy(200, member=MemberBy(identity=("email", "Bob@example.org")))
    for table in ("operation", "identity", "outbox", "fact", "effect", "member"):
        rows = await shop.rows(f"SELECT t::text FROM {table} t")  # noqa: S608
        assert rows
        assert not any("bob@example" in text.lower() for (text,) in rows)
