"""The few column and constraint shapes that all tables are made of."""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

LARGEST = 9 * 10**15
"""No amount of money, units or points is larger; up to here every integer is exact, in JSON too."""

LONGEST_KEY = 200
"""Characters in a key that a client may choose."""

LONGEST_CAUSE = 1600
"""Characters in a cause's key: a source and a key as JSON, every character escaped."""

LONGEST_SLOT = LONGEST_CAUSE + 400
"""Characters in a slot; that of a withdrawn claim names the claim's cause."""


class Entity(SQLModel):
    """What every table is: columns and constraints, no relationships, never built from outside input."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )


def _field(kind: Any, **options: Any) -> Any:
    return Field(sa_type=kind, **options)


def key_text(**options: Any) -> Any:
    """A text that is compared and sorted by code point."""
    return _field(Text(collation="C"), **options)


def words(**options: Any) -> Any:
    """A text for people, which nothing sorts by."""
    return _field(Text(), **options)


def instant(**options: Any) -> Any:
    """A moment with its zone; read and written as UTC."""
    return _field(DateTime(timezone=True), **options)


def whole(**options: Any) -> Any:
    """A 64-bit integer: points in the smallest unit, or a count."""
    return _field(BigInteger(), **options)


def money(**options: Any) -> Any:
    """An exact figure with four decimals, large enough for `LARGEST`."""
    return _field(Numeric(20, 4), **options)


def document(**options: Any) -> Any:
    """A JSON value."""
    return _field(JSONB(none_as_null=True), **options)


def octets(**options: Any) -> Any:
    """Bytes, such as a hash."""
    return _field(LargeBinary(), **options)


def key_texts(**options: Any) -> Any:
    """A list of keys."""
    return _field(ARRAY(Text(collation="C")), **options)


def listed(*values: str) -> str:
    """Constant texts as SQL."""
    return ", ".join(f"'{value}'" for value in values)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed enumeration."""
    return CheckConstraint(f"{column} IN ({listed(*values)})", name=column)


def lengths(**bounds: int) -> tuple[CheckConstraint, ...]:
    """Texts that are not empty and have at most so many characters."""
    return tuple(
        CheckConstraint(f"char_length({column}) BETWEEN 1 AND {most}", name=f"{column}_length")
        for column, most in bounds.items()
    )


def lengths_or_empty(**bounds: int) -> tuple[CheckConstraint, ...]:
    """Texts that may be empty and have at most so many characters."""
    return tuple(
        CheckConstraint(f"char_length({column}) <= {most}", name=f"{column}_length")
        for column, most in bounds.items()
    )


def bounded(column: str, least: int | Decimal = -LARGEST, most: int | Decimal = LARGEST) -> CheckConstraint:
    """A figure within bounds; refuses NaN too, which PostgreSQL takes for the largest number."""
    return CheckConstraint(f"{column} BETWEEN {least} AND {most}", name=f"{column}_bounds")


def hashed(column: str) -> CheckConstraint:
    """Bytes that are a SHA-256 hash."""
    return CheckConstraint(f"octet_length({column}) = 32", name=f"{column}_length")


def belongs_to(table: str, *columns: str, named: str | None = None) -> ForeignKeyConstraint:
    """A reference within the business; `columns` follow `business_id` and are named alike in both tables.

    `named` is the first column's name in this table where it differs.
    """
    ours = ["business_id", *columns]
    if named is not None:
        ours[1] = named
    return ForeignKeyConstraint(ours, [f"{table}.{column}" for column in ("business_id", *columns)])
