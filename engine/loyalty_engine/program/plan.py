"""What becomes of members when a version takes effect: a plan for each ladder (SEMANTICS section 5).

A plan is published with its version, for ever as it was, and every fold reads it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from loyalty_engine.program.compiled import ProgramInvalid
from loyalty_engine.program.file import Key, Section
from loyalty_engine.program.findings import Finding, of_validation

MAXIMUM_BYTES = 64 * 1024

Claims = Literal["keep", "regrade_now", "at_next_review", "protect_until", "remove"]


class LadderPlan(Section):
    """`[ladders.KEY]`: what becomes of the claims of one ladder, once its tiers have their new names."""

    claims: Claims = Field(
        "keep",
        description="keep: they stay. regrade_now: those made by rules end and a review is held. "
        "at_next_review: they stay until the ladder's next review decides. protect_until: they stay, and the "
        "tier held becomes a claim. remove: the ladder is gone.",
    )
    until: date | None = Field(
        None, description="With protect_until: the first day on which the tier held is protected no more."
    )
    tiers: dict[Key, Key] = Field(
        default_factory=dict, max_length=50, description="Where the claims on a tier go: old = new."
    )

    @model_validator(mode="after")
    def _until_protects(self) -> LadderPlan:
        if (self.claims == "protect_until") != (self.until is not None):
            raise ValueError("write until = DATE with protect_until, and with nothing else")
        if self.claims == "remove" and self.tiers:
            raise ValueError("a ladder that is gone has no tiers to go to")
        return self


class Plan(Section):
    """The plans of those ladders for which something is to happen."""

    ladders: dict[Key, LadderPlan] = Field(
        default_factory=dict, max_length=40, description="By the ladder's key; left out: its claims stay."
    )

    def of(self, ladder: str) -> LadderPlan:
        """What becomes of a ladder's claims."""
        return self.ladders.get(ladder, KEEP)

    @property
    def text(self) -> str:
        """The plan as it is stored, which says the same in the same letters."""
        written = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """SHA-256 of the stored plan, in hexadecimal."""
        return plan_hash(self.text)


KEEP = LadderPlan()
NO_PLAN = Plan()


def plan_hash(text: str) -> str:
    """SHA-256 of a plan as it is stored, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def plan_of(written: Mapping[str, Any]) -> Plan:
    """The plan as it was written.

    Raises ProgramInvalid with every error found, each with its path below `plan`.
    """
    try:
        return Plan.model_validate(written)
    except ValidationError as error:
        raise ProgramInvalid(of_validation(error.errors(), ("plan",), written)) from error


def plan_file(source: str) -> Plan:
    """The plan of a TOML file; raises ProgramInvalid."""
    if len(source.encode()) > MAXIMUM_BYTES:
        raise ProgramInvalid([Finding("plan", f"it is larger than {MAXIMUM_BYTES // 1024} KiB")])
    try:
        return plan_of(tomllib.loads(source))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProgramInvalid([Finding("plan", f"not a TOML file: {error}")]) from error


def stored_plan(text: str | None) -> Plan:
    """The plan of a published version; without one, claims stay."""
    return NO_PLAN if text is None else Plan.model_validate_json(text)
