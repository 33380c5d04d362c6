"""One change of what is kept, and what it must be found as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A change, and the difference that it is found as: the check by name, and parts of the texts.

    `MINE` stands for the rows of ann, `BOBS` for those of bob.
    """

    name: str
    statement: str
    check: str
    what: str
    stored: str
    rebuilt: str
    member: str | None = "ann"
