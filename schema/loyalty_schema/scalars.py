"""Scalars: exact decimals, RFC 3339 instants, dates, ISO 8601 durations and JSON without floats."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry
from graphql import (
    BooleanValueNode,
    EnumValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)
from graphql.language import FloatValueNode
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from loyalty_engine.rating.explain import plain

_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise GraphQLError('Write the number as a string, e.g. "12.50": a JSON float is not exact.')
    written = str(value) if not isinstance(value, int) or abs(value) < 10**30 else ""
    if _DECIMAL.fullmatch(written) is None:
        raise GraphQLError('A Decimal is digits with an optional sign and fraction, e.g. "-12.50".')
    return Decimal(written)


def instant_text(value: datetime) -> str:
    """An instant in UTC; fractions of a second only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise GraphQLError('A DateTime is written with its offset, e.g. "2026-03-01T12:00:00Z".')
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(f"There is no instant {value}.") from None


def _day(value: object) -> date:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise GraphQLError('A Date is written as "2026-03-01".')
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise GraphQLError(f"There is no date {value}.") from None


def _duration(value: object) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise GraphQLError('A Duration is weeks, days, hours, minutes and seconds, e.g. "P30D" or "PT12H".')
    return timedelta(**{name: int(number) for name, number in found.groupdict().items() if number})


def duration_text(value: timedelta) -> str:
    """A duration in days and seconds."""
    days = f"{value.days}D" if value.days or not value.seconds else ""
    return f"P{days}" + (f"T{value.seconds}S" if value.seconds else "")


def _json_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    match node:
        case VariableNode():
            return (variables or {}).get(node.name.value)
        case NullValueNode():
            return None
        case BooleanValueNode() | StringValueNode() | EnumValueNode():
            return node.value
        case IntValueNode():
            return int(_bounded(node.value))
        case FloatValueNode():
            return _exact(_bounded(node.value))
        case ListValueNode():
            return [_json_literal(item, variables) for item in node.values]
        case ObjectValueNode():
            return {part.name.value: _json_literal(part.value, variables) for part in node.fields}
    raise GraphQLError("This is no JSON.")


def _bounded(written: str) -> str:
    if len(written) > 40:
        raise GraphQLError("A number has at most 40 characters.")
    return written


def _exact(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise GraphQLError(f"There is no number {written}.") from None


def _same(value: Any) -> Any:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact number, written as a string: "12.50".',
        serialize=plain,
        parse_value=_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant as in RFC 3339; answers are in UTC.",
        serialize=instant_text,
        parse_value=_instant,
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
    ),
    date: strawberry.scalar(
        name="Date",
        description='A calendar date in the business\'s time zone: "2026-03-01".',
        serialize=date.isoformat,
        parse_value=_day,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description='A length of time as in ISO 8601, in weeks, days, hours, minutes and seconds: "P30D".',
        serialize=duration_text,
        parse_value=_duration,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; its numbers are exact.",
        serialize=_same,
        parse_value=_same,
        parse_literal=_json_literal,
    ),
}
"""The scalars by the Python type that carries them."""
