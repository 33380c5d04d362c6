"""Folds that are tried: a member's facts one by one, and grants of what was left at an earlier instant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty_engine.ledger.lots import Place
from loyalty_engine.rating import Fact, Folding, State
from loyalty_engine.rating.earning import Ask
from loyalty_engine.rating.facts import place_of
from loyalty_engine.services.answers import Answers, MemberAnswers
from loyalty_engine.services.engine import Business
from loyalty_engine.services.histories import History
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.ledger import Rationed

TOLD_AFTER = 1000
"""After how many facts it is told how many are folded."""

Tell = Callable[[int, int], Awaitable[None]]
"""Told how many facts are folded, and of how many; it may raise to end the fold."""


class TrialAnswers(Answers):
    """Grants of what was left at the beginning of the period, in the order in which it is asked."""

    def __init__(self, connection: Connection, business: Business, left: Rationed) -> None:
        super().__init__(connection, business.business_id, business.zone, business.now(), left)
        self._pool = left
        self.cut = False

    async def _answer(self, member: MemberAnswers, ask: Ask) -> int:
        was_answered = ask.key in member.given
        granted = await super()._answer(member, ask)
        self.rows.clear()
        if was_answered:
            return granted
        self.cut = self.cut or granted < ask.units
        if granted < 0:
            (share,) = ask.funding
            left = self._pool.budgets[ask.key.rule, share.partner]
            if left is not None:
                self._pool.budgets[ask.key.rule, share.partner] = left - granted
        return granted


@dataclass(slots=True)
class Trial:
    """The fold of one member up to the end of a period."""

    history: History
    folding: Folding
    answering: MemberAnswers
    facts: Sequence[Fact]

    def steps(self) -> Iterator[tuple[Place, Trial, Fact]]:
        """The facts in the order of the fold."""
        for fact in self.facts:
            yield place_of(fact), self, fact


@dataclass(frozen=True, slots=True)
class Pair:
    """The two folds of one member: what it really came to, and what it would have."""

    was: Trial
    would: Trial

    @property
    def member_id(self) -> UUID:
        """The member."""
        return self.was.history.stored.member.member_id


class Told:
    """Counts the facts of both folds of some members, and tells of them."""

    def __init__(self, pairs: Sequence[Pair], tell: Tell | None) -> None:
        self._facts = sum(len(pair.was.facts) + len(pair.would.facts) for pair in pairs)
        self._tell = tell
        self._taken = 0

    async def took(self) -> None:
        """One fact more is folded."""
        self._taken += 1
        if self._tell is not None and self._taken % TOLD_AFTER == 0:
            await self._tell(self._taken, self._facts)


def carried(state: State) -> tuple[object, ...]:
    """What a history that ended in another one left there, or has left beyond what it brought: told apart."""
    points = {
        currency: (wallet.available, wallet.pending, wallet.debt)
        for currency, wallet in state.wallets.items()
        if wallet.available or wallet.pending or wallet.debt
    }
    claims = {
        (ladder, claim.tier, claim.until_at, claim.locked)
        for ladder, standing in state.ladders.items()
        for claim in (*standing.claims, *standing.outlasted)
        if claim.until_at is None or claim.until_at > state.at
    }
    return points, claims, {name: used for name, used in state.counters.items() if used}
