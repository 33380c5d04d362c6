"""JSON as the database keeps it: numbers stay exact decimals in both directions."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_COMPACT = (",", ":")
_READER = json.JSONDecoder(parse_float=Decimal)


class _HoldsDecimalsError(TypeError):
    """A decimal was found, for which the quick writer has no form."""


def json_text(value: Any) -> str:
    """Writes a value as compact JSON; a decimal becomes a number with all its digits.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot say.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=_COMPACT, default=_plain)
    except _HoldsDecimalsError:
        return _exact(value)


def json_value(text: str) -> Any:
    """Reads JSON; a number with a fraction or an exponent becomes a decimal, never a float."""
    return _READER.decode(text)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        raise _HoldsDecimalsError
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _exact(value: Any) -> str:
    match value:
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} has no form in JSON.")
            return format(value, "f")
        case dict():
            return "{" + ",".join(f"{_key(key)}:{_exact(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_exact, value)) + "]"
        case _:
            return json_text(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"A key in JSON is a text, not {type(key).__name__}.")
    return json.dumps(key, ensure_ascii=False)
