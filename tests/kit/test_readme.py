# ruff: noqa: ARG002 - a hook has the parameters that it has
"""A README is a file that a test runs."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from loyalty_engine.rules import Amount, EarnHooks, Line, Member, Occasion, Rule, RuleConfig
from loyalty_engine.testing import NotConforming, check_readme, config_table


class Part(RuleConfig):
    """A table within."""

    size: int = Field(ge=1, le=9_000_000_000, description="Its size.")


class Config(RuleConfig):
    """All kinds of keys."""

    bound: Amount = Field(description="A | bound.")
    ways: Literal["up", "down"] | Part = Field("up", description="Which way.")
    parts: tuple[Part, ...] = Field((), description="Its parts.")
    names: dict[str, str] = Field(default_factory=dict, description="Its names.")
    flag: bool = Field(default=False, description="A flag.")


class Documented(Rule[Config], EarnHooks):
    """A rule with a README."""

    name = "documented"
    version = "1"
    Config = Config

    def earnings(self, occasion: Occasion, member: Member) -> list[Line]:
        """Nothing."""
        return []


TABLE = """\
| key | value | left out | meaning |
| --- | --- | --- | --- |
| `bound` | number, from 0 to 900 000 000 000 | required | A \\| bound. |
| `ways` | `"up"` or `"down"` or table | `"up"` | Which way. |
| `parts` | list of table | – | Its parts. |
| `parts[].size` | whole number, from 1 to 9 000 000 000 | required | Its size. |
| `names` | table: text by key | – | Its names. |
| `flag` | `true` or `false` | `false` | A flag. |
"""
EXAMPLE = '```toml\n[[rules]]\nid = "a"\nrule = "documented"\nconfig = { bound = "1.50" }\n```\n'


def test_the_table_says_what_may_stand_where_and_what_is_left_out() -> None:
    assert config_table(Config) == TABLE


def test_a_readme_with_the_table_and_an_example_is_accepted(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# documented\n\n{EXAMPLE}\n{TABLE}", encoding="utf-8")
    check_readme(Documented, readme)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (EXAMPLE + TABLE.replace("Its size", "The size"), "does not hold the table"),
        (TABLE, "has no ```toml block"),
        (TABLE + EXAMPLE.replace("1.50", "-1"), "not a valid config"),
        (TABLE + EXAMPLE.replace('"documented"', '"another"'), "has no ```toml block"),
    ],
)
def test_a_readme_that_says_something_else_is_refused(tmp_path: Path, text: str, finding: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(NotConforming, match=finding):
        check_readme(Documented, readme)
