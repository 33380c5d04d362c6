"""Each command, with its exit code and what it says when something is wrong."""

import socket
from pathlib import Path

import pytest

from loyalty_engine.shipped import shipped
from tests.command_line.shell import PROGRAM, Shell, shell_on
from tests.server import create_database, drop_database

HEADING = "member,kind,source,external_id,occurred_at,amount,attribute.country\n"
REDEMPTIONS = "member,kind,source,external_id,occurred_at,points,points_currency\n"
ROWS = "m1,purchase,till,1,2026-01-01T10:00:00Z,100.50,UK\nm2,purchase,till,2,2026-01-02T10:00:00Z,600,\n"


@pytest.fixture
def shell(tmp_path: Path, database: str) -> Shell:
    return shell_on(tmp_path, database)


@pytest.mark.parametrize(
    "name", [path.stem for path in sorted(Path(shipped("examples/programmes")).glob("*.toml"))]
)
def test_the_example_programmes_have_no_findings(shell: Shell, name: str) -> None:
    checked = shell.run("program", "check", str(shipped(f"examples/programmes/{name}.toml")), "--json")
    assert (checked.code, checked.json["findings"]) == (0, [])


def test_a_wrong_program_is_refused_with_every_path(shell: Shell) -> None:
    shell.write("wrong.toml", PROGRAM.replace("SLUG", "acme").replace('rate = "1"', 'rat = "1"'))
    checked = shell.run("program", "check", "wrong.toml", "--json")
    assert checked.code == 1
    assert checked.json["error"]["code"] == "program_invalid"
    assert "rules.1.config.rat" in [finding["path"] for finding in checked.json["error"]["findings"]]
    told = shell.run("program", "check", "wrong.toml")
    assert (told.code, told.out) == (1, "")
    assert "error rules.1.config.rat: unknown key" in told.err


def test_a_file_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    ended = shell.run("program", "check", "missing.toml")
    assert (ended.code, ended.err) == (2, "loyalty: missing.toml: No such file or directory\n")


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("program",), ("keys", "create", "x", "--kind", "god")]
)
def test_what_no_command_is_is_wrong_usage(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = shell.run(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("usage: loyalty")


def test_a_program_is_shown_in_short(shell: Shell) -> None:
    shell.write("program.toml", PROGRAM.replace("SLUG", "acme"))
    assert "ladder    status: basic < gold" in shell.run("program", "show", "program.toml").out


def test_a_business_is_made_once_and_its_key_is_shown_once(shell: Shell) -> None:
    shell.write("program.toml", PROGRAM.replace("SLUG", "acme_once"))
    arguments = ("business", "create", "acme_once", "--program", "program.toml", "--sandbox", "--json")
    made = shell.run(*arguments)
    assert (made.code, made.json["version"]) == (0, 1)
    assert made.json["key"].startswith("loy_test_")
    again = shell.run(*arguments)
    assert (again.code, again.json["error"]["code"]) == (1, "ALREADY_EXISTS")


def test_publishing_makes_a_version_or_says_what_is_wrong(shell: Shell) -> None:
    slug = shell.business()
    same = shell.run("program", "publish", "program.toml", "--json")
    assert (same.code, same.json["unchanged"], same.json["version"]) == (0, True, 1)
    shell.write("next.toml", PROGRAM.replace("SLUG", slug).replace('"500"', '"600"'))
    assert shell.run("program", "publish", "next.toml", "--json").json["version"] == 2
    shell.write("less.toml", PROGRAM.replace("SLUG", slug).replace('key = "status"', 'key = "level"'))
    less = shell.run("program", "publish", "less.toml")
    assert less.code == 1
    assert "error ladders: the ladder 'status' is gone, and members stand on it" in less.err
    shell.write("plan.toml", '[ladders.status]\nclaims = "remove"\n')
    planned = shell.run("program", "publish", "less.toml", "--plan", "plan.toml", "--json")
    assert planned.json["version"] == 3
    shell.write("plan.toml", '[ladders.status]\nclaims = "forget"\n')
    wrong = shell.run("program", "publish", "next.toml", "--plan", "plan.toml", "--json")
    assert (wrong.code, wrong.json["error"]["findings"][0]["path"]) == (1, "plan.ladders.status.claims")
    shown = shell.run("program", "show", "--business", slug, "--json")
    assert [version["version"] for version in shown.json] == [1, 2, 3]
    assert shell.run("program", "show", "--business", slug, "--version", "4").code == 2


def test_a_draft_says_how_many_members_it_would_put_where(shell: Shell) -> None:
    slug = shell.business()
    shell.write("draft.toml", PROGRAM.replace("SLUG", slug))
    counted = shell.run("program", "count", "draft.toml", "--json")
    assert (counted.code, counted.json) == (0, [])
    own = PROGRAM.replace("SLUG", slug).replace('window = "lifetime"', 'window = "anniversary"')
    shell.write("own.toml", own)
    refused = shell.run("program", "count", "own.toml")
    assert refused.code == 1
    assert "reads a period that each member has of its own" in refused.err


def test_a_business_that_is_not_there_is_named_with_what_to_do(shell: Shell) -> None:
    ended = shell.run("keys", "list", "nobody")
    assert ended.code == 1
    assert "`loyalty business create nobody --program FILE` makes it" in ended.err


def test_keys_are_made_listed_and_revoked(shell: Shell) -> None:
    slug = shell.business()
    made = shell.run(
        "keys", "create", slug, "--kind", "till", "--name", "Till 1", "--source", "till", "--json"
    )
    assert made.code == 0
    assert made.json["key"].startswith(f"loy_live_{made.json['id']}_")
    listed = shell.run("keys", "list", slug, "--json")
    assert [(key["kind"], key["state"]) for key in listed.json] == [("owner", "in use"), ("till", "in use")]
    assert made.json["key"] not in listed.out
    assert shell.run("keys", "revoke", slug, made.json["id"]).code == 0
    assert shell.run("keys", "list", slug, "--json").json[1]["state"] == "revoked"


def test_activities_are_imported_once(shell: Shell) -> None:
    slug = shell.business()
    shell.write("activities.csv", HEADING + ROWS)
    first = shell.run("import", "activities.csv", "--business", slug, "--enrol", "--json")
    assert (first.code, first.json) == (0, {"recorded": 2, "known": 0, "parked": 0, "refused": []})
    again = shell.run("import", "activities.csv", "--business", slug, "--enrol", "--json")
    assert (again.code, again.json["recorded"], again.json["known"]) == (0, 0, 2)


def test_a_row_of_nobody_is_refused_and_the_others_are_recorded(shell: Shell) -> None:
    slug = shell.business()
    shell.write("activities.csv", HEADING + ROWS)
    shell.run("import", "activities.csv", "--business", slug, "--enrol")
    rows = "m1,purchase,till,3,2026-01-03T10:00:00Z,1,\nm9,visit,till,4,2026-01-03T10:00:00Z,,\n"
    shell.write("more.csv", HEADING + rows)
    more = shell.run("import", "more.csv", "--business", slug, "--json")
    assert (more.code, more.json["recorded"]) == (1, 1)
    assert [(row["row"], row["code"]) for row in more.json["refused"]] == [(2, "NOT_FOUND")]


def test_redemptions_are_imported_with_the_points_that_they_used(shell: Shell) -> None:
    slug = shell.business()
    shell.write("activities.csv", HEADING + ROWS)
    shell.run("import", "activities.csv", "--business", slug, "--enrol")
    used = "m1,redemption,till,r1,2026-01-03T10:00:00Z,40,points\n"
    of_the_first_currency = "m1,redemption,till,r3,2026-01-03T11:00:00Z,10,\n"
    visit = "m1,visit,till,v1,2026-01-04T10:00:00Z,,\n"
    other = "m1,redemption,till,r2,2026-01-05T10:00:00Z,1,stamps\n"
    shell.write("redemptions.csv", REDEMPTIONS + used + of_the_first_currency + visit + other)
    ended = shell.run("import", "redemptions.csv", "--business", slug, "--json")
    assert (ended.code, ended.json["recorded"]) == (1, 3)
    assert [row["row"] for row in ended.json["refused"]] == [4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("member,kind\n", "line 1: the heading lacks source, external_id, occurred_at"),
        (HEADING.replace("amount", "amuont") + ROWS, "line 1: unknown columns amuont"),
        (HEADING + "m1,purchase,till,1,2026-01-01T10:00:00,1,\n", "line 2: occurred_at"),
        (
            HEADING + ROWS + "m1,purchase,till,1,2026-01-01T10:00:00Z,a lot,\n",
            "line 4: amount 'a lot' is not a number",
        ),
        (
            REDEMPTIONS + "m1,redemption,till,1,2026-01-01T10:00:00Z,,points\n",
            "line 2: points_currency is given without points",
        ),
        (HEADING + "m1,purchase\n", "line 2: the row has another number of fields"),
        (HEADING + ",purchase,till,1,2026-01-01T10:00:00Z,1,\n", "line 2: member is empty"),
    ],
)
def test_a_file_that_cannot_be_understood_records_nothing(shell: Shell, text: str, said: str) -> None:
    ended = shell.run("import", shell.write("wrong.csv", text), "--business", "any")
    assert ended.code == 2
    assert said in ended.err
    assert "nothing was recorded" in ended.err


def test_plugins_and_settings_are_listed(shell: Shell) -> None:
    plugins = shell.run("plugins", "--json").json
    assert "tier_spend" in [rule["name"] for rule in plugins]
    assert all(rule["configSchema"]["type"] == "object" for rule in plugins)
    settings = shell.run("settings")
    assert "LOYALTY_DATABASE_URL" in settings.out
    assert "s" * 32 not in settings.out


def test_a_misspelt_setting_is_told(shell: Shell) -> None:
    ended = shell.run("plugins", LOYALTY_PROT="80")
    assert (ended.code, ended.out) == (3, "")
    assert "LOYALTY_PROT is not a setting: did you mean LOYALTY_PORT?" in ended.err


@pytest.mark.parametrize("command", [("keys", "list", "x"), ("worker",), ("demo", "--exit")])
def test_a_database_that_does_not_answer_is_told_without_a_traceback(
    shell: Shell, command: tuple[str, ...]
) -> None:
    nowhere = "postgresql://nobody:secret-word@127.0.0.1:9/nothing"
    ended = shell.run(*command, LOYALTY_DATABASE_URL=nowhere, LOYALTY_OWNER_DATABASE_URL=nowhere)
    assert ended.code == 3
    assert "the database does not answer" in ended.err
    assert "Traceback" not in ended.err
    assert "secret-word" not in ended.err


def test_the_owner_of_the_tables_does_not_serve(shell: Shell, database: str) -> None:
    ended = shell.run("worker", "--json", LOYALTY_DATABASE_URL=database)
    assert (ended.code, ended.json["error"]["code"]) == (3, "unsafe_role")


def test_without_the_owner_nobody_is_found_by_slug(shell: Shell) -> None:
    ended = shell.run("keys", "list", "x", LOYALTY_OWNER_DATABASE_URL="")
    assert ended.code == 3
    assert "set LOYALTY_OWNER_DATABASE_URL" in ended.err


def test_a_port_in_use_is_told_before_anything_slow(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("demo", "serve"):
            ended = shell.run(command, LOYALTY_PORT=port)
            assert ended.code == 3
            assert f"port {port} of 127.0.0.1 is in use" in ended.err
            assert "LOYALTY_PORT" in ended.err


def test_a_database_that_was_not_migrated_is_told_and_then_migrated(
    tmp_path: Path, admin_url: str, worker_id: str
) -> None:
    name = f"unmigrated_{worker_id}"
    shell = shell_on(tmp_path, create_database(admin_url, name))
    try:
        early = shell.run("worker")
        assert early.code == 3
        assert "run `loyalty migrate`" in early.err
        assert shell.run("migrate", "--json").json["applied"][0] == "0001"
        assert shell.run("migrate", "--json").json["applied"] == []
    finally:
        drop_database(admin_url, name)
