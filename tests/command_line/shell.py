"""Commands as a shell runs them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.server import as_app

PROGRAM = """
[program]
business = "SLUG"
name = "Acme Club"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "gold" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { gold = "500" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
config = { currency = "points", rate = "1", negative = "take_back" }
"""


HANGS = 900
"""After so many seconds a command hangs, however busy the machine is."""


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Where commands run: their settings and their folder."""

    folder: Path
    settings: dict[str, str]

    def run(self, *arguments: str, **settings: str) -> Ended:
        """Runs `loyalty` with these arguments to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "loyalty_api.cli", *arguments],
            cwd=self.folder,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=HANGS,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def environment(self, **settings: str) -> dict[str, str]:
        """The settings, and of our own environment what is no setting."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LOYALTY_")}
        return {**ours, **self.settings, **settings}

    def business(self) -> str:
        """A business made for one test; its program is `program.toml`."""
        slug = f"b{uuid4().hex}"
        self.write("program.toml", PROGRAM.replace("SLUG", slug))
        made = self.run("business", "create", slug, "--program", "program.toml")
        assert made.code == 0, made
        return slug

    def write(self, name: str, text: str) -> str:
        """A file in the folder, by its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


def shell_on(folder: Path, owner_url: str) -> Shell:
    """A shell on a database that is there already, of the tests' own server, which a crash may ruin."""
    return Shell(
        folder,
        {
            "LOYALTY_DATABASE_URL": as_app(owner_url),
            "LOYALTY_OWNER_DATABASE_URL": owner_url,
            "LOYALTY_SECRET_KEY": "s" * 32,
            "LOYALTY_ALLOW_UNSAFE_DATABASE": "true",
        },
    )
