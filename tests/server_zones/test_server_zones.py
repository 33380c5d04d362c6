"""In whatever zone the servers are, a business's days begin where the business is (SEMANTICS section 3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from tests.rating.zones import ZONES, begins
from tests.server import create_database, drop_database

ROOT = Path(__file__).parents[2]
SERVERS = {
    "UTC": ("UTC0", 0.0),
    "America/St_Johns": ("NST3:30NDT,M3.2.0,M11.1.0", -3.5),
    "Pacific/Kiritimati": ("<+14>-14", 14.0),
}
"""How a server of a zone says so to its processes, whatever files it has, and its hours in winter."""


def played_in(admin_url: str, zone: str) -> dict[str, Any]:
    """What the timeline prints, its process and its database being in a zone."""
    name = f"loyalty_zone_{uuid4().hex}"
    url = create_database(admin_url, name)
    try:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            setting = sql.SQL("ALTER DATABASE {} SET timezone TO {}")
            connection.execute(setting.format(sql.Identifier(name), sql.Literal(zone)))
        printed = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.server_zones.timeline", url],
            cwd=ROOT,
            env={**os.environ, "TZ": SERVERS[zone][0]},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        return dict(json.loads(printed))
    finally:
        drop_database(admin_url, name)


def test_windows_and_standings_are_the_same_in_whatever_zone_the_servers_are(admin_url: str) -> None:
    with ThreadPoolExecutor() as at_once:
        played = list(at_once.map(partial(played_in, admin_url), SERVERS))
    servers = [(each["servers"]["postgres"], each["servers"]["process"] / 3600) for each in played]
    assert servers == [(zone, hours) for zone, (_, hours) in SERVERS.items()]
    first, *others = (each["zones"] for each in played)
    assert set(first) == set(ZONES)
    for name, found in first.items():
        check_days(found, ZoneInfo(name))
        for part in found:
            assert [other[name][part] for other in others] == [found[part]] * 2, (name, part)


def check_days(found: dict[str, Any], zone: ZoneInfo) -> None:
    """The second before a local day begins is of the day before, and a claim ends where one begins."""
    days = {row[1]: row[3] for row in found["fact"] if row[0] == "till"}
    assert len(days) == 27
    assert all(day == key[:10] for key, day in days.items())
    ended = {row[3] for row in found["claim"] if row[0] == "month" and row[4] == "rules"}
    assert str(begins("2024-04-10", zone)) in ended
    assert len({row[0] for row in found["change"] if row[1] != "None"}) == 17  # every ladder has moved
    returned = {row[1]: row[3] for row in found["fact"] if row[0] == "desk"}
    assert [returned[name] for name in ("part", "whole", "unlinked")] == [
        "2024-04-27",
        "2024-04-28",
        "2024-05-01",
    ]
    by_hand = {(row[0], row[4]): row[3] for row in found["claim"] if row[4] in ("match", "override")}
    ends = str(begins("2025-01-13", zone))  # 3 November 2024, and 71 days in which the member rested
    assert by_hand == dict.fromkeys(
        [("held_down", "override"), ("matched", "match"), ("week", "override")], ends
    )
