"""Every message exists in every language, with the same parameters, and every word in use is a message."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, Placeable, VariableReference

import loyalty_engine.services
import loyalty_engine.words
from loyalty_engine.words import LANGUAGES, WordMissing, language_of, say, words
from loyalty_schema.enums import EntryCode

FOLDER = Path(loyalty_engine.words.__file__).parent
SERVICES = Path(loyalty_engine.services.__file__).parent
WORD = re.compile(r'"([a-z]+(?:-[a-z]+)+)"')


def parameters_of(language: str) -> dict[str, set[str]]:
    """The parameters of every message of a language."""
    resource = FluentParser().parse((FOLDER / f"{language}.ftl").read_text(encoding="utf-8"))
    return {
        entry.id.name: {
            element.expression.id.name
            for element in (entry.value.elements if entry.value else ())
            if isinstance(element, Placeable) and isinstance(element.expression, VariableReference)
        }
        for entry in resource.body
        if isinstance(entry, Message)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_parameters(language: str) -> None:
    assert parameters_of(language) == parameters_of("en")
    assert words(language) == parameters_of(language).keys()


def test_every_word_of_the_services_is_a_message() -> None:
    used = {word for file in SERVICES.glob("*.py") for word in WORD.findall(file.read_text(encoding="utf-8"))}
    assert used
    assert used <= words("en")


def test_a_missing_word_or_parameter_is_an_error() -> None:
    with pytest.raises(WordMissing, match="no message 'nothing'"):
        say("en", "nothing")
    with pytest.raises(WordMissing, match="amount"):
        say("en", "entry-earn")
    with pytest.raises(WordMissing, match="no language 'fr'"):
        say("fr", "entry-earn", amount="1")


def test_a_locale_is_reduced_to_a_language_that_is_spoken() -> None:
    assert [language_of(locale) for locale in ("zh-Hans-CN", "EN_gb", "fr", "")] == ["zh", "en", None, None]


CODES = [code.value for code in EntryCode]


@pytest.mark.parametrize("code", [*CODES, "adjust_away", "reversed"])
def test_every_entry_of_a_wallet_reads_well_of_one_point_and_of_more(code: str) -> None:
    word = f"entry-{code}".replace("_", "-")
    assert say("en", word, amount=Decimal(1)).startswith("1 point ")
    for more in ("0", "2", "11", "1.00", "1234567"):
        assert say("en", word, amount=Decimal(more)).startswith(f"{more} points ")
    assert "1234567 积分" in say("zh", word, amount=Decimal(1234567))


IDENTIFIERS = frozenset(
    {
        "JSON", "UTC", "URL", "cancelRedemption", "en", "from", "ladder", "redemption", "releaseCouponUse",
        "resumeMember", "setStanding", "effectiveAt", "tier", "until", "zh-Hans",
    }
)  # fmt: skip
"""What is written alike in every language: names of the API, of the file, and of languages."""


@pytest.mark.parametrize("number", ["0", "1", "2", "11", "1.50"])
def test_no_message_has_words_of_the_other_language(number: str) -> None:
    for word, parameters in parameters_of("en").items():
        given = dict.fromkeys([*parameters, *SELECTED.get(word, ())], Decimal(number))
        chinese, english = (say(language, word, **given) for language in ("zh", "en"))
        assert set(re.findall(r"[A-Za-z][A-Za-z-]+", chinese)) <= IDENTIFIERS, word
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", english), word
        assert not re.search(r"[{}$]|  ", chinese + english), word


SELECTED = {"points": ("amount",)}
"""Numbers that a message chooses by, and does not say."""


@pytest.mark.parametrize("unit", ["activities", "days", "months", "units", "points", "status", "score"])
def test_what_is_counted_reads_well_of_one_and_of_more(unit: str) -> None:
    one, more = (say("en", f"counted-{unit}", number=Decimal(number)) for number in (1, 2))
    assert one.partition(" ")[2] != more.partition(" ")[2]
    assert one.split()[1] == {"activities": "activity", "status": "status", "score": "point"}.get(
        unit, unit.removesuffix("s")
    )
