"""Every member folded again from the beginning: what is stored is what the facts and answers make."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.rating import Outcome
from loyalty_engine.rating.earning import Ask
from loyalty_engine.services.answers import Answers, Given, MemberAnswers
from loyalty_engine.services.differences import MemberDifference
from loyalty_engine.services.histories import History, fold_whole, histories
from loyalty_engine.services.posted import Folded
from loyalty_engine.services.posting import Rows
from loyalty_engine.services.verification.checks import UNREADABLE, Chunk
from loyalty_engine.services.verification.differing import first_effect, first_failure, first_row, first_state
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.verification.promises import Broken


class StoredAnswers(Answers):
    """Answers from what is stored alone; what is asked beyond that is granted nothing, and is in ``rows``."""

    async def _grant(self, ask: Ask, before: int, more: int) -> int:  # noqa: ARG002
        return 0

    async def _fund_anew(self, member: MemberAnswers, ask: Ask) -> None:
        """Budgets are left alone: that others pay now than paid is a difference of effects."""


class Replay:
    """A refold would write nothing: it asks for nothing new, and posts and changes no row."""

    name = "replay"
    says = (
        "folding a member's facts and answers again gives the effects, lots, claims, standings, counters, "
        "figures and parked rules that are stored"
    )

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first member, and of that member the first row, that a refold would change."""
        members = list(chunk.members.values())
        try:
            known = await _histories(chunk, members)
        except UNREADABLE:
            known = {}  # one of them; which one is found out below
        for member in members:
            try:
                history = known.get(member.member_id)
                if history is None:
                    history = (await _histories(chunk, [member]))[member.member_id]
                broken = await _of_member(chunk, history)
            except UNREADABLE as error:
                broken = ("history", "stored", f"cannot be folded: {type(error).__name__}: {error}")
            if broken is not None:
                return Broken(member.member_id, *broken)
        return None


async def _histories(chunk: Chunk, members: Sequence[MemberRow]) -> dict[UUID, History]:
    return await histories(chunk.connection, chunk.business_id, chunk.rulebook, members)


async def _of_member(chunk: Chunk, history: History) -> tuple[str, str, str] | None:
    now, given = chunk.business.now(), dict(history.given)
    answers = StoredAnswers(chunk.connection, chunk.business_id, chunk.business.zone, now)
    outcome = await fold_whole(chunk.rulebook, history, answers, now)
    rows = _would_write(chunk, history, outcome)
    return (
        first_failure(rows, history)
        or _asked(answers, given)
        or first_effect(rows, history)
        or first_state(chunk.rulebook, history.stored.state, outcome.state)
        or first_row(rows, history, outcome)
    )


def _would_write(chunk: Chunk, history: History, outcome: Outcome) -> Rows:
    rows = Rows()
    folded = Folded(history.stored, outcome, history.fact_ids, frozenset(), None, False, history.posted)
    MemberDifference(chunk.business_id, chunk.rulebook, chunk.business.now(), rows, folded).collect()
    return rows


def _asked(answers: Answers, given: dict[EffectKey, Given]) -> tuple[str, str, str] | None:
    for row in answers.rows:
        names = ("asked_cause_kind", "asked_cause_key", "asked_rule", "asked_slot")
        kind, cause, rule, slot = (row[name] for name in names)
        before = next(
            (
                each
                for key, each in given.items()
                if (key.cause.kind, key.cause.key, key.rule, key.slot) == (kind, cause, rule, slot)
            ),
            Given(),
        )
        return (
            f"ask of {rule} for {slot} at {kind} {cause}",
            f"asked {before.asked}, granted {before.granted}",
            f"asks {before.asked + row['asked']}",
        )
    return None
