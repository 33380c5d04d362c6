"""The page about errors lists the codes that there are, and says of each what the code says."""

import re

import pytest

from loyalty_api.answers import STATUSES
from loyalty_engine.services.refusals import RETRYABLE
from loyalty_engine.services.refusals import RefusalCode as EngineRefusalCode
from loyalty_engine.words import LANGUAGES, words
from loyalty_schema.enums import RefusalCode
from loyalty_schema.errors import ErrorCode
from tests.docs.made import refusal_words
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of a chapter's table by their code."""
    chapter = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [row.split(" | ") for row in re.findall(r"^\| (`.*) \|$", chapter, re.MULTILINE)]
    return {cells[0].strip("`"): cells[1:] for cells in found}


REFUSALS, ERRORS = rows("Refusals"), rows("Request errors")


def test_every_code_with_which_a_mutation_refuses_is_on_the_page_and_no_other() -> None:
    assert set(REFUSALS) == {code.name for code in RefusalCode}
    assert set(REFUSALS) <= {code.value for code in EngineRefusalCode}


def test_the_page_says_which_refusals_may_be_sent_again() -> None:
    assert {code for code, cells in REFUSALS.items() if cells[-1] == "yes"} == set(REFUSALS) & set(RETRYABLE)


def test_every_code_of_a_request_error_is_on_the_page_and_no_other() -> None:
    assert set(ERRORS) == {code.value for code in ErrorCode}


@pytest.mark.parametrize("code", ErrorCode)
def test_the_page_says_with_which_status_an_error_comes(code: ErrorCode) -> None:
    assert ERRORS[code.value][-1] == str(int(STATUSES.get(code, 400)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_on_the_page_is_said_in_every_language(language: str) -> None:
    assert len(refusal_words()) > 40
    assert set(refusal_words()) <= words(language)
