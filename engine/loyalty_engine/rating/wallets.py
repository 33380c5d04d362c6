"""Earning, taking back and expiring in one wallet. Earnings pay debt first; the wallet never lacks.

Each movement answers the new wallet and the postings by slot, in smallest units. A slot is
``points/<currency>/<line>/<movement>[/<partner>]``; the movement says between which accounts, and
``-`` stands for the line where the program itself moves points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from loyalty_engine.ledger.amounts import shares
from loyalty_engine.ledger.effects import EffectKey
from loyalty_engine.ledger.lots import Lot, Place, consume, expire
from loyalty_engine.rating.state import Wallet
from loyalty_engine.rules import FundingShare


@dataclass(frozen=True, slots=True)
class Earned:
    """What an activity earned under one key, kept while returns may still take it back."""

    key: EffectKey
    currency: str
    line: str
    units: int
    funding: tuple[FundingShare, ...]


def slot_of(currency: str, line: str, movement: str) -> str:
    """The slot of a movement of points."""
    return f"points/{currency}/{line}/{movement}"


def split(units: int, funding: Sequence[FundingShare], back: bool = False) -> dict[str, int]:
    """Who pays how much of an award, by movement: partners their shares, the business what is left."""
    suffix = "_back" if back else ""
    paid = shares(units, [share.percent for share in funding])
    postings = {f"funded{suffix}/{share.partner}": part for share, part in zip(funding, paid, strict=True)}
    postings[f"earned{suffix}"] = units - sum(paid)
    return {movement: value for movement, value in postings.items() if value}


def earn(
    wallet: Wallet, key: EffectKey, place: Place, units: int, expires_at: datetime | None
) -> tuple[Wallet, dict[str, int]]:
    """A new lot of what is left after paying debt."""
    repaid = min(wallet.debt, units)
    lot = Lot(key, place, units, units - repaid, 0, expires_at)
    after = Wallet({**wallet.lots, key: lot}, wallet.debt - repaid)
    return after, {"repaid": repaid} if repaid else {}


def take(wallet: Wallet, units: int) -> tuple[Wallet, dict[str, int]]:
    """Take from lots in their order; what they lack is owed."""
    lots, owed = consume(wallet.lots, units)
    return Wallet(lots, wallet.debt + owed), {"owed": owed} if owed else {}


def take_back(wallet: Wallet, key: EffectKey, units: int) -> tuple[Wallet, dict[str, int], int]:
    """Take an award back: from its own lot first, then from the others; also how much was really taken.

    What had expired from its own lot is gone already and is not taken twice.
    """
    own = wallet.lots[key]
    from_own = min(units, own.remaining)
    gone = min(units - from_own, own.expired)
    lots = {**wallet.lots, key: replace(own, remaining=own.remaining - from_own, expired=own.expired - gone)}
    rest = units - from_own - gone
    after, postings = take(Wallet(lots, wallet.debt), rest)
    return after, postings, from_own + rest


def expired(wallet: Wallet, at: datetime) -> tuple[Wallet, dict[str, int]]:
    """Everything whose end has come is gone."""
    lots, gone = expire(wallet.lots, at)
    return Wallet(lots, wallet.debt), {"expired": gone} if gone else {}
