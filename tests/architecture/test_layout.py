"""Where things are (docs: README), and mistakes of this house that no general linter knows."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from loyalty_engine.entities import metadata

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())
ENGINE = ROOT / "engine" / "loyalty_engine"
EXACT = [
    ENGINE / name for name in ("rules", "combine", "ledger", "program", "rating", "measures", "services")
]
LONGEST_FILE = 400

FIXED = (
    "api",
    "schema",
    "plugins/tier_spend",
    "plugins/tier_frequency",
    "plugins/partner_rewards",
    "migrations",
    "tests",
    "pyproject.toml",
    "README.md",
)


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "build" not in path.parts)


def code() -> list[Path]:
    return python_files(*(ROOT / name for name in ("api", "schema", "engine", "plugins", "migrations")))


@pytest.mark.parametrize("entry", FIXED)
def test_the_entries_that_are_fixed_are_there(entry: str) -> None:
    assert (ROOT / entry).exists()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_is_a_complete_folder_of_one_shape(plugin: Path) -> None:
    package = plugin / f"loyalty_{plugin.name}"
    assert {path.name for path in package.glob("*.py")} >= {"__init__.py", "config.py", "rule.py"}
    assert (plugin / "README.md").is_file()
    assert list((plugin / "tests").glob("test_*.py"))


@pytest.mark.parametrize("root", ["api", "schema", "engine"])
def test_a_root_holds_one_import_package(root: str) -> None:
    assert [path.parent.name for path in (ROOT / root).glob("*/__init__.py")] == [f"loyalty_{root}"]


def test_no_file_grows_out_of_sight() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (*code(), *python_files(ROOT / "tests", ROOT / "bench"))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def uses_of_float(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")):
                yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_money_and_points_never_touch_a_float() -> None:
    packages = [path for plugin in PLUGINS for path in plugin.glob("loyalty_*")]
    found = [use for path in python_files(*EXACT, *packages) for use in uses_of_float(path)]
    assert found == []


def statements() -> Iterator[tuple[str, str]]:
    """Every statement that is written as text in the store, with where it stands."""
    for path in python_files(ENGINE / "store"):
        if path.name in {"roles.py", "catalogue.py", "migrate.py", "revision.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Assign):
                continue
            text = written(node.value)
            if re.search(r"\b(FROM|UPDATE|INTO) [a-z_]+\b", text):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def written(node: ast.expr) -> str:
    """What a text says, without the parts that are put into it."""
    parts: Sequence[ast.expr] = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return " ".join(text for text in texts if isinstance(text, str))


def test_every_statement_that_reads_or_writes_a_table_names_its_business() -> None:
    found = [(where, text) for where, text in statements() if tables_of(text)]
    assert len(found) > 15
    scoped = re.compile(r"business_id = (\$1|m\.business_id)|INSERT INTO \w+ \(business_id")
    assert [where for where, text in found if not scoped.search(text)] == []


def tables_of(text: str) -> set[str]:
    return set(re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO) ([a-z_]+)\b", text)) & set(metadata.tables)


def test_nothing_names_an_address_of_a_package_registry_or_a_path_of_a_machine() -> None:
    forbidden = re.compile(
        "|".join(
            ["files[.]python" + "hosted", "pypi[.]" + "org", "registry[.]npm" + "js", "unpkg[.]" + "com"]
        )
        + "|/(root|home|work|Users)/[a-z]"
    )
    wrong = [
        str(path.relative_to(ROOT))
        for path in [
            *code(),
            *ROOT.glob("docs/*.md"),
            ROOT / "README.md",
            *ROOT.glob("requirements*.lock"),
            ROOT / "Makefile",
        ]
        if forbidden.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []
