"""The bench of a review does what it says, on few members."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_crowd_is_reviewed_and_what_is_kept_of_it_is_proved() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.review", "--members", "60", "--workers", "2", "--verify"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^60 members reviewed in ", ran.stdout, re.MULTILINE), ran.stdout
