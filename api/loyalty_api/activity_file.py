"""Files of activities: CSV with a heading, one activity a row.

| column | meaning |
| --- | --- |
| `member` | the member's external id |
| `kind` | `purchase`, `return` (with a negative amount), `visit`, `redemption`, or any other kind |
| `source`, `external_id` | the activity's natural key: one that is known already is not recorded twice |
| `occurred_at` | an instant with its zone, as `2026-03-01T09:30:00Z` |
| `amount`, `units` | exact numbers; may be empty or left out |
| `currency`, `channel`, `partner` | may be empty or left out |
| `points`, `points_currency` | of a `redemption`: how many points; of which currency, else the first |
| `attribute.NAME` | a text that rules may read under NAME; empty is left out; any number of such columns |

A file whose name ends in `.gz` is unpacked on the way.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from loyalty_engine.services.commands import MemberBy, PointsInput, RecordActivity

REQUIRED = ("member", "kind", "source", "external_id", "occurred_at")
OPTIONAL = ("amount", "units", "currency", "channel", "partner", "points", "points_currency")
ATTRIBUTE = "attribute."


class ActivityFileError(Exception):
    """The file cannot be understood; the message names the line."""

    code = "activity_file_invalid"


@dataclass(frozen=True)
class ActivityFile:
    """A file of activities, read anew each time, so that its size does not matter."""

    path: Path

    def __iter__(self) -> Iterator[RecordActivity]:
        """The activities in the order of the file; raises ActivityFileError at the first that is none."""
        try:
            opened = gzip.open if self.path.suffix == ".gz" else open
            with opened(self.path, "rt", encoding="utf-8-sig", newline="") as lines:
                yield from _activities(lines)
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, csv.Error) as error:
            raise ActivityFileError(f"{self.path.name} is not a CSV text in UTF-8: {error}") from error

    def count(self) -> int:
        """How many activities there are, having read every one."""
        return sum(1 for _ in self)


def _activities(lines: Iterable[str]) -> Iterator[RecordActivity]:
    reader = csv.DictReader(lines, strict=True)
    _check_heading(reader.fieldnames or ())
    for row in reader:
        try:
            yield _activity(row)
        except (ValueError, InvalidOperation) as error:
            raise ActivityFileError(f"line {reader.line_num}: {error}") from error


def _check_heading(names: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ActivityFileError(f"line 1: the heading lacks {', '.join(missing)}")
    unknown = [
        name for name in names if name not in (*REQUIRED, *OPTIONAL) and not name.startswith(ATTRIBUTE)
    ]
    if unknown:
        raise ActivityFileError(
            f"line 1: unknown columns {', '.join(unknown)}; known are "
            f"{', '.join((*REQUIRED, *OPTIONAL))} and {ATTRIBUTE}NAME"
        )
    if len(set(names)) != len(names):
        raise ActivityFileError("line 1: a column stands there twice")


def _activity(row: Mapping[str | None, str | list[str] | None]) -> RecordActivity:
    if None in row or None in row.values():
        raise ValueError("the row has another number of fields than the heading")
    texts = {str(name): str(value) for name, value in row.items()}
    for name in REQUIRED:
        if not texts[name]:
            raise ValueError(f"{name} is empty")
    return RecordActivity(
        MemberBy(external_id=texts["member"]),
        texts["kind"],
        texts["source"],
        texts["external_id"],
        _instant(texts["occurred_at"]),
        amount=_number(texts, "amount"),
        units=_number(texts, "units"),
        currency=texts.get("currency") or None,
        channel=texts.get("channel") or None,
        partner=texts.get("partner") or None,
        attributes={
            name.removeprefix(ATTRIBUTE): value
            for name, value in texts.items()
            if name.startswith(ATTRIBUTE) and value
        },
        points=_points(texts),
    )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"occurred_at {text!r} is not an instant like 2026-03-01T09:30:00Z") from None
    if at.tzinfo is None:
        raise ValueError(f"occurred_at {text!r} names no zone: write it like 2026-03-01T09:30:00Z")
    return at.astimezone(UTC)


def _points(texts: Mapping[str, str]) -> PointsInput | None:
    amount, currency = _number(texts, "points"), texts.get("points_currency") or None
    if amount is not None:
        return PointsInput(amount, currency)
    if currency is not None:
        raise ValueError("points_currency is given without points")
    return None


def _number(texts: Mapping[str, str], name: str) -> Decimal | None:
    text = texts.get(name)
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{name} {text!r} is not a number") from None
