"""A program with a ladder for every window, and others for the life of a standing."""

from __future__ import annotations

from tests.rating.histories import POINTS, ladder, rule, spend
from tests.services.shop import HEAD

WINDOWS = {
    "lifetime": '"lifetime"',
    "day": '{ calendar = "day" }',
    "week": '{ calendar = "week" }',
    "month": '{ calendar = "month" }',
    "quarter": '{ calendar = "quarter" }',
    "year": '{ calendar = "year" }',
    "fiscal": '{ fiscal_year = "04-01" }',
    "days": "{ rolling_days = 30 }",
    "months": "{ rolling_months = 2 }",
    "anniversary": '"anniversary"',
    "cycle": '"cycle"',
    "previous": '{ previous = { calendar = "month" } }',
}
"""Every window that a program can name."""

DATES = '["03-10", "03-31", "04-26", "10-27"]'
"""Among them those that have no 00:00 in Havana, Beirut and Cairo."""


def windowed(name: str, window: str) -> str:
    """A ladder whose claims last a month and are reviewed each month."""
    asked = ladder(
        f'"by_{name}"',
        key=name,
        until="{ months = 1 }",
        review="month",
        cycle='{ months = 2, restart = ["downgrade"] }',
        returns="from_now",
    )
    return asked + spend("40", "90", window=window, rule_id=f"by_{name}")


def lives() -> str:
    """Ladders with a keeping tree, grace, notices, dates, cycles, days asked for, a match, a lock."""
    kept = ladder(
        '"entering"',
        key="kept",
        until='{ end_of = "month" }',
        review="quarter",
        keep='"staying"',
        downgrade="one_step",
        prolonging="grace_days = 10, notice_days = 14",
    )
    dated = ladder(
        '"lately"',
        key="dated",
        at="review",
        dates=DATES,
        downgrade="base",
        returns="never",
        prolonging="notice_days = 20",
    )
    tenured = ladder(
        '{ op = "any_of", of = ["daily", "loyal"] }',
        key="tenured",
        until="{ months = 1 }",
        review="cycle",
        cycle="{ months = 3, restart = [] }",
        returns="undo",
        prolonging="notice_days = 5",
    )
    matched = ladder('"matching"', key="matched", until="{ months = 1 }", review="year", returns="at_review")
    held_down = ladder('"soon"', key="held_down", until="{ months = 3 }", returns="undo")
    return (
        kept
        + spend("40", "90", window=WINDOWS["month"], rule_id="entering")
        + spend("60", "300", window=WINDOWS["year"], rule_id="staying")
        + dated
        + spend("40", "90", window=WINDOWS["days"], rule_id="lately")
        + tenured
        + spend("30", "40", window=WINDOWS["day"], rule_id="daily")
        + matched
        + spend("60", "500", window=WINDOWS["month"], rule_id="matching")
        + held_down
        + spend("40", "90", window=WINDOWS["months"], rule_id="soon")
        + rule("loyal", "tier_tenure", '{ unit = "months", thresholds = { silver = 1, gold = 3 } }')
    )


def program_in(zone: str) -> str:
    """The program of a business in a zone; `SLUG` becomes its slug."""
    earn = '{ currency = "points", rate = "1", negative = "take_back" }'
    return (
        HEAD.replace("Europe/Berlin", zone)
        + POINTS.replace('"never"', "{ days = 60 }")
        + "".join(windowed(name, window) for name, window in WINDOWS.items())
        + lives()
        + rule("earn", "earn_purchase", earn)
    )
