"""A plugin's README as a file that a test runs: its table is generated, its example is checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from loyalty_engine.rules import Rule, RuleConfig
from loyalty_engine.testing.conformance import NotConforming, check_rule
from loyalty_engine.testing.table import config_table

TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def check_readme(rule_class: type[Rule[RuleConfig]], readme: Path) -> None:
    """Raise NotConforming unless the README holds the config's table and examples that are valid."""
    text = readme.read_text(encoding="utf-8")
    table = config_table(rule_class.Config)
    if table not in text:
        raise NotConforming(f"{readme.name} does not hold the table of its config, which is:\n\n{table}")
    examples = example_configs(rule_class, text)
    if not examples:
        raise NotConforming(
            f"{readme.name} has no ```toml block with a [[rules]] of rule {rule_class.name!r}"
        )
    for example in examples:
        check_rule(rule_class, example)


def example_configs(rule_class: type[Rule[RuleConfig]], text: str) -> list[dict[str, Any]]:
    """The configs of the rule in the ``toml`` blocks of a Markdown text."""
    files = [tomllib.loads(block) for block in TOML_BLOCK.findall(text)]
    rules = [rule for file in files for rule in file.get("rules", ())]
    return [rule["config"] for rule in rules if rule["rule"] == rule_class.name]
