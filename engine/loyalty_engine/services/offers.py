"""What offers of a business share: keys, validity that may lie ahead, limits, and what they are worth."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from loyalty_engine.services import checks
from loyalty_engine.services.clock import LATEST
from loyalty_engine.services.refusals import invalid

MOST_UNITS = 2**31 - 1
"""The largest count, so that it is a whole number in every client."""

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def checked_key(value: str, *path: str) -> str:
    """A key that the business chooses: lower-case letters, digits, _ and -."""
    key = checks.text(value, *path, longest=63)
    if not _KEY.fullmatch(key):
        raise invalid("key-form", *path)
    return key


def ahead(value: datetime | None, *path: str) -> datetime | None:
    """An instant from 1900 on that may lie ahead."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise invalid("instant-without-zone", *path)
    if value < checks.EARLIEST:
        raise invalid("instant-too-early", *path)
    if value > LATEST:
        raise invalid("instant-too-late", *path, latest=LATEST.isoformat())
    return value


def count(value: int | None, *path: str, least: int = 1, most: int = MOST_UNITS) -> int | None:
    """A whole number within bounds."""
    if value is not None and not least <= value <= most:
        raise invalid("number-from-to", *path, least=str(least), most=str(most))
    return value


def worth(amount: Decimal | None, percent: Decimal | None, *path: str) -> dict[str, Decimal | None]:
    """Money above zero, a percentage up to 100, or nothing, as columns."""
    found = {
        "value_amount": checks.amount(amount, *path, "valueAmount"),
        "value_percent": checks.amount(percent, *path, "valuePercent"),
    }
    given = [value for value in found.values() if value is not None]
    share = found["value_percent"]
    if len(given) > 1 or any(value <= 0 for value in given) or (share is not None and share > 100):
        raise invalid("value-of-money-or-percent", *path, "valueAmount")
    return found
