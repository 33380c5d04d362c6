"""A test's world: a business of its own, with just enough in it to hang rows on."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from loyalty_engine.entities import (
    Account,
    Business,
    Claim,
    Credential,
    Effect,
    Fact,
    Member,
    ProgramDraft,
    ProgramVersion,
    Settlement,
    Standing,
    Transfer,
)
from loyalty_engine.ids import new_id
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.database import Database
from loyalty_engine.store.rows import Row, insert_rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class World:
    """One business with a program version, and rows of it."""

    business_id: UUID = field(default_factory=new_id)
    program_version_id: UUID = field(default_factory=new_id)

    def row(self, **values: Any) -> Row:
        """A row of this business."""
        return {"business_id": self.business_id, **values}

    def member(self, **values: Any) -> Row:
        """A member who joined at noon."""
        member_id = new_id()
        standard = {
            "member_id": member_id,
            "external_id": str(member_id),
            "kind": "person",
            "status": "active",
            "enrolled_at": NOON,
            "joined_on": date(2026, 3, 1),
            "folded_until": NOON,
            "last_recorded_at": NOON,
            "next_boundary_at": None,
            "created_at": NOON,
        }
        return self.row(**{**standard, **values})

    def activity(self, member_id: UUID, **values: Any) -> Row:
        """A purchase of ten."""
        fact_id = new_id()
        standard = {
            "fact_id": fact_id,
            "member_id": member_id,
            "type": "activity",
            "source": "till",
            "external_id": str(fact_id),
            "occurred_at": NOON,
            "recorded_at": NOON,
            "local_day": date(2026, 3, 1),
            "body_hash": bytes(32),
            "kind": "purchase",
            "amount": 10,
            "currency": "EUR",
            "attributes": {},
            "counts_as": "purchase",
            "counts_on": date(2026, 3, 1),
            "ones": 1,
        }
        return self.row(**{**standard, **values})

    def effect(self, member_id: UUID, **values: Any) -> Row:
        """An effect of joining, under a key of its own."""
        effect_id = new_id()
        standard = {
            "effect_id": effect_id,
            "member_id": member_id,
            "kind": "points",
            "cause_kind": "enrolment",
            "cause_key": "enrolment",
            "rule": "",
            "slot": f"points/{effect_id}/earned",
            "value": 10,
            "effective_at": NOON,
            "recorded_at": NOON,
            "program_version_id": self.program_version_id,
        }
        return self.row(**{**standard, **values})

    def account(self, kind: str, **values: Any) -> Row:
        """An account in the currency `points`."""
        standard = {"account_id": new_id(), "kind": kind, "currency": "points", "created_at": NOON}
        empty = {"member_id": None, "promotion_id": None, "partner_id": None, "balance": None}
        return self.row(**{**standard, **empty, **values})

    def transfer(self, effect: Row, debit: Row, credit: Row, **values: Any) -> Row:
        """Ten points moved."""
        standard = {
            "transfer_id": new_id(),
            "effect_id": effect["effect_id"],
            "member_id": effect["member_id"],
            "code": "earn",
            "currency": "points",
            "debit_account_id": debit["account_id"],
            "credit_account_id": credit["account_id"],
            "amount": 10,
            "effective_at": NOON,
            "recorded_at": NOON,
            "reverses_transfer_id": None,
        }
        return self.row(**{**standard, **values})

    def draft(self, **values: Any) -> Row:
        """A program file that decides nothing."""
        standard = {"program_draft_id": new_id(), "source": "draft", "hash": "hash", "created_at": NOON}
        return self.row(**{**standard, "created_by": None, **values})

    def simulation(self, **values: Any) -> Row:
        """A preview that waits."""
        standard = {
            "simulation_id": new_id(), "kind": "preview", "source": "draft", "effective_at": NOON,
            "from_at": None, "until_at": None, "sample": None, "rulebook_version": 1, "findings": [],
            "asked_at": NOON, "state": "queued", "started_at": None, "ended_at": None, "failure": None,
            "chunks": 0, "attempts": 0, "members_done": 0, "counted": None,
        }  # fmt: skip
        return self.row(**{**standard, **values})

    def settlement(self, **values: Any) -> Row:
        """Everything before noon is closed."""
        standard = {
            "settlement_id": new_id(),
            "partner_id": None,
            "until_at": NOON,
            "closed_at": NOON,
            "credential_id": None,
        }
        return self.row(**{**standard, **values})

    def standing(self, effect: Row, **values: Any) -> Row:
        """The standing at joining."""
        standard = {
            "standing_id": new_id(),
            "member_id": effect["member_id"],
            "ladder": "status",
            "from_tier": None,
            "to_tier": "basic",
            "effective_at": NOON,
            "is_boundary": False,
            "source": "",
            "external_id": "",
            "ruling": {},
            "effect_id": effect["effect_id"],
        }
        return self.row(**{**standard, **values})

    def claim(self, effect: Row, **values: Any) -> Row:
        """A claim on gold for life."""
        standard = {
            "claim_id": new_id(),
            "member_id": effect["member_id"],
            "ladder": "status",
            "tier": "gold",
            "from_at": NOON,
            "origin": "rules",
            "locked": False,
            "figures": {"spend": "12.50"},
            "effect_id": effect["effect_id"],
        }
        return self.row(**{**standard, **values})


async def new_world(database: Database, *, clock_at: datetime | None = None) -> World:
    """A business of its own, kept; a sandbox where it is given a clock."""
    world = World()
    async with database.writing(world.business_id) as connection:
        await insert_rows(connection, Business, [_business(world, clock_at)])
        await insert_rows(connection, ProgramVersion, [_program(world)])
    return world


def _business(world: World, clock_at: datetime | None) -> Row:
    return world.row(
        slug=f"b-{world.business_id}",
        name="A business",
        timezone="Europe/Berlin",
        currency="EUR",
        locale="en",
        sandbox=clock_at is not None,
        clock_at=clock_at,
        created_at=NOON,
    )


def _program(world: World) -> Row:
    return world.row(
        program_version_id=world.program_version_id,
        version=1,
        source="[program]",
        hash="0" * 64,
        rule_versions={},
        effective_at=None,
        published_at=NOON,
    )


async def new_member(connection: Connection, world: World, **values: Any) -> UUID:
    """A member of this world, kept."""
    row = world.member(**values)
    await insert_rows(connection, Member, [row])
    member_id: UUID = row["member_id"]
    return member_id


async def new_credential(database: Database, world: World) -> str:
    """An owner's credential, kept; returns its key's id."""
    key_id = str(new_id())
    row = world.row(
        credential_id=new_id(),
        kind="owner",
        name="An owner",
        key_id=key_id,
        key_hash=bytes(32),
        environment="live",
        scopes=["members:read", 'a "quoted", {odd} scope'],
        sources=None,
        created_at=NOON,
    )
    async with database.writing(world.business_id) as connection:
        await insert_rows(connection, Credential, [row])
    return key_id


async def one_of_each(connection: Connection, world: World) -> dict[str, Row]:
    """A row in every table that only grows, kept, by the table's name."""
    member_id = await new_member(connection, world)
    effects = [world.effect(member_id), world.effect(member_id), world.effect(member_id)]
    wallet = world.account("wallet", member_id=member_id, balance=0)
    issuance = world.account("issuance")
    rows: dict[str, Row] = {
        "fact": world.activity(member_id),
        "effect": effects[0],
        "transfer": world.transfer(effects[0], issuance, wallet),
        "standing": world.standing(effects[1]),
        "claim": world.claim(effects[2]),
    }
    rows["settlement"] = world.settlement()
    await insert_rows(connection, Settlement, [rows["settlement"]])
    rows["program_draft"] = world.draft()
    await insert_rows(connection, ProgramDraft, [rows["program_draft"]])
    await insert_rows(connection, Fact, [rows["fact"]])
    await insert_rows(connection, Effect, effects)
    await insert_rows(connection, Account, [wallet, issuance])
    await insert_rows(connection, Transfer, [rows["transfer"]])
    await insert_rows(connection, Standing, [rows["standing"]])
    await insert_rows(connection, Claim, [rows["claim"]])
    return rows
