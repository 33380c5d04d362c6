"""Zones with days of every length, and an oracle of where their days begin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = (
    "Africa/Cairo",
    "America/Havana",
    "America/New_York",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
)
"""In 2024 Cairo skips 00:00 of 26 April, Havana of 10 March, Beirut of 31 March."""


def begins(written: str, zone: ZoneInfo) -> datetime:
    """Where a local date begins, found by walking through the quarters of an hour around it."""
    day = date.fromisoformat(written)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    while instant.astimezone(zone).date() < day:
        instant += timedelta(minutes=15)
    return instant


def noon(written: str, zone: ZoneInfo) -> datetime:
    """Twelve hours after a local date begins."""
    return begins(written, zone) + timedelta(hours=12)
