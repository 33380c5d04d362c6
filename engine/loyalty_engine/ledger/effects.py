"""Effects have keys, and nothing is ever posted but desired(key) - posted(key) (DESIGN section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CauseKind = Literal["activity", "value", "boundary", "enrolment", "publication"]


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """The natural key of the fact or boundary that caused an effect."""

    kind: CauseKind
    key: str


@dataclass(frozen=True, slots=True, order=True)
class EffectKey:
    """What an effect is known by among those of its member; ``rule`` is "" for the program itself."""

    cause: Cause
    rule: str
    slot: str


def difference(desired: Mapping[EffectKey, int], posted: Mapping[EffectKey, int]) -> dict[EffectKey, int]:
    """What must still be posted so that every key has its desired value; keys without one want 0."""
    found = {key: desired.get(key, 0) - posted.get(key, 0) for key in (*posted, *desired)}
    return {key: value for key, value in found.items() if value}
