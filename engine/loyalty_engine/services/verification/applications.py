"""Folding applications again: what is kept of each is what its events and votes make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from loyalty_engine.rating.admission import (
    AdmissionFailed,
    ApplicationState,
    Ballot,
    asked,
    followed,
    tally_of,
)
from loyalty_engine.rules import AdmissionEvent, Applied, StepDecided, Tally, VoteClosed
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.verification.checks import UNREADABLE, Chunk
from loyalty_engine.store.verification.applications import applications_of, events_of, votes_of
from loyalty_engine.store.verification.promises import Broken

Rows = Sequence[asyncpg.Record]
KEPT = ("state", "step", "fee", "closes_at")


class Applications:
    """Applications stand where their events led them."""

    name = "applications"
    says = (
        "an application stands where its events lead it by its rule, a closed vote came to "
        "what its electors voted last, and who is admitted has the activity of that application"
    )

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first application that stands elsewhere."""
        found = chunk.connection, chunk.business_id, chunk.ids
        events, votes = await events_of(*found), await votes_of(*found)
        for row in await applications_of(*found):
            key = row["application_id"]
            broken = _broken(chunk, row, events.get(key, ()), votes.get(key, ()))
            if broken is not None:
                what, stored, rebuilt = broken
                return Broken(row["member_id"], f"{what} application {key}", stored, rebuilt)
        return None


def _broken(chunk: Chunk, row: asyncpg.Record, events: Rows, votes: Rows) -> tuple[str, str, str] | None:
    numbers = [event["number"] for event in events]
    if numbers != list(range(1, row["event_count"] + 1)):
        return "events of", str(row["event_count"]), f"numbered {numbers}"
    for event in events:
        if event["kind"] == "closed" and (tally := _tally(event)) != (voted := _voted(row, event, votes)):
            return "tally of", str(tally), str(voted)
    try:
        state = _folded(chunk, row, events)
    except (AdmissionFailed, *UNREADABLE) as error:
        return "history of", row["state"], f"cannot be folded: {error!r}"
    stored = {name: row[name] for name in KEPT}
    rebuilt: dict[str, Any] = {name: getattr(state, name) for name in KEPT}
    if stored != rebuilt:
        return "state of", str(stored), str(rebuilt)
    admitted = (row["fact_member_id"], row["fact_source"], row["fact_key"])
    wanted = (row["member_id"], OWN_SOURCE, f"application/{row['application_id']}")
    if row["fact_id"] is not None and admitted != wanted:
        return "admission of", str(admitted), str(wanted)
    return None


def _folded(chunk: Chunk, row: asyncpg.Record, events: Rows) -> ApplicationState:
    """The application after its events, by the program of its beginning."""
    programs = {version.id: version.program for version in chunk.rulebook.versions}
    program, state = programs[row["program_version_id"]], ApplicationState(row["kind"])
    for event in events:
        if event["kind"] == "withdrawn":
            state = replace(state, state="withdrawn", step=None, fee=None, closes_at=None)
            continue
        transition = asked(program, row["rule"], state, _event(event))
        if transition.state == "refused" or transition.result != event["result"]:
            raise ValueError(f"event {event['number']} leads to {transition}")
        state = followed(state, transition, event["occurred_at"], chunk.business.zone)
    return state


def _event(event: asyncpg.Record) -> AdmissionEvent:
    match event["kind"]:
        case "applied":
            return Applied()
        case "decided":
            return StepDecided(event["approved"])
    return VoteClosed(_tally(event))


def _tally(event: asyncpg.Record) -> Tally:
    return Tally(event["electors"], event["in_favour"], event["against"], event["abstained"])


def _voted(row: asyncpg.Record, event: asyncpg.Record, votes: Rows) -> Tally:
    cast = [Ballot(vote["member_id"], vote["version"], vote["choice"], vote["cast_at"]) for vote in votes]
    return tally_of(row["electors"], cast, event["occurred_at"])
