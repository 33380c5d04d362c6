"""What wallets came to, from the transfers of their members and the kinds of the accounts between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, func, not_, or_, select

from loyalty_engine.entities import Transfer
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.entries import CREDIT, DEBIT, joined
from loyalty_engine.store.reads.moments import Moment, at_each, known_then, moment_values
from loyalty_engine.store.reads.view import View, ViewStatement, linked
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class Totals:
    """What a wallet came to, in smallest units, as the ledger has it.

    ``earned`` is what came from the business and from partners' budgets, less what went back there;
    ``spent`` what was redeemed or sent to others, less what was given back; ``expired`` what was forfeited.
    What others sent and what was adjusted by hand is in ``available`` alone.
    """

    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0


_transfer = columns(Transfer)
_RECEIVED = _transfer.code.in_(("receive", "take_back", "merge"))


def _moved(into: Any, out_of: Any) -> Any:
    """The sum of what one condition brings, less what the other takes."""
    return cast(
        func.sum(case((into, _transfer.amount), else_=0) - case((out_of, _transfer.amount), else_=0)),
        BigInteger,
    )


def _balance(kind: str) -> Any:
    """Credits less debits of the member's account of a kind."""
    return _moved(CREDIT.c.kind == kind, DEBIT.c.kind == kind)


def _from(*kinds: str) -> Any:
    return _moved(DEBIT.c.kind.in_(kinds), CREDIT.c.kind.in_(kinds))


def _spent(account: Any) -> Any:
    """Whether points are spent on this side; what comes from another member is no spending undone."""
    return or_(account.c.kind == "redeemed", and_(account.c.kind == "clearing", not_(_RECEIVED)))


_SUMS = {
    "available": _balance("wallet"),
    "pending": _balance("pending"),
    "held": _balance("held"),
    "debt": -_balance("debt"),
    "earned": _from("issuance", "budget"),
    "spent": _moved(_spent(CREDIT), _spent(DEBIT)),
    "expired": _balance("breakage"),
}
_TOTALS = ViewStatement(
    lambda held: at_each(
        select(_transfer.currency, *(_SUMS[name].label(name) for name in Totals.__slots__))
        .select_from(joined(table(Transfer)))
        .where(known_then(_transfer), *linked(_transfer.member_id, held))
        .group_by(_transfer.currency)
    )
)


async def totals(
    connection: Connection, view: View, moments: Sequence[Moment]
) -> dict[Moment, dict[str, Totals]]:
    """What wallets came to, by moment and points currency; one without transfers is left out."""
    found: dict[Moment, dict[str, Totals]] = {}
    for number, currency, *sums in await _TOTALS.fetch(connection, view, **moment_values(moments)):
        found.setdefault(moments[number - 1], {})[currency] = Totals(*sums)
    return found
