"""How a command ends: its exit code, and what it says to a person or to a script."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from loyalty_engine.program import Finding
from loyalty_engine.services.refusals import Refusal

OK = 0
REFUSED = 1
USAGE = 2
ENVIRONMENT = 3
INTERRUPTED = 130


class CommandFailed(Exception):
    """The command did not do what was asked; the message says what to do."""

    exit_code = REFUSED

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})


class UsageWrong(CommandFailed):
    """What was written on the command line cannot be meant."""

    exit_code = USAGE


class EnvironmentUnusable(CommandFailed):
    """A setting, the database or the machine stands in the way."""

    exit_code = ENVIRONMENT


@dataclass(frozen=True)
class Output:
    """Where a command writes: its result to standard output, everything else to standard error.

    With `as_json` the result, also of a failure, is exactly one JSON document.
    """

    as_json: bool
    console: Console = field(default_factory=lambda: Console(soft_wrap=True, highlight=False, markup=False))
    errors: Console = field(
        default_factory=lambda: Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    )

    def result(self, document: Any, *lines: str) -> None:
        """The document for a script, the lines for a person."""
        if self.as_json:
            write_json(document)
            return
        for line in lines:
            self.console.print(line)

    def table(self, document: Any, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The document for a script, a table for a person."""
        if self.as_json:
            write_json(document)
            return
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            shown.add_column(heading, overflow="fold")
        for row in rows:
            shown.add_row(*row)
        self.console.print(shown)

    def note(self, line: str) -> None:
        """Something that a person waits for; a script does not."""
        if not self.as_json:
            self.errors.print(line)

    def failure(self, failed: CommandFailed) -> int:
        """Says what went wrong, and returns the exit code."""
        if self.as_json:
            write_json({"error": {"code": failed.code, "message": str(failed), **failed.details}})
        else:
            self.errors.print(f"loyalty: {failed}")
        return failed.exit_code


def write_json(document: Any) -> None:
    """Writes one document to standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
    sys.stdout.flush()


def listed(findings: Sequence[Finding]) -> list[dict[str, str | None]]:
    """Findings as a script reads them."""
    return [
        {
            "severity": finding.severity,
            "path": finding.path,
            "message": finding.message,
            "fix": finding.fix,
        }
        for finding in findings
    ]


def invalid_program(name: str, findings: Sequence[Finding]) -> CommandFailed:
    """The failure of a program file that has errors."""
    lines = "\n".join(f"  {finding}" for finding in findings)
    return CommandFailed(
        "program_invalid",
        f"{name} was not accepted, and nothing changed:\n{lines}",
        {"findings": listed(findings)},
    )


def refused(refusal: Refusal) -> CommandFailed:
    """The failure that a refusal is."""
    return CommandFailed(
        refusal.code.value,
        refusal.message("en"),
        {"path": None if refusal.path is None else list(refusal.path), "retryable": refusal.retryable},
    )
