"""A business's stored state in a form that two deliveries of the same facts must share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loyalty_engine.rating import Claim, State
from tests.services.shop import Shop

STANDINGS = """
SELECT m.external_id, s.ladder, s.effective_at, s.is_boundary, s.source, s.external_id, s.from_tier,
       s.to_tier
FROM standing s JOIN member m USING (business_id, member_id)
WHERE s.withdrawn_effect_id IS NULL ORDER BY 1, 2, 3, 4 DESC, 5, 6
"""
CURRENT = """
SELECT m.external_id, s.ladder, s.tier, s.since, s.until_at, s.next_review_at
FROM current_standing s JOIN member m USING (business_id, member_id) ORDER BY 1, 2
"""
ACCOUNTS = """
SELECT m.external_id, a.kind, a.currency, a.balance FROM account a
JOIN member m USING (business_id, member_id) WHERE a.balance <> 0 ORDER BY 1, 2, 3
"""
POSTED = """
SELECT m.external_id, e.cause_kind, e.cause_key, e.rule, e.slot, sum(e.value)
FROM effect e JOIN member m USING (business_id, member_id)
GROUP BY 1, 2, 3, 4, 5 HAVING sum(e.value) <> 0 ORDER BY 1, 2, 3, 4, 5
"""
DUE = "SELECT external_id, next_boundary_at FROM member ORDER BY 1"


@dataclass(frozen=True)
class Snapshot:
    """What is known about all members of a business; ids and the order of arrival left out."""

    members: dict[str, Any]
    standings: list[Any]
    current: list[Any]
    accounts: list[Any]
    posted: list[Any]
    due: list[Any]


async def snapshot(shop: Shop) -> Snapshot:
    """The business's present state."""
    states = await shop.states()
    return Snapshot(
        members={name: _state(state) for name, state in sorted(states.items())},
        standings=await shop.rows(STANDINGS),
        current=await shop.rows(CURRENT),
        accounts=await shop.rows(ACCOUNTS),
        posted=await shop.rows(POSTED),
        due=await shop.rows(DUE),
    )


def _state(state: State) -> dict[str, Any]:
    return {
        "at": (state.at, state.place),
        "ladders": {
            key: (ladder.tier, ladder.since, sorted(map(_claim, ladder.claims), key=str))
            for key, ladder in sorted(state.ladders.items())
        },
        "lots": sorted(
            (
                currency,
                str(lot.key),
                lot.place,
                (lot.amount, lot.remaining, lot.expired, lot.expires_at, lot.pending, lot.releases_at),
            )
            for currency, wallet in state.wallets.items()
            for lot in wallet.lots.values()
            if lot.amount
        ),
        "uses": sorted(
            (currency, str(key), spending.place, str(used), units)
            for currency, wallet in state.wallets.items()
            for key, spending in wallet.spendings.items()
            for used, units in spending.parts.items()
        ),
        "debts": {currency: wallet.debt for currency, wallet in state.wallets.items() if wallet.debt},
        "values": state.values,
        "counters": {key: used for key, used in sorted(state.counters.items()) if used},
        "frozen": state.frozen,
    }


def _claim(claim: Claim) -> tuple[Any, ...]:
    figures = {name: (figure.value, figure.start, figure.end) for name, figure in claim.figures.items()}
    return (claim.tier, claim.from_at, claim.until_at, str(claim.cause), sorted(figures.items()))
