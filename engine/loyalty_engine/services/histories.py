"""Folding members again from the beginning: what is read for it, and the fold.

Corrections, repairs and verification do the same here; they differ in what becomes of the difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.ledger.amounts import from_smallest_units
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.measures import earned_by_fact
from loyalty_engine.rating import (
    ActivityFact,
    Fact,
    Folding,
    Outcome,
    ReturnedLine,
    ReturnFact,
    Rulebook,
    ValueFact,
)
from loyalty_engine.rating.facts import NaturalKey, place_of, returns_by_purchase
from loyalty_engine.rules import Activity
from loyalty_engine.rules import ActivityLine as Line
from loyalty_engine.services.answers import Answers, Given, MemberAnswers, given_by_member
from loyalty_engine.services.brought import with_brought
from loyalty_engine.services.carried_rows import carried_of
from loyalty_engine.services.moved_rows import moved_of
from loyalty_engine.services.posted import Posted, paid_by_ask, posted_by_member
from loyalty_engine.services.states import Stored, empty_state, stored_states
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import answers as stored_answers
from loyalty_engine.store.facts import history as stored_facts
from loyalty_engine.store.ledger import posted_rows
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.merges import absorbed_by


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is stored of one member: the facts, the answers given, and what came of them."""

    stored: Stored
    posted: Posted
    given: dict[EffectKey, Given]
    facts: Mapping[UUID, Fact]

    @property
    def fact_ids(self) -> dict[str, UUID]:
        """The ids of the facts by the key text of their cause."""
        return {fact.cause.key: fact_id for fact_id, fact in self.facts.items()}


async def histories(
    connection: Connection, business_id: UUID, rulebook: Rulebook, members: Sequence[MemberRow]
) -> dict[UUID, History]:
    """The histories of some members, in a fixed number of statements."""
    ids = [member.member_id for member in members]
    states = await stored_states(connection, business_id, rulebook, members, everything=True)
    posted = posted_by_member(await posted_rows(connection, business_id, ids))
    given = given_by_member(await stored_answers(connection, business_id, ids))
    facts = await facts_of(connection, business_id, rulebook, ids)
    return {
        key: History(states[key], posted.get(key, Posted()), given.get(key, {}), facts.get(key, {}))
        for key in ids
    }


def begun(rulebook: Rulebook, history: History) -> tuple[Folding, list[Fact]]:
    """A fold of the history from the beginning that has taken nothing yet, and all that it is to take."""
    ordered = sorted(history.facts.values(), key=place_of)
    folding = Folding(rulebook, empty_state(history.stored.member), returns_by_purchase(ordered))
    folding.enrol()
    return folding, ordered


async def fold_whole(
    rulebook: Rulebook, history: History, answers: Answers, now: datetime, until: datetime | None = None
) -> Outcome:
    """Fold the history again, up to where the stored state stands or to a later instant.

    What was granted and is not asked for any more is given back.
    """
    member = history.stored.member
    answering = MemberAnswers(member.member_id, history.given, paid_by_ask(history.posted))
    folding, ordered = begun(rulebook, history)
    for fact in ordered:
        await answers.carry(answering, folding.take(fact))
    folding.advance(member.folded_until if until is None else max(member.folded_until, until))
    causes = {fact.cause: fact.occurred_at for fact in ordered}
    answers.give_back(answering, {key: causes.get(key.cause, now) for key in answering.given})
    return folding.outcome()


async def facts_of(
    connection: Connection, business_id: UUID, rulebook: Rulebook, member_ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, Fact]]:
    """The facts of some members, by member and id; a merge with what it brought for measures."""
    absorbed = await absorbed_by(connection, business_id, member_ids)
    others = {other for each in absorbed.values() for other in each}
    rows = await stored_facts(connection, business_id, sorted({*member_ids, *others}))
    facts = facts_by_member(rows)
    earned = await _earned(connection, business_id, rulebook, sorted(others)) if others else {}
    return {
        member_id: with_brought(facts.get(member_id, {}), absorbed.get(member_id, ()), facts, earned)
        for member_id in member_ids
    }


async def _earned(
    connection: Connection, business_id: UUID, rulebook: Rulebook, member_ids: Sequence[UUID]
) -> dict[NaturalKey, dict[tuple[str, str], Decimal]]:
    """The points that each activity of some members earned, by rule and currency."""
    decimals = rulebook.decimals
    found: dict[NaturalKey, dict[tuple[str, str], Decimal]] = {}
    for row in await earned_by_fact(connection, business_id, member_ids):
        points = from_smallest_units(int(row["units"]), decimals[row["currency"]])
        found.setdefault((row["source"], row["external_id"]), {})[row["rule"], row["currency"]] = points
    return found


def facts_by_member(rows: Sequence[asyncpg.Record]) -> dict[UUID, dict[UUID, Fact]]:
    """The facts of a history, by member and id."""
    found: dict[UUID, dict[UUID, Fact]] = {}
    for row in rows:
        found.setdefault(row["member_id"], {})[row["fact_id"]] = fact_of(row)
    return found


def fact_of(row: asyncpg.Record) -> Fact:
    """The pure fact of a row."""
    if row["type"] == "value":
        return ValueFact(
            row["source"],
            row["external_id"],
            row["occurred_at"],
            row["value_kind"],
            row["value_key"],
            row["value"],
        )
    lines: list[list[Any]] = json.loads(row["lines"]) if row["lines"] else []
    if row["original_source"] is not None:
        return ReturnFact(
            row["source"],
            row["external_id"],
            row["occurred_at"],
            (row["original_source"], row["original_external_id"]),
            -(row["amount"] or Decimal(0)),
            None if row["units"] is None else -row["units"],
            tuple(ReturnedLine(key, -Decimal(amount), _negated(units)) for key, amount, units, *_ in lines),
        )
    return ActivityFact(
        Activity(
            row["source"],
            row["external_id"],
            row["kind"],
            row["occurred_at"],
            row["local_day"],
            row["amount"],
            row["units"],
            row["channel"],
            row["partner"],
            row["attributes"],
            tuple(
                Line(key, Decimal(amount), None if units is None else Decimal(units), category, product)
                for key, amount, units, category, product in lines
            ),
        ),
        moved_of(row),
        None if row["about_source"] is None else (row["about_source"], row["about_external_id"]),
        carried_of(row),
    )


def _negated(written: str | None) -> Decimal | None:
    return None if written is None else -Decimal(written)
