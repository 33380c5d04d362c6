"""What happens to applications, as rows: events, what follows from them, and admissions as facts."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from loyalty_engine.ids import new_id
from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program
from loyalty_engine.rating import ActivityFact
from loyalty_engine.rating.admission import (
    AdmissionFailed,
    ApplicationState,
    Term,
    asked,
    followed,
    term_of,
    tiers_named,
)
from loyalty_engine.rating.overrides import OVERRIDE, ByHand
from loyalty_engine.rating.tiers import names_until, tier_later
from loyalty_engine.rules import Activity, Admission, AdmissionEvent, AdmissionKind, AdmissionStep, Transition
from loyalty_engine.services.application_commands import ApplicationChanged
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.deciding import Deciding
from loyalty_engine.services.engine import Caller
from loyalty_engine.services.memberships import held
from loyalty_engine.services.moved_rows import moved_columns
from loyalty_engine.services.operations import body_hash
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.applications import (
    ApplicationRow,
    change_application,
    fix_electorate,
    insert_application,
    insert_event,
)
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import MemberRow

_logger = logging.getLogger(__name__)

Row = dict[str, Any]
NO_TALLY = dict.fromkeys(("electors", "in_favour", "against", "abstained", "result"))


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as it is kept: who may have decided which step how, or what a vote came to."""

    kind: str
    at: datetime
    step: str | None = None
    approved: bool | None = None
    paid: object = None
    reason: str | None = None
    tally: Row | None = None


class ApplicationHistory:
    """The history of one application, whose member is locked."""

    def __init__(
        self, deciding: Deciding, connection: Connection, caller: Caller | None, member: MemberRow
    ) -> None:
        self._deciding = deciding
        self._connection = connection
        self._credential_id = None if caller is None else caller.credential_id
        self._member = member
        self._business_id = deciding.business.business_id

    def program(self, row: ApplicationRow) -> Program:
        """The program that an application is decided by: that of its beginning."""
        versions = {version.id: version.program for version in self._deciding.rulebook.versions}
        return versions[row.program_version_id]

    def ask(self, program: Program, rule: str, state: ApplicationState, event: AdmissionEvent) -> Transition:
        """What the rule makes of an event; refused with RULE_FAILED where it fails."""
        try:
            return asked(program, rule, state, event)
        except AdmissionFailed as failed:
            _logger.exception("business %s: a rule failed at an application", self._business_id)
            raise Refused(Refusal(RefusalCode.RULE_FAILED, "rule-failed", {"rule": rule})) from failed

    def begin(self, rule: str, kind: AdmissionKind, version_id: UUID, happened: Happened) -> Row:
        """The row of an application that is not written yet."""
        return {
            "business_id": self._business_id,
            "application_id": new_id(),
            "member_id": self._member.member_id,
            "rule": rule,
            "program_version_id": version_id,
            "kind": kind,
            "opened_at": happened.at,
        }

    def identity(self, row: ApplicationRow) -> Row:
        """What names an application, the rule that it is decided by, and since when."""
        keys = {"application_id": row.application_id, "rule": row.rule, "opened_at": row.opened_at}
        return {"business_id": self._business_id, **keys}

    def _tiers(self, identity: Row, program: Program, name: str, at: datetime) -> list[tuple[str, str]]:
        """The tiers that a name of the program means, under the names that versions since then gave them."""
        rulebook, since = self._deciding.rulebook, identity["opened_at"]
        named = tiers_named(program, name)
        return [(ladder, tier_later(rulebook, ladder, tier, since, at)) for ladder, tier in named]

    async def follow(
        self,
        identity: Row,
        program: Program,
        state: ApplicationState,
        transition: Transition,
        happened: Happened,
        number: int = 1,
    ) -> ApplicationChanged:
        """Write an event and what comes of it; with the first event the application too."""
        zone = self._deciding.business.zone
        after = followed(state, transition, happened.at, zone)
        changed = ApplicationChanged(identity["application_id"], self._member.member_id)
        if transition.admission is not None:
            changed = await self._admit(identity, program, transition.admission, happened.at)
        changes = {
            "state": after.state,
            "step": after.step,
            "fee": after.fee,
            "closes_at": after.closes_at,
            "ended_at": None if after.state == "open" else happened.at,
            "fact_id": changed.fact_id,
            "event_count": number,
        }
        await write_event(
            self._connection, identity, changes, happened, self._deciding.now, self._credential_id
        )
        if transition.vote is not None:
            names = transition.vote.electorate
            tiers = {tier for name in names for tier in self._tiers(identity, program, name, happened.at)}
            known = [asdict(name) for name in names_until(self._deciding.rulebook, tiers, happened.at)]
            await fix_electorate(
                self._connection, self._business_id, changed.application_id, self._member.member_id, known
            )
        return changed

    async def _admit(
        self, identity: Row, program: Program, admission: Admission, at: datetime
    ) -> ApplicationChanged:
        """Record the admission as a fact of the member, which claims the tier for its term."""
        application_id, zone = identity["application_id"], self._deciding.business.zone
        term_held, state = await held(self._deciding, self._connection, self._member, identity["rule"], at)
        term = term_of(admission, state, term_held, at, zone)
        ((ladder, tier),) = self._tiers(identity, program, admission.tier, at)
        activity = self._activity(application_id, identity["rule"], ladder, tier, term, at)
        fact, fact_id = ActivityFact(activity), new_id()
        row = {
            **self._deciding.fact_columns(fact_id, self._member, fact),
            "body_hash": body_hash("admission", activity),
            "kind": activity.kind,
            "attributes": dict(activity.attributes),
            "reason": None,
            "counts_as": activity.counts_as,
            "counts_on": activity.local_day,
            "ones": activity.occurrences,
            **moved_columns(None),
        }
        member_id = self._member.member_id
        written = await self._deciding.fold({member_id: {fact_id: fact}}, {member_id: self._member}, [row])
        effect_ids = tuple(written[member_id].effect_ids.get(fact_id, ()))
        return ApplicationChanged(application_id, member_id, fact_id, effect_ids)

    def _activity(
        self, application_id: UUID, rule: str, ladder: str, tier: str, term: Term, at: datetime
    ) -> Activity:
        zone = self._deciding.business.zone
        evidence = {
            "application": str(application_id),
            "rule": rule,
            "claimedOn": local_day(at, zone).isoformat(),
            **term.attributes(),
        }
        claimed = ByHand(ladder, tier, term.until(zone), origin="grant", evidence=evidence)
        return Activity(
            OWN_SOURCE,
            f"application/{application_id}",
            OVERRIDE,
            at,
            local_day(at, zone),
            attributes=claimed.attributes(),
        )


async def withdraw(
    connection: Connection,
    business_id: UUID,
    row: ApplicationRow,
    at: datetime,
    recorded_at: datetime,
    caller: Caller,
) -> ApplicationChanged:
    """End an open application without an answer."""
    changes: Row = dict.fromkeys(("step", "fee", "closes_at", "fact_id"))
    changes |= {"state": "withdrawn", "ended_at": at, "event_count": row.event_count + 1}
    identity = {"business_id": business_id, "application_id": row.application_id}
    happened = Happened("withdrawn", at)
    await write_event(connection, identity, changes, happened, recorded_at, caller.credential_id)
    return ApplicationChanged(row.application_id, row.member_id)


async def write_event(
    connection: Connection,
    identity: Row,
    changes: Row,
    happened: Happened,
    recorded_at: datetime,
    credential_id: UUID | None,
) -> None:
    """Write what happened to an application and what follows; with the first event the application too."""
    keys = {name: identity[name] for name in ("business_id", "application_id")}
    if changes["event_count"] == 1:
        await insert_application(connection, {**identity, **changes})
    else:
        await change_application(connection, {**keys, **changes})
    event = {
        **keys,
        "number": changes["event_count"],
        "kind": happened.kind,
        "step": happened.step,
        "approved": happened.approved,
        "paid": happened.paid,
        "reason": happened.reason,
        **(happened.tally or NO_TALLY),
        "occurred_at": happened.at,
        "recorded_at": recorded_at,
        "credential_id": credential_id,
    }
    await insert_event(connection, event)


def state_of(row: ApplicationRow) -> ApplicationState:
    """Where an application stands, as it is kept."""
    return ApplicationState(
        cast("AdmissionKind", row.kind),
        row.state,
        cast("AdmissionStep | None", row.step),
        row.fee,
        row.closes_at,
    )


def ended(row: ApplicationRow) -> Refused:
    """The refusal of whatever is wanted of an application that has ended."""
    return invalid("application-ended", "application", state=row.state)
