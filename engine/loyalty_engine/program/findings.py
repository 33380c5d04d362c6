"""What is wrong with a program file, each with its path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a warning at a path like ``rules.0.config.thresholds.gold``, and what would mend it."""

    path: str
    message: str
    severity: Literal["error", "warning"] = "error"
    fix: str | None = None

    def __str__(self) -> str:
        where = f"{self.severity} {self.path}" if self.path else self.severity
        return f"{where}: {self.message}" + (f" ({self.fix})" if self.fix else "")


def path_of(parts: Iterable[str | int]) -> str:
    """The parts of a path joined by dots."""
    return ".".join(str(part) for part in parts)


def of_validation(errors: Sequence[Any], prefix: tuple[str | int, ...], data: object) -> list[Finding]:
    """Findings for pydantic's errors; of a union's alternatives those of the one nearest to the input.

    pydantic names the alternatives of a union in the location; a reader of the file knows only the
    keys that stand in it, so other parts are dropped.
    """
    located = [_Located(tuple(error["loc"]), error) for error in errors]
    found: dict[str, Finding] = {}
    for each in _nearest(located, data, prefix):
        path = path_of(each.location)
        found.setdefault(path, Finding(path, _message(each.error)))
    return [
        finding
        for finding in found.values()
        if not any(other.startswith(f"{finding.path}.") for other in found if finding.path)
    ]


@dataclass(frozen=True, slots=True)
class _Located:
    """An error of pydantic, and what of its location is still to be followed; at last its place."""

    location: tuple[str | int, ...]
    error: Any


def _nearest(errors: Sequence[_Located], data: Any, path: tuple[str | int, ...]) -> list[_Located]:
    """The errors at a path and below it, without those of alternatives that are further from the data."""
    found = [_Located(path, each.error) for each in errors if not each.location]
    alternatives: list[list[_Located]] = []
    for part in dict.fromkeys(each.location[0] for each in errors if each.location):
        inner = [
            _Located(each.location[1:], each.error)
            for each in errors
            if each.location and each.location[0] == part
        ]
        if _stands_in(part, data):
            found += _nearest(inner, data[part], (*path, part))
        elif all(not each.location and _names_a_key(part, each.error) for each in inner):
            found += [_Located((*path, part), each.error) for each in inner]
        else:
            alternatives.append(_nearest(inner, data, path))
    return found + min(alternatives, key=lambda each: _distance(each, path), default=[])


def _stands_in(part: str | int, data: object) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _names_a_key(part: str | int, error: Any) -> bool:
    """Whether the error is of a key that the data lacks, and its location does not end in an alternative."""
    return error["type"] in ("missing", "value_error") and str(part).isidentifier()


def _distance(errors: Sequence[_Located], path: tuple[str | int, ...]) -> int:
    """How far an alternative is: one for a key too many or too few, far for another kind of value."""
    wrong_kind = sum(each.location == path for each in errors)
    keys = sum(each.error["type"] in ("missing", "extra_forbidden") for each in errors)
    return 1000 * wrong_kind + keys


def _message(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; remove it or correct its spelling"
        case "missing":
            return "this key is required"
        case "value_error":
            return str(error["ctx"]["error"])
    return str(error["msg"])
