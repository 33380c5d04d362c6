"""What is wrong with a program file, each with its path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a warning at a path like ``rules.0.config.thresholds.gold``."""

    path: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return (
            f"{self.severity} {self.path}: {self.message}"
            if self.path
            else f"{self.severity}: {self.message}"
        )


def path_of(parts: Iterable[str | int]) -> str:
    """The parts of a path joined by dots."""
    return ".".join(str(part) for part in parts)


def of_validation(errors: Sequence[Any], prefix: tuple[str | int, ...], data: object) -> list[Finding]:
    """Findings for pydantic's errors; of a union's alternatives the one nearest to the input.

    pydantic names the alternatives of a union in the location; a reader of the file knows only the
    keys that stand in it, so other parts are dropped.
    """
    found: dict[str, Finding] = {}
    for error in errors:
        location = _in_file(error["loc"], data)
        path = path_of((*prefix, *location))
        found.setdefault(path, Finding(path, _message(error)))
    deepest = list(found.values())
    return [
        finding
        for finding in deepest
        if not any(other.path.startswith(f"{finding.path}.") for other in deepest if finding.path)
    ]


def _in_file(location: Sequence[str | int], data: object) -> list[str | int]:
    kept: list[str | int] = []
    for index, part in enumerate(location):
        if isinstance(data, dict) and (part in data or index == len(location) - 1):
            kept.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            kept.append(part)
            data = data[part] if part < len(data) else None
    return kept


def _message(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; remove it or correct its spelling"
        case "missing":
            return "this key is required"
        case "value_error":
            return str(error["ctx"]["error"])
    return str(error["msg"])
