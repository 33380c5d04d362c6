"""Inputs that the law protects, or bans from rewards, by their usual names in data.

Protected in every sector: the grounds of Article 21 of the Charter of Fundamental Rights of the European
Union and section 4 of the Equality Act 2010 of the United Kingdom, and the special categories of Article 9
of the General Data Protection Regulation. Banned by sector: infant formula (Commission Delegated Regulation
(EU) 2016/127, Article 10), tobacco (Directive 2003/33/EC and the laws of most countries), medicines on
prescription (Directive 2001/83/EC, Articles 88 and 94), and sex in insurance (Directive 2004/113/EC,
Article 5, as read in case C-236/09). The names are ours: a finding asks somebody to look, and a program
without one is not cleared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from loyalty_engine.program.findings import Finding, path_of

PROTECTED = frozenset(
    {
        "age", "belief", "birth_date", "biometrics", "caste", "color", "colour", "disability", "ethnicity",
        "gender", "gender_identity", "genetics", "health", "marital_status", "maternity", "nationality",
        "political_opinion", "pregnancy", "race", "religion", "sex", "sexual_orientation", "trade_union",
    }
)  # fmt: skip
"""Attributes of people on which it is rarely lawful to treat them differently."""

BANNED: Mapping[str, frozenset[str]] = {
    "grocery": frozenset({"infant_formula", "tobacco"}),
    "pharmacy": frozenset({"infant_formula", "prescription", "tobacco"}),
    "insurance": frozenset({"gender", "sex"}),
}
"""By sector, attributes and categories that no reward may depend on."""

READING = {
    "attribute": "attribute",
    "attributes": "attribute",
    "category": "category",
    "categories": "category",
    "scores": "score",
}
"""The keys of configurations that name what is read, and what kind of thing they name.

A score of health is more often that of an account than of a person, and is not looked at.
"""


def sensitive_findings(configs: Sequence[Mapping[str, Any]], sector: str | None) -> Iterator[Finding]:
    """A warning for each protected input that a rule reads, and for each that the sector bans."""
    banned = BANNED.get(sector or "", frozenset())
    for index, config in enumerate(configs):
        for path, kind, name in _read(config, ("rules", index, "config")):
            key = name.lower().replace("-", "_").replace(" ", "_")
            if key in banned:
                message = f"the {kind} {name!r} is banned from rewards in the sector {sector!r}"
                fix = "leave it out; where the law of your country allows it, keep the advice that says so"
                yield Finding(path_of(path), message, "warning", fix)
            elif key in PROTECTED and (kind == "attribute" or (kind == "score" and key != "health")):
                message = f"the {kind} {name!r} is a protected characteristic"
                fix = "read something else, or keep the advice that says why this is lawful"
                yield Finding(path_of(path), message, "warning", fix)


def _read(written: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """What a configuration reads, each with its path, what it is, and its name."""
    if isinstance(written, Mapping):
        for key, value in written.items():
            if key in READING:
                yield from _names(value, (*path, key), READING[key])
            else:
                yield from _read(value, (*path, str(key)))
    elif isinstance(written, list | tuple):
        for index, value in enumerate(written):
            yield from _read(value, (*path, index))


def _names(
    value: object, path: tuple[str | int, ...], kind: str
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    if isinstance(value, str):
        yield path, kind, value
    elif isinstance(value, Mapping):
        for key in value:
            yield (*path, str(key)), kind, str(key)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            if isinstance(each, str):
                yield (*path, index), kind, each
