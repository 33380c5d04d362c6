"""Applications for membership: what happened to each, who may vote on it, and the votes."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from loyalty_engine.entities.columns import (
    Entity,
    belongs_to,
    bounded,
    instant,
    key_text,
    lengths,
    money,
    one_of,
    whole,
    words,
)

APPLICATION_KINDS = ("entry", "renewal")
APPLICATION_STATES = ("open", "admitted", "rejected", "withdrawn")
APPLICATION_STEPS = ("invite", "review", "inspect", "vote", "sign", "pay")
APPLICATION_EVENTS = ("applied", "decided", "closed", "withdrawn")
VOTE_CHOICES = ("in_favour", "against", "abstained")
VOTE_RESULTS = ("carried", "lost", "tie", "no_quorum")


class Application(Entity, table=True):
    """An application by a rule of the version in force when it was made; kept from its events.

    `closes_at` is set while votes may be cast. An admission is the activity of `fact_id`.
    """

    __tablename__ = "application"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("member", "member_id"),
        belongs_to("program_version", "program_version_id"),
        belongs_to("fact", "fact_id"),
        UniqueConstraint("business_id", "fact_id"),
        one_of("kind", *APPLICATION_KINDS),
        one_of("state", *APPLICATION_STATES),
        one_of("step", *APPLICATION_STEPS),
        bounded("fee", least=0),
        bounded("event_count", least=1),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'open') = (step IS NOT NULL)", name="waits_while_open"),
        CheckConstraint("(state = 'admitted') = (fact_id IS NOT NULL)", name="admitted_by_a_fact"),
        CheckConstraint("closes_at IS NULL OR coalesce(step, '') = 'vote'", name="closes_a_vote"),
        CheckConstraint("fee IS NULL OR coalesce(step, '') = 'pay'", name="fee_to_pay"),
        CheckConstraint("closes_at > opened_at", name="closes_after_opened"),
        *lengths(rule=64),
        Index(
            "application_open",
            "business_id",
            "member_id",
            "rule",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "application_closing",
            "business_id",
            "closes_at",
            "member_id",
            postgresql_where=text("closes_at IS NOT NULL"),
        ),
        Index("application_by_member", "business_id", "member_id", "opened_at", "application_id"),
    )

    business_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(primary_key=True)
    member_id: UUID = Field()
    rule: str = key_text()
    program_version_id: UUID = Field()
    kind: str = key_text()
    state: str = key_text()
    step: str | None = key_text()
    fee: Decimal | None = money()
    opened_at: datetime = instant()
    closes_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    fact_id: UUID | None = Field()
    event_count: int = whole()


class ApplicationEvent(Entity, table=True):
    """Something that happened to an application, numbered from 1 on: the history that it is the fold of."""

    __tablename__ = "application_event"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("application", "application_id"),
        belongs_to("credential", "credential_id"),
        one_of("kind", *APPLICATION_EVENTS),
        one_of("step", *APPLICATION_STEPS),
        one_of("result", *VOTE_RESULTS),
        bounded("number", least=1),
        bounded("paid", least=0),
        CheckConstraint("(kind = 'decided') = (approved IS NOT NULL)", name="decided_either_way"),
        CheckConstraint("kind <> 'decided' OR step IS NOT NULL", name="decides_a_step"),
        CheckConstraint("paid IS NULL OR coalesce(step, '') = 'pay'", name="paid_at_its_step"),
        CheckConstraint(
            "num_nonnulls(electors, in_favour, against, abstained, result)"
            " = CASE kind WHEN 'closed' THEN 5 ELSE 0 END",
            name="tally_when_closed",
        ),
        CheckConstraint(
            "least(in_favour, against, abstained) >= 0 AND in_favour + against + abstained <= electors",
            name="tally_of_electors",
        ),
        *lengths(reason=500),
    )

    business_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(primary_key=True)
    number: int = whole(primary_key=True)
    kind: str = key_text()
    step: str | None = key_text()
    approved: bool | None = Field()
    paid: Decimal | None = money()
    reason: str | None = words()
    electors: int | None = whole()
    in_favour: int | None = whole()
    against: int | None = whole()
    abstained: int | None = whole()
    result: str | None = key_text()
    occurred_at: datetime = instant()
    recorded_at: datetime = instant()
    credential_id: UUID | None = Field()


class ApplicationElector(Entity, table=True):
    """Who may vote on an application, fixed when the vote opened."""

    __tablename__ = "application_elector"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("application", "application_id"),
        belongs_to("member", "member_id"),
    )

    business_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)


class ApplicationVote(Entity, table=True):
    """A vote of an elector; the latest version counts."""

    __tablename__ = "application_vote"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        belongs_to("application_elector", "application_id", "member_id"),
        belongs_to("credential", "credential_id"),
        one_of("choice", *VOTE_CHOICES),
        bounded("version", least=1),
    )

    business_id: UUID = Field(primary_key=True)
    application_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    version: int = whole(primary_key=True)
    choice: str = key_text()
    cast_at: datetime = instant()
    credential_id: UUID | None = Field()
