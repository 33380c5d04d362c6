"""Slots of points: who moves how much between which accounts, and who is given how much.

A slot is ``points/<currency>/<line>/<movement>[/<partner>]``; the movement says between which accounts, and
``-`` stands for the line where the program itself moves points. That of a gift is
``gift/<currency>/<line>/<external id of the other member>``, and that of the use of a quota, which moves an
award and no points, is ``quota/<currency>/<line>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty_engine.ledger.amounts import shares
from loyalty_engine.ledger.effects import EffectKey
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


def parts_of(slot: str) -> tuple[str, str, str]:
    """The currency of a slot of points, its movement, and the partner of whom it is ("": of none)."""
    kind, currency, _, movement, *partner = slot.split("/", 4)
    if kind != "points":
        raise ValueError(f"{slot!r} moves no points")
    return currency, movement, partner[0] if partner else ""


def line_slot(currency: str, line: str) -> str:
    """What the lot of a line, or the spending of one, is known by."""
    return f"points/{currency}/{line}"


def gift_slot(currency: str, line: str, to: str) -> str:
    """The slot of a gift to another member."""
    return f"gift/{currency}/{line}/{to}"


def quota_slot(currency: str, line: str) -> str:
    """The slot of the use that a line's award makes of its promotion's quota."""
    return f"quota/{currency}/{line}"


def gift_of(slot: str) -> tuple[str, str]:
    """The currency of a gift's slot, and the external id of the member who is given."""
    kind, currency, _, to = slot.split("/", 3)
    if kind != "gift":
        raise ValueError(f"{slot!r} is no gift")
    return currency, to


def split(units: int, funding: Sequence[FundingShare], back: bool = False) -> dict[str, int]:
    """Who pays how much of an award, by movement: partners their shares, the business what is left."""
    suffix = "_back" if back else ""
    paid = shares(units, [share.percent for share in funding])
    postings = {f"funded{suffix}/{share.partner}": part for share, part in zip(funding, paid, strict=True)}
    postings[f"earned{suffix}"] = units - sum(paid)
    return {movement: value for movement, value in postings.items() if value}
