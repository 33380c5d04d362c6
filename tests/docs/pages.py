"""The pages of `docs/`: their fenced blocks, and the parts that are made from the code.

A made part stands between `<!-- made: NAME -->` and `<!-- end -->`. After a change of the code,
`python -m tests.docs.pages` writes them anew; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.examples import Examples
from tests.docs.made import made

ROOT = Path(__file__).parents[2]
PAGES = (*ROOT.glob("README.md"), *sorted((ROOT / "docs").glob("*.md")))

MADE = re.compile(r"(<!-- made: ([^\n]+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
FENCED = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words after it, its text."""

    language: str
    words: tuple[str, ...]
    text: str


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [_block(found) for found in FENCED.finditer(text)]


def _block(found: re.Match[str]) -> Block:
    language, *words = found[1].split() or [""]
    return Block(language, tuple(words), found[2])


def made_parts(text: str) -> Iterator[str]:
    """The names of the made parts of a page."""
    return (found[2] for found in MADE.finditer(text))


def refreshed(text: str) -> str:
    """The page with its made parts, and the results of its worked examples, made anew."""
    examples = Examples()

    def example(found: re.Match[str]) -> str:
        block = _block(found)
        if not block.words:
            return found[0]
        result = examples.take(block.language, block.words, block.text)
        return found[0] if result is None else f"```{found[1]}\n{result}```"

    text = MADE.sub(lambda found: f"{found[1]}{made(found[2])}{found[4]}", text)
    return FENCED.sub(example, text)


def main() -> int:
    """Write every page anew."""
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"{page.relative_to(ROOT)} was written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
