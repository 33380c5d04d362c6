"""Bounds of everything that comes from outside (BEHAVIOUR L41, L51, L52). Texts come out as NFC, trimmed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from loyalty_engine.services.refusals import invalid

LONGEST_TEXT = 200
LARGEST = Decimal(9 * 10**15)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=5)
MOST_ATTRIBUTES = 100
DEEPEST = 5
OWN_SOURCE = "loyalty"
"""The source under which the engine records facts of its own; nobody else may write it."""


def text(value: str, *path: str, longest: int = LONGEST_TEXT) -> str:
    """A text of 1 to ``longest`` characters without control characters or halves of characters."""
    cleaned = unicodedata.normalize("NFC", value).strip()
    if not cleaned:
        raise invalid("text-empty", *path)
    if len(cleaned) > longest:
        raise invalid("text-too-long", *path, longest=str(longest))
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned):
        raise invalid("text-with-control-characters", *path)
    return cleaned


def optional_text(value: str | None, *path: str, longest: int = LONGEST_TEXT) -> str | None:
    """The same for a text that may be left out."""
    return None if value is None else text(value, *path, longest=longest)


def amount(value: Decimal | None, *path: str) -> Decimal | None:
    """An exact number of at most 4 decimals, within 9 * 10^15 either way."""
    if value is None:
        return None
    if not value.is_finite() or value.adjusted() > LARGEST.adjusted() or abs(value) > LARGEST:
        raise invalid("number-out-of-bounds", *path)
    if cast("int", value.as_tuple().exponent) < -4 and value != round(value, 4):
        raise invalid("number-too-fine", *path, decimals="4")
    return round(value, 4)


def instant(value: datetime, now: datetime, *path: str) -> datetime:
    """An instant from 1900 on, and at most five minutes ahead of now."""
    if value.tzinfo is None:
        raise invalid("instant-without-zone", *path)
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise invalid("instant-too-early" if value.year == 1 else "instant-in-the-future", *path) from None
    if value < EARLIEST:
        raise invalid("instant-too-early", *path)
    if value > now + CLOCK_SKEW:
        raise invalid("instant-in-the-future", *path)
    return value


def source(value: str, *path: str) -> str:
    """A source that a caller may name."""
    cleaned = text(value, *path, longest=64)
    if cleaned == OWN_SOURCE:
        raise invalid("source-reserved", *path, source=OWN_SOURCE)
    return cleaned


def attributes(value: Mapping[str, object], *path: str) -> dict[str, object]:
    """A JSON object of at most 100 keys, five levels deep, without floating-point numbers."""
    if len(value) > MOST_ATTRIBUTES:
        raise invalid("too-many", *path, most=str(MOST_ATTRIBUTES))
    return {
        text(key, *path, _step(key), longest=64): document(item, *path, _step(key))
        for key, item in value.items()
    }


def _step(key: object) -> str:
    """A key as a step of a path: it is shown in the answer and kept with it, whatever is wrong with it."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in str(key)[:64]
    )


def document(value: object, *path: str, depth: int = 1) -> object:
    """A JSON value with bounded texts and exact numbers."""
    if depth > DEEPEST:
        raise invalid("too-deep", *path, most=str(DEEPEST))
    match value:
        case None | bool():
            return value
        case str():
            return text(value, *path, longest=1000) if value.strip() else ""
        case float():
            raise invalid("number-not-exact", *path)
        case int():
            amount(Decimal(value), *path)
            return value
        case Decimal():
            return _as_read(value, cast("Decimal", amount(value, *path)))
        case Mapping() | list() | tuple():
            return _collection(value, path, depth)
    raise invalid("not-json", *path)


def _collection(
    value: Mapping[object, object] | Sequence[object], path: tuple[str, ...], depth: int
) -> object:
    if len(value) > MOST_ATTRIBUTES:
        raise invalid("too-many", *path, most=str(MOST_ATTRIBUTES))
    if isinstance(value, Mapping):
        return {
            text(str(key), *path, _step(key), longest=64): document(item, *path, _step(key), depth=depth + 1)
            for key, item in value.items()
        }
    return [document(item, *path, str(index), depth=depth + 1) for index, item in enumerate(value)]


def _as_read(value: Decimal, bounded: Decimal) -> int | Decimal:
    """The number as it will be read again, so that a rule sees the same live and in a later fold.

    Noughts after its fourth decimal are left out, of which there may be any number.
    """
    exponent = cast("int", value.as_tuple().exponent)
    if exponent >= 0:
        return int(value)
    return bounded if exponent < -4 else value
