"""The reasons that rules give for their verdicts: within bounds, and as they are kept with a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loyalty_engine.rules import Reason, Rule, RuleConfig

MOST_REASONS = 10
"""How many reasons a rule may give for one verdict."""

LONGEST_REASON = 500
"""How many characters a reason may have, its code and all its parameters together."""

ReasonsGiven = Mapping[str, Mapping[str, tuple[Reason, ...]]]
"""What rules gave as reasons, by rule and tier."""


def are_reasons(said: object) -> bool:
    """Whether what a rule gave as reasons are few and short ones, of text that can be kept."""
    return isinstance(said, tuple) and len(said) <= MOST_REASONS and all(_is_reason(each) for each in said)


def _is_reason(said: object) -> bool:
    if not isinstance(said, Reason) or not isinstance(said.parameters, Mapping):
        return False
    texts: list[object] = [said.code, *said.parameters, *said.parameters.values()]
    kept = [text for text in texts if isinstance(text, str) and _can_be_kept(text)]
    return bool(said.code) and len(kept) == len(texts) and sum(map(len, kept)) <= LONGEST_REASON


def _can_be_kept(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def written(reasons: ReasonsGiven) -> dict[str, dict[str, list[list[Any]]]]:
    """Reasons as they are kept: of each its code and its parameters."""
    return {
        rule: {
            tier: [[each.code, dict(each.parameters)] for each in given] for tier, given in by_tier.items()
        }
        for rule, by_tier in reasons.items()
    }


def read(kept: Mapping[str, Mapping[str, Sequence[Sequence[Any]]]]) -> ReasonsGiven:
    """Reasons that were kept."""
    return {
        rule: {
            tier: tuple(Reason(code, parameters) for code, parameters in given)
            for tier, given in by_tier.items()
        }
        for rule, by_tier in kept.items()
    }


def in_words(rule: Rule[RuleConfig], reason: Reason, language: str) -> str:
    """A reason that a rule gave, in its own words; where it has none, or fails, its code and parameters."""
    try:
        words: object = rule.describe(reason, language)
    except Exception:  # noqa: BLE001 - what was decided is shown whatever a rule makes of it now
        words = None
    if isinstance(words, str) and 1 <= len(words.strip()) <= LONGEST_REASON and _can_be_kept(words):
        return words.strip()
    told = ", ".join(f"{name} {value}" for name, value in reason.parameters.items())
    return f"{reason.code} ({told})" if told else reason.code
