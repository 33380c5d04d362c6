"""What a business owes its members in points: by the month in which it expires, and by who funded it.

Sums are split and not lots: of all points of one month that were funded alike each partner has its
percentage, rounded down, and the business the rest, so that the parts are together the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import asyncpg

from loyalty_engine.ledger.amounts import shares
from loyalty_engine.localtime import local_day
from loyalty_engine.program.file import Idle, PointsSection
from loyalty_engine.rating.ends import idle_end
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.reads.businesses import PartnerRow
from loyalty_engine.store.reads.liability import funders, held_sums, lot_sums
from loyalty_engine.store.reads.view import View

State = Literal["available", "pending", "held", "expired"]
Funding = tuple[tuple[str, str], ...]
Cohort = tuple[date | None, Funding, State]
JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LiabilityPart:
    """Points of one month that one funder stands for, in smallest units.

    ``month`` is the first day of the month with their last valid day; None for those without an end.
    ``partner`` is None for the business.
    """

    month: date | None
    partner: PartnerRow | None
    available: int = 0
    pending: int = 0
    held: int = 0
    expired: int = 0


async def liability(
    connection: Connection, view: View, section: PointsSection, zone: ZoneInfo, now: datetime
) -> list[LiabilityPart]:
    """All parts, the earliest month first and the business before partners; a partner's are its own."""
    idle = isinstance(section.expiry, Idle)
    sums: Counter[Cohort] = Counter()
    for row in await lot_sums(connection, view, section.key, idle=idle):
        end, funding = _end(row, section, zone), _funding(row)
        gone = end is not None and end <= now
        state: State = "expired" if gone else "pending" if row["pending"] else "available"
        sums[_month(end, zone), funding, state] += int(row["remaining"])
        known_end = None if idle and row["expires_at"] is None else end
        sums[_month(known_end, zone), funding, "expired"] += int(row["expired"])
    for row in await held_sums(connection, view, section.key, idle=idle):
        sums[_month(_end(row, section, zone), zone), _funding(row), "held"] += int(row["held"])
    keys = sorted({partner for _, funding, _ in sums for partner, _ in funding})
    return _parts(sums, await funders(connection, view, keys), own_only=view.partner_id is not None)


def _parts(
    sums: Mapping[Cohort, int], known: Mapping[str, PartnerRow], *, own_only: bool
) -> list[LiabilityPart]:
    found: dict[tuple[date | None, str | None], Counter[str]] = {}
    for (month, funding, state), total in sums.items():
        paid = shares(total, [Decimal(percent) for _, percent in funding])
        split = [
            (partner, part) for (partner, _), part in zip(funding, paid, strict=True) if partner in known
        ]
        business = [] if own_only else [(None, total - sum(paid))]
        for funder, part in (*business, *split):
            found.setdefault((month, funder), Counter())[state] += part
    ordered = sorted(found.items(), key=lambda item: (item[0][0] or date.max, item[0][1] or ""))
    return [
        LiabilityPart(month, None if funder is None else known[funder], **units)
        for (month, funder), units in ordered
        if any(units.values())
    ]


def _end(row: asyncpg.Record, section: PointsSection, zone: ZoneInfo) -> datetime | None:
    """When points are gone, exclusive; by inactivity as if nothing more kept them."""
    end: datetime | None = row["expires_at"]
    if end is not None or not isinstance(section.expiry, Idle) or row["earned_on"] is None:
        return end
    kept_on = date.fromordinal(row["kept"]) if row["kept"] else None
    return idle_end(section.expiry, row["earned_on"], kept_on, zone)


def _month(end: datetime | None, zone: ZoneInfo) -> date | None:
    """The month of the last valid day."""
    return None if end is None else local_day(end - JUST_BEFORE, zone).replace(day=1)


def _funding(row: asyncpg.Record) -> Funding:
    return tuple((partner, percent) for partner, percent in row["funding"])
