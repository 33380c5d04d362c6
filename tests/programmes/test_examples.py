"""The examples are more than files that compile: each is played by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalty_engine.shipped import shipped

TESTS = Path(__file__).parents[1]
THE_DEMOS = "online_retail"
"""Played by `loyalty demo`, which is tested with the command line."""

EXAMPLES = [
    path.stem
    for path in sorted(Path(shipped("examples/programmes")).glob("*.toml"))
    if path.stem != THE_DEMOS
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_programme_is_played_by_a_test(name: str) -> None:
    own = Path(__file__)
    written = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path != own)
    named = (f'"{name}"', f'"{name}.toml"', f"programmes/{name}.toml")
    assert any(each in text for text in written for each in named)
