"""`loyalty program simulate`: what publishing would do, and what a past period would have come to."""

from pathlib import Path

import pytest

from tests.command_line.shell import PROGRAM, Shell, shell_on
from tests.command_line.test_commands import HEADING, ROWS

JANUARY = ("--from", "2026-01-02T00:00:00Z", "--until", "2026-02-01T00:00:00Z")


@pytest.fixture
def shell(tmp_path: Path, database: str) -> Shell:
    return shell_on(tmp_path, database)


def drafted(shell: Shell, *changes: tuple[str, str]) -> str:
    """A business in which m1 bought for 100.50 on the first and m2 for 600 on the second; and a draft."""
    slug = shell.business()
    shell.write("activities.csv", HEADING + ROWS)
    shell.run("import", "activities.csv", "--business", slug, "--enrol")
    program = PROGRAM.replace("SLUG", slug)
    for old, new in changes:
        program = program.replace(old, new)
    shell.write("draft.toml", program)
    shell.write("plan.toml", '[ladders.status]\nclaims = "regrade_now"\n')
    return slug


def test_who_would_move_is_told_and_nothing_is_written(shell: Shell) -> None:
    slug = drafted(shell, ('"500"', '"700"'))
    told = shell.run("program", "simulate", "draft.toml", "--plan", "plan.toml")
    assert told.code == 0, told.err
    assert f"1 of 2 members of '{slug}' would move" in told.out
    assert "status: gold > basic (a fall)" in told.out
    found = shell.run("program", "simulate", "draft.toml", "--plan", "plan.toml", "--json").json
    assert found["moved"] == [
        {"member": "m2", "ladder": "status", "from": "gold", "to": "basic", "falls": True}
    ]
    shown = shell.run("program", "show", "--business", slug, "--json")
    assert [version["version"] for version in shown.json] == [1]


def test_a_past_period_is_folded_by_the_draft(shell: Shell) -> None:
    drafted(shell, ('"500"', '"700"'), ('rate = "1"', 'rate = "2"'))
    told = shell.run("program", "simulate", "draft.toml", *JANUARY)
    assert told.code == 0, told.err
    assert "2 of 2 members, from 2026-01-02T00:00:00+00:00 until 2026-02-01T00:00:00+00:00" in told.out
    assert f"{600:>15,} > {1200:>15,}  points earned by earn" in told.out
    assert f"{1:>15,} members  status: gold > basic" in told.out
    found = shell.run("program", "simulate", "draft.toml", *JANUARY, "--json").json
    assert (found["folded"], found["estimate"]) == (2, [])
    assert found["points"] == [
        {
            "sort": "earned",
            "currency": "points",
            "rule": "earn",
            "partner": None,
            "was": "600",
            "would": "1200",
            "margin": "0",
        }
    ]
    sampled = shell.run("program", "simulate", "draft.toml", *JANUARY, "--sample", "1", "--json").json
    assert sampled["members"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (JANUARY[:2], 2, "a back-test is from --from until --until"),
        (("--sample", "5"), 2, "a back-test is from --from until --until"),
        ((*JANUARY, "--sample", "0"), 2, "argument --sample: invalid"),
        ((*JANUARY, "--effective-at", "2026-01-02T00:00:00Z"), 2, "without --effective-at"),
        ((*JANUARY[:3], "2999-01-01T00:00:00Z"), 1, "error until: a back-test is of a period that is over"),
    ],
)
def test_a_period_that_cannot_be_folded_is_told(
    shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    drafted(shell)
    ended = shell.run("program", "simulate", "draft.toml", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
