"""Says messages of the Fluent files beside this module; a file is read when its language is first spoken."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser
from fluent.syntax.ast import Junk, Message

LANGUAGES = ("en", "zh")
"""The languages in which every message exists."""

_FOLDER = Path(__file__).parent


class WordMissing(LookupError):
    """There is no such message, or it lacks a parameter."""


def say(language: str, word: str, **parameters: str | Decimal) -> str:
    """The message in one of LANGUAGES, with its parameters as they are.

    A number ``n`` is written with all of its digits, and a message may choose by its plural form, ``$nForm``.
    Raises WordMissing when the message does not exist or wants a parameter that was not given.
    """
    bundle = _bundle(language)
    if not bundle.has_message(word):
        raise WordMissing(f"no message {word!r} in {language!r}")
    pattern = bundle.get_message(word).value
    if pattern is None:
        raise WordMissing(f"message {word!r} says nothing in {language!r}")
    text, errors = bundle.format_pattern(pattern, _written(language, parameters))
    if errors:
        raise WordMissing(f"message {word!r} in {language!r}: {errors[0]}")
    return str(text)


def _written(language: str, parameters: Mapping[str, str | Decimal]) -> dict[str, str]:
    written: dict[str, str] = {}
    for name, value in parameters.items():
        written[name] = value if isinstance(value, str) else format(value, "f")
        if not isinstance(value, str):
            written[f"{name}Form"] = Locale.parse(language).plural_form(value)
    return written


def language_of(locale: str) -> str | None:
    """The language of LANGUAGES that a locale like ``zh-Hans-CN`` asks for, if there is one."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else None


def words(language: str) -> frozenset[str]:
    """The ids of a language's messages; raises WordMissing where its file cannot be read."""
    resource = FluentParser().parse(_source(language))
    junk = [entry for entry in resource.body if isinstance(entry, Junk)]
    if junk:
        raise WordMissing(f"{language}.ftl cannot be read at: {junk[0].content!r}")
    return frozenset(entry.id.name for entry in resource.body if isinstance(entry, Message))


def _source(language: str) -> str:
    if language not in LANGUAGES:
        raise WordMissing(f"no language {language!r}")
    return (_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(_source(language)))
    return bundle
