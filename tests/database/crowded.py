"""A business with a row of everything that a bug could break, and statements that name its rows: `:name`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from loyalty_engine.entities import (
    Account,
    ActivityLine,
    Adjustment,
    Counter,
    Effect,
    Fact,
    Hold,
    Identity,
    Lot,
    Operation,
    Outbox,
    Partner,
    PointUse,
    Promotion,
    Transfer,
)
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import Row, insert_rows
from tests.database.applied import applied
from tests.database.rewarded import rewarded
from tests.database.world import NOON, World, new_credential, new_member, new_world, one_of_each

NAME = re.compile(r"(?<![:\w]):([a-z_]+)")


@dataclass(frozen=True)
class Crowded:
    """The business, and the ids of its rows by the names that statements use for them."""

    business_id: UUID
    ids: dict[str, object]

    def said(self, statement: str) -> str:
        """The statement with literals for its names; each `:new` is another new id."""

        def literal(found: re.Match[str]) -> str:
            return f"'{new_id() if found[1] == 'new' else self.ids[found[1]]}'"

        return NAME.sub(literal, statement)


def copied(table: str, where: str, **changes: str) -> str:
    """An INSERT of a row that is there once more, with changes, which are expressions."""
    changed = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({changed}))).* "  # noqa: S608
        f"FROM {table} t WHERE {where}"
    )


async def crowded(database: Database) -> Crowded:
    """The business, kept, beside another one."""
    world, other = await new_world(database), await new_world(database)
    await new_credential(database, world)
    async with database.writing(other.business_id) as connection:
        stranger = await one_of_each(connection, other)
    async with database.writing(world.business_id) as connection:
        rows = await one_of_each(connection, world)
        second = await new_member(connection, world)
        ids = await _of_the_ledger(connection, world, rows["fact"]["member_id"], second)
        ids |= await _of_the_rest(connection, world, rows)
        ids |= await applied(connection, world, rows["fact"]["member_id"], second)
        ids |= await rewarded(connection, world, rows["fact"]["member_id"])
    return Crowded(
        world.business_id,
        {
            **ids,
            "business": world.business_id,
            "other": other.business_id,
            "stranger": stranger["fact"]["member_id"],
            "foreign_effect": stranger["effect"]["effect_id"],
            "foreign_account": stranger["transfer"]["credit_account_id"],
            "foreign_fact": stranger["fact"]["fact_id"],
            "member": rows["fact"]["member_id"],
            "second": second,
            "wallet": rows["transfer"]["credit_account_id"],
            "issuance": rows["transfer"]["debit_account_id"],
            "program": world.program_version_id,
            **{name: row[f"{name}_id"] for name, row in rows.items()},
        },
    )


async def _of_the_ledger(
    connection: Connection, world: World, member_id: UUID, second: UUID
) -> dict[str, object]:
    partner = world.row(partner_id=new_id(), key="acme", name="Acme", created_at=NOON)
    promotion = world.row(
        promotion_id=new_id(),
        key="promo",
        partner_id=partner["partner_id"],
        currency="points",
        created_at=NOON,
    )
    budget = {"promotion_id": promotion["promotion_id"], "partner_id": partner["partner_id"]}
    accounts = {
        "pending": world.account("pending", member_id=member_id, balance=0),
        "held": world.account("held", member_id=member_id, balance=0),
        "debt": world.account("debt", member_id=member_id, balance=0),
        "miles": world.account("wallet", member_id=member_id, balance=0, currency="miles"),
        "second_wallet": world.account("wallet", member_id=second, balance=0),
        "budget": world.account("budget", **budget, balance=0),
        "quota": world.account("quota", **{**budget, "partner_id": None, "currency": "#awards"}, balance=0),
        "breakage": world.account("breakage"),
    }
    others = {
        "miles": world.account("issuance", currency="miles"),
        "quota": world.account("used", currency="#awards"),
    }
    corrected = world.effect(member_id)
    correction = {**corrected, "effect_id": new_id(), "value": -1}
    lot = _lot(world, member_id)
    await insert_rows(connection, Partner, [partner])
    await insert_rows(connection, Promotion, [promotion])
    await insert_rows(connection, Account, [*accounts.values(), *others.values()])
    await insert_rows(connection, Effect, [corrected])
    await insert_rows(connection, Effect, [{**correction, "corrects_effect_id": corrected["effect_id"]}])
    await insert_rows(connection, Transfer, _filling(world, corrected, accounts, others))
    await insert_rows(connection, Lot, [lot])
    await insert_rows(connection, PointUse, [_use(world, lot)])
    return {
        **{name: account["account_id"] for name, account in accounts.items()},
        "used": others["quota"]["account_id"],
        "partner": partner["partner_id"],
        "promotion": promotion["promotion_id"],
        "corrected": corrected["effect_id"],
        "correction": correction["effect_id"],
        "lot": lot["lot_id"],
    }


def _filling(world: World, effect: Row, accounts: dict[str, Row], others: dict[str, Row]) -> list[Row]:
    """Ten in every account that keeps a balance, owed in that of the debt; where named, from another one."""
    breakage = accounts["breakage"]
    filled = [accounts[name] for name in ("pending", "held", "second_wallet", "budget")]
    return [
        *(world.transfer(effect, breakage, account) for account in filled),
        world.transfer(effect, accounts["debt"], breakage),
        *(
            world.transfer(effect, other, accounts[name], currency=other["currency"])
            for name, other in others.items()
        ),
    ]


def _lot(world: World, member_id: UUID) -> Row:
    return world.row(
        lot_id=new_id(),
        member_id=member_id,
        currency="points",
        cause_kind="enrolment",
        cause_key="enrolment",
        rule="earn",
        slot="points/points/base",
        earned_at=NOON,
        earned_source="",
        earned_external_id="",
        amount=10,
        remaining=6,
        expired=4,
        expires_at=None,
        pending=False,
        releases_at=None,
        funding=[],
    )


def _use(world: World, lot: Row) -> Row:
    shared = ("member_id", "currency", "cause_kind", "cause_key", "rule", "lot_id")
    return world.row(
        **{name: lot[name] for name in shared},
        point_use_id=new_id(),
        slot="points/points/-/redeemed",
        used_at=NOON,
        used_source="till",
        used_external_id="1",
        amount=3,
    )


async def _of_the_rest(connection: Connection, world: World, rows: dict[str, Row]) -> dict[str, object]:
    member_id = rows["fact"]["member_id"]
    moving = {"points_currency": "points", "points": -5, "points_terms": None, "about_fact_id": None}
    held = world.activity(member_id, kind="hold", **moving)
    capture = world.activity(member_id, kind="capture", **{**moving, "about_fact_id": held["fact_id"]})
    answer = _answer(world, member_id)
    event = _event(world, member_id)
    spare = world.effect(member_id)
    await insert_rows(connection, Fact, [held])
    await insert_rows(connection, Fact, [capture])
    await insert_rows(connection, Fact, [answer])
    await insert_rows(connection, ActivityLine, [_line(world, rows["fact"])])
    await insert_rows(connection, Hold, [_hold(world, held)])
    await insert_rows(connection, Effect, [spare])
    await insert_rows(connection, Outbox, [event])
    await insert_rows(connection, Operation, [_operation(world, "done", {"a": 1})])
    await insert_rows(connection, Operation, [_operation(world, "taken", None)])
    await insert_rows(connection, Counter, [world.row(member_id=member_id, rule="r", name="n", used=1)])
    waiting = _adjustment(world, member_id)
    await insert_rows(connection, Adjustment, [waiting])
    declined = {"decision": "declined", "decided_by": "credential:2", "decided_at": NOON}
    refused = {**waiting, **declined, "adjustment_id": new_id()}
    await insert_rows(connection, Adjustment, [refused])
    identity = {"identity_id": new_id(), "kind": "card", "identity_hash": bytes(32), "created_at": NOON}
    await insert_rows(connection, Identity, [world.row(member_id=member_id, **identity)])
    return {
        "hold": held["fact_id"],
        "waiting": waiting["adjustment_id"],
        "declined": refused["adjustment_id"],
        "capture": capture["fact_id"],
        "answer": answer["fact_id"],
        "event": event["event_id"],
        "spare": spare["effect_id"],
        "standing_effect": rows["standing"]["effect_id"],
    }


def _answer(world: World, member_id: UUID) -> Row:
    shared = ("fact_id", "member_id", "external_id", "occurred_at", "recorded_at", "local_day", "body_hash")
    activity = world.activity(member_id)
    return world.row(
        **{name: activity[name] for name in shared},
        type="answer",
        source="loyalty",
        asked_cause_kind="enrolment",
        asked_cause_key="enrolment",
        asked_rule="promo",
        asked_slot="points/points/promo/ask",
        asked=10,
        granted=10,
    )


def _line(world: World, fact: Row) -> Row:
    return world.row(fact_id=fact["fact_id"], line_key="1", member_id=fact["member_id"], amount=10)


def _hold(world: World, held: Row) -> Row:
    return world.row(
        hold_id=held["fact_id"],
        member_id=held["member_id"],
        currency="points",
        amount=5,
        captured=5,
        state="captured",
        opened_at=NOON,
        expires_at=NOON + timedelta(days=1),
        closed_at=NOON,
    )


def _adjustment(world: World, member_id: UUID) -> Row:
    return world.row(
        adjustment_id=new_id(),
        member_id=member_id,
        currency="points",
        amount=5,
        reason="goodwill",
        needs_approval=True,
        asked_by="credential:1",
        asked_at=NOON,
    )


def _event(world: World, member_id: UUID) -> Row:
    return world.row(
        event_id=new_id(),
        member_id=member_id,
        member_sequence=1,
        type="points.changed",
        effect_id=None,
        body={},
        recorded_at=NOON,
        position=1,
        published_at=NOON,
    )


def _operation(world: World, key: str, outcome: object) -> Row:
    return world.row(
        actor="operator",
        key=key,
        mutation="recordActivity",
        input_hash=bytes(32),
        outcome=outcome,
        started_at=NOON,
    )
