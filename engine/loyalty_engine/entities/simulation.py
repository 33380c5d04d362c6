"""Simulations of a program: what was asked, how far it is, what came of it, and who would move."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    Entity,
    belongs_to,
    bounded,
    document,
    instant,
    key_text,
    lengths,
    listed,
    one_of,
    whole,
    words,
)

SIMULATION_KINDS = ("preview", "backtest")
SIMULATION_STATES = ("queued", "running", "done", "failed", "cancelled")
OPEN_STATES = ("queued", "running")
FAILURES = ("overtaken", "program", "defect", "lost")

ATTEMPTS_MOST = 3
"""How often a chunk is begun that is never done."""

SAMPLE_MOST = 5000
"""How many members a sample has at most; who is in it is kept with the simulation."""


class Simulation(Entity, table=True):
    """A publication or a past period that is tried in chunks of members, after `after_member_id`.

    `counted` is what came of the members so far, and once it is done the result; `moved` are the members who
    would move, as many as are named; `attempts` is how often the chunk at hand was begun. When it is one too
    many of those kept, its file, members and result are forgotten.
    """

    __tablename__ = "simulation"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("business"),
        belongs_to("credential", "credential_id", named="asked_by"),
        one_of("kind", *SIMULATION_KINDS),
        one_of("state", *SIMULATION_STATES),
        one_of("failure", *FAILURES),
        bounded("sample", least=1, most=SAMPLE_MOST),
        bounded("members", least=0),
        bounded("members_done", least=0),
        bounded("chunks", least=0),
        bounded("attempts", least=0, most=ATTEMPTS_MOST),
        bounded("rulebook_version", least=1),
        CheckConstraint("(kind = 'preview') = (effective_at IS NOT NULL)", name="preview_of_an_instant"),
        CheckConstraint(
            "num_nonnulls(from_at, until_at) = CASE kind WHEN 'backtest' THEN 2 ELSE 0 END",
            name="backtest_of_a_period",
        ),
        CheckConstraint("from_at < until_at", name="begins_before_it_ends"),
        CheckConstraint("sample IS NULL OR kind = 'backtest'", name="backtest_of_a_sample"),
        CheckConstraint(f"(state IN ({listed(*OPEN_STATES)})) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("state NOT IN ('running', 'done') OR started_at IS NOT NULL", name="started"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_for_a_reason"),
        CheckConstraint(
            "source IS NOT NULL OR num_nonnulls(chosen, counted, moved) = 0", name="forgotten_whole"
        ),
        CheckConstraint("source IS NOT NULL OR ended_at IS NOT NULL", name="forgotten_when_ended"),
        *lengths(source=1_000_000, plan=100_000),
        Index(
            "simulation_open",
            "business_id",
            "asked_at",
            "simulation_id",
            postgresql_where=text(f"state IN ({listed(*OPEN_STATES)})"),
        ),
        Index("simulation_by_time", "business_id", "asked_at", "simulation_id"),
    )

    business_id: UUID = Field(primary_key=True)
    simulation_id: UUID = Field(primary_key=True)
    kind: str = key_text()
    source: str | None = words()
    plan: str | None = words()
    effective_at: datetime | None = instant()
    from_at: datetime | None = instant()
    until_at: datetime | None = instant()
    sample: int | None = whole()
    rulebook_version: int = whole()
    findings: list[Any] = document()
    asked_at: datetime = instant()
    asked_by: UUID | None = Field()
    state: str = key_text()
    started_at: datetime | None = instant()
    heartbeat_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    failure: str | None = key_text()
    chunks: int = whole()
    attempts: int = whole()
    members: int | None = whole()
    members_done: int = whole()
    after_member_id: UUID | None = Field()
    through_member_id: UUID | None = Field()
    chosen: list[Any] | None = document()
    counted: dict[str, Any] | None = document()
    moved: dict[str, Any] | None = document()
