"""Between which accounts a slot moves points, and under which code the transfer stands."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.store.ledger import AccountKey


@dataclass(frozen=True, slots=True)
class Movement:
    """A positive value moves points from the debit to the credit account, a negative one back."""

    code: str
    currency: str
    debit: AccountKey
    credit: AccountKey


def movement_of(key: EffectKey, member_id: UUID) -> Movement:
    """The movement of a points slot; ValueError for a slot that is none."""
    kind, currency, _, name, *partner = key.slot.split("/", 4)
    if kind != "points":
        raise ValueError(f"{key.slot!r} moves no points")
    wallet: AccountKey = ("wallet", currency, member_id, None, None)
    debt: AccountKey = ("debt", currency, member_id, None, None)
    issuance: AccountKey = ("issuance", currency, None, None, None)
    breakage: AccountKey = ("breakage", currency, None, None, None)
    budget: AccountKey = ("budget", currency, None, key.rule, partner[0] if partner else None)
    code, debit, credit = {
        "earned": ("earn", issuance, wallet),
        "funded": ("partner_award", budget, wallet),
        "earned_back": ("take_back", wallet, issuance),
        "funded_back": ("take_back", wallet, budget),
        "repaid": ("repay_debt", wallet, debt),
        "owed": ("owe", debt, wallet),
        "expired": ("expire", wallet, breakage),
    }[name]
    return Movement(code, currency, debit, credit)
