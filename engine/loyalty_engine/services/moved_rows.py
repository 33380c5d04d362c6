"""What activities themselves do with points, as columns of their rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from loyalty_engine.rating import Moved, Portion
from loyalty_engine.rules import FundingShare

Row = dict[str, Any]

NOTHING_MOVED: Row = {
    "points_currency": None,
    "points": None,
    "points_terms": None,
    "about_fact_id": None,
}
"""The columns of an activity that moves no points by itself."""


def moved_columns(moved: Moved | None, about_fact_id: UUID | None = None) -> Row:
    """The columns of an activity's own movement, and of the activity that it is about."""
    if moved is None:
        return {**NOTHING_MOVED, "about_fact_id": about_fact_id}
    return {
        "points_currency": moved.currency,
        "points": moved.units,
        "points_terms": _terms(moved),
        "about_fact_id": about_fact_id,
    }


def moved_of(row: asyncpg.Record) -> Moved | None:
    """The movement in a row."""
    if row["points_currency"] is None:
        return None
    terms = row["points_terms"] or {}
    return Moved(
        row["points_currency"],
        row["points"],
        _instant(terms.get("expires_at")),
        tuple(_portion(portion) for portion in terms.get("lots", ())),
    )


def _terms(moved: Moved) -> Row | None:
    terms: Row = {}
    if moved.expires_at is not None:
        terms["expires_at"] = moved.expires_at.isoformat()
    if moved.lots:
        terms["lots"] = [
            {
                "units": portion.units,
                "expires_at": None if portion.expires_at is None else portion.expires_at.isoformat(),
                "funding": [[share.partner, str(share.percent)] for share in portion.funding],
                "by_program": portion.by_program,
            }
            for portion in moved.lots
        ]
    return terms or None


def _portion(written: Row) -> Portion:
    return Portion(
        written["units"],
        _instant(written["expires_at"]),
        tuple(FundingShare(partner, Decimal(percent)) for partner, percent in written["funding"]),
        written["by_program"],
    )


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
