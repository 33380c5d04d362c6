"""Between which accounts a slot moves points or awards, and under which code the transfer stands."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.rating.wallets import parts_of
from loyalty_engine.store.ledger import AWARDS, AccountKey


@dataclass(frozen=True, slots=True)
class Movement:
    """A positive value moves points from the debit to the credit account, a negative one back."""

    code: str
    currency: str
    debit: AccountKey
    credit: AccountKey


def movement_of(key: EffectKey, member_id: UUID) -> Movement:
    """The movement of a points slot or of the use of a quota; ValueError for a slot that moves nothing."""
    if key.slot.startswith("quota/"):
        quota: AccountKey = ("quota", AWARDS, None, key.rule, None)
        return Movement("use_quota", AWARDS, quota, _account("used", AWARDS))
    currency, movement, partner = parts_of(key.slot)
    own = {name: _account(name, currency, member_id) for name in MEMBER_ACCOUNTS}
    shared = {name: _account(name, currency) for name in BUSINESS_ACCOUNTS}
    budget: AccountKey = ("budget", currency, None, key.rule, partner or None)
    code, debit, credit = MOVEMENTS[movement]
    found = {**own, **shared, "budget": budget}
    return Movement(code, currency, found[debit], found[credit])


MEMBER_ACCOUNTS = ("wallet", "debt", "pending", "held")
BUSINESS_ACCOUNTS = ("issuance", "breakage", "redeemed", "adjustment", "clearing")

MOVEMENTS = {
    "earned": ("earn", "issuance", "wallet"),
    "funded": ("partner_award", "budget", "wallet"),
    "earned_back": ("take_back", "wallet", "issuance"),
    "funded_back": ("take_back", "wallet", "budget"),
    "withheld": ("withhold", "wallet", "pending"),
    "released": ("release", "pending", "wallet"),
    "repaid": ("repay_debt", "wallet", "debt"),
    "owed": ("owe", "debt", "wallet"),
    "expired": ("expire", "wallet", "breakage"),
    "redeemed": ("redeem", "wallet", "redeemed"),
    "redeemed_back": ("give_back", "redeemed", "wallet"),
    "held": ("hold", "wallet", "held"),
    "unheld": ("unhold", "held", "wallet"),
    "captured": ("capture", "held", "redeemed"),
    "sent": ("send", "wallet", "clearing"),
    "sent_back": ("give_back", "clearing", "wallet"),
    "received": ("receive", "clearing", "wallet"),
    "received_back": ("take_back", "wallet", "clearing"),
    "given": ("give", "issuance", "wallet"),
    "adjusted": ("adjust", "adjustment", "wallet"),
    "left": ("merge", "wallet", "clearing"),
    "debt_left": ("merge", "clearing", "wallet"),
    "came": ("merge", "clearing", "wallet"),
    "debt_came": ("merge", "wallet", "clearing"),
}
"""For each movement the code of its transfer, and between which accounts a positive value moves points."""


def _account(kind: str, currency: str, member_id: UUID | None = None) -> AccountKey:
    return (kind, currency, member_id, None, None)
