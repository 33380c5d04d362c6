"""The pages of the documentation say what the code says, and their examples are run."""

import json
import re
from pathlib import Path

import pytest

from loyalty_engine.plugins import discover
from loyalty_engine.program import compile_program
from loyalty_engine.program.file import ProgramFile
from loyalty_engine.program.plan import plan_file
from loyalty_engine.rating import Ask
from tests.docs.examples import Examples, Telling
from tests.docs.made import built_in_rules, models_of
from tests.docs.pages import PAGES, ROOT, blocks_of, made_parts, refreshed

REFERENCE = (ROOT / "docs" / "program-file.md").read_text(encoding="utf-8")
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
LANGUAGES = {"", "sh", "toml", "json", "text", "graphql", "python"}


def name_of(page: Path) -> str:
    """The page as a test names it."""
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_shows_of_the_code_is_what_the_code_makes_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert refreshed(text) == text, "python -m tests.docs.pages writes it anew"


def test_the_reference_has_every_table_of_the_file_and_every_built_in_rule_once() -> None:
    tables = [model.__name__ for model in models_of(ProgramFile)]
    rules = [f"rule {rule.name}" for rule in built_in_rules()]
    assert sorted(made_parts(REFERENCE)) == sorted([*tables, *rules, "LadderPlan", "rules", "windows"])


def test_the_examples_of_the_reference_are_one_program_without_findings() -> None:
    blocks = [block for block in blocks_of(REFERENCE) if block.language == "toml" and not block.words]
    source = "\n".join(block.text for block in blocks)
    program = compile_program(source, discover())
    assert program.findings == ()
    assert {rule.type.name for rule in program.rules.values()} == {rule.name for rule in built_in_rules()}


def test_the_plan_of_the_reference_is_one() -> None:
    (block,) = [block for block in blocks_of(REFERENCE) if block.words == ("plan",)]
    assert plan_file(block.text).of("status").claims == "protect_until"


def worked_examples() -> list[tuple[Examples, list[dict[str, object]]]]:
    """The programs and the facts of each worked example."""
    found, page = [], Examples()
    for block in blocks_of(CONCEPTS):
        if block.words and block.language in ("toml", "json"):
            page.take(block.language, block.words, block.text)
        if (block.language, block.words) == ("json", ("facts",)):
            found.append((Examples(page.head, list(page.programs)), json.loads(block.text)))
    return found


@pytest.mark.parametrize(("page", "facts"), worked_examples())
def test_a_worked_example_comes_out_the_same_in_another_order_and_with_repeats(
    page: Examples, facts: list[dict[str, object]]
) -> None:
    first = Telling(page.rulebook(()), facts)
    outcome = first.outcome()
    answers = {ask.key: granted for ask, granted, _ in first.budgets.answers}

    def stored(ask: Ask) -> int:
        return answers[ask.key]

    again = Telling(page.rulebook(()), [*reversed(facts), *facts]).outcome(answer=stored)
    assert again.effects == outcome.effects
    assert (again.state.ladders, again.state.wallets) == (outcome.state.ladders, outcome.state.wallets)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_of_a_known_language(page: Path) -> None:
    assert {block.language for block in blocks_of(page.read_text(encoding="utf-8"))} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, heading = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if heading:
            assert heading in headings(linked), target


def headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_an_address_of_another_machine(page: Path) -> None:
    addresses = re.findall(r"\w+://[^\s`)/]+", page.read_text(encoding="utf-8"))
    assert [each for each in addresses if not re.search(r"//(127\.0\.0\.1|user:password@host)", each)] == []
