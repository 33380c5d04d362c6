"""`loyalty verify`: what it says, and its exit code."""

from pathlib import Path

import psycopg
import pytest

from loyalty_engine.services.verification import all_checks
from tests.command_line.shell import Shell, shell_on
from tests.server import drop_database, prepare_database

HEADING = "member,kind,source,external_id,occurred_at,amount\n"
ROWS = "m1,purchase,till,1,2026-01-01T10:00:00Z,100.50\nm2,purchase,till,2,2026-01-02T10:00:00Z,600\n"


@pytest.fixture
def shell(tmp_path: Path, database: str) -> Shell:
    return shell_on(tmp_path, database)


def imported(shell: Shell) -> str:
    """A business with two members and a purchase of each."""
    slug = shell.business()
    shell.write("rows.csv", HEADING + ROWS)
    assert shell.run("import", "rows.csv", "--business", slug, "--enrol").code == 0
    return slug


def take_a_point(database: str, slug: str) -> None:
    """Makes a wallet say one point less than there is."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "UPDATE account SET balance = balance - 1 FROM business, member"
            " WHERE business.slug = %s AND account.business_id = business.business_id"
            " AND account.member_id = member.member_id AND account.kind = 'wallet'"
            " AND member.external_id = 'm2'",
            [slug],
        )


def test_a_business_without_a_difference_ends_with_0_and_every_check_is_named(shell: Shell) -> None:
    slug = imported(shell)
    ended = shell.run("verify", "--business", slug)
    assert (ended.code, ended.out) == (0, f"{slug}: 2 members, no difference\n")
    ended = shell.run("verify", "--business", slug, "--json")
    assert ended.code == 0
    assert ended.json["businesses"] == [{"business": slug, "members": 2, "difference": None}]
    assert [each["name"] for each in ended.json["checks"]] == [check.name for check in all_checks()]


def test_the_first_difference_is_named_exactly_and_the_end_is_1(shell: Shell, database: str) -> None:
    slug = imported(shell)
    take_a_point(database, slug)
    ended = shell.run("verify", "--business", slug)
    assert (ended.code, ended.out) == (1, "")
    assert f"loyalty: {slug}, member m2 (" in ended.err
    assert "): balance of the wallet account, points\n  stored:  599\n  rebuilt: 600\n" in ended.err
    document = shell.run("verify", "--business", slug, "--json").json["error"]
    assert document["code"] == "difference_found"
    difference = document["businesses"][0]["difference"]
    assert difference.pop("memberId")
    assert difference == {
        "check": "balances",
        "member": "m2",
        "what": "balance of the wallet account, points",
        "stored": "599",
        "rebuilt": "600",
    }


def test_all_businesses_are_verified_where_none_is_named(
    tmp_path: Path, admin_url: str, worker_id: str
) -> None:
    name = f"loyalty_verify_{worker_id}"
    shell = shell_on(tmp_path, url := prepare_database(admin_url, name))
    try:
        slugs = sorted(imported(shell) for _ in range(2))
        assert shell.run("verify").code == 0
        take_a_point(url, slugs[1])
        ended = shell.run("verify", "--json")
    finally:
        drop_database(admin_url, name)
    found = {each["business"]: each["difference"] for each in ended.json["error"]["businesses"]}
    assert ended.code == 1
    assert list(found) == slugs
    assert (found[slugs[0]], found[slugs[1]]["member"]) == (None, "m2")


def test_an_unknown_business_is_refused(shell: Shell) -> None:
    ended = shell.run("verify", "--business", "nobody", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "business_not_found")


def test_without_the_owner_no_business_is_found(shell: Shell) -> None:
    settings = {name: value for name, value in shell.settings.items() if "OWNER" not in name}
    ended = Shell(shell.folder, settings).run("verify", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (3, "owner_needed")
