"""Versions of generated programs: tiers renamed, inserted, exchanged and removed, with every kind of plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from loyalty_engine.localtime import local_day
from loyalty_engine.program import Program
from loyalty_engine.program.plan import Plan, plan_of
from tests.rating.announced import meantimes, notices_of
from tests.rating.generated import History, histories, instants
from tests.rating.generated_programs import ZONES, compiled, sources

SHAPES: tuple[Mapping[str, str], ...] = (
    {},
    {},
    {"silver": "bronze"},
    {"basic": "start"},
    {"silver": "gold", "gold": "silver"},
    {"gold": "jade"},
)
"""What the tiers of a generated program may be called."""

INSERTED = '{ key = "opal" }'
_TIERS = re.compile(r"tiers = \[ (\{.*?\}), (\{.*?\}), (\{.*?\}) \]")
_NAMES = re.compile(r"\b(basic|silver|gold)\b")


@st.composite
def versioned(draw: st.DrawFn) -> History:
    """A history under one program and up to three after it, most of which announce their downgrades.

    Often one takes effect while something is announced under those before it.
    """
    zone = draw(st.sampled_from(ZONES))
    history = draw(histories(shaped(zone)))
    before, latest = history.program, None
    for _ in range(draw(st.integers(1, 3))):
        notices = notices_of(history)
        wanted = [instants(history.zone), *([meantimes(notices, history.until)] * 2 if notices else [])]
        at = draw(st.one_of(wanted))
        if latest is not None and at <= latest:
            continue
        after, latest = draw(shaped(zone)), at
        later = (at.isoformat(), after, draw(plans(before, after, at)))
        history, before = replace(history, later=(*history.later, later)), after
    return history


@st.composite
def shaped(draw: st.DrawFn, zone: str) -> Program:
    """A generated program whose tiers may have other names, one more, or one less."""
    source = draw(sources(announcing=draw(st.sampled_from([True, True, False]))))
    source = re.sub(r"decimals = \d", "decimals = 0", source)
    shape = draw(st.sampled_from([*SHAPES, None]))
    if shape is None:
        source = without_silver(source)
    elif draw(st.integers(0, 4)) == 0:
        source = _TIERS.sub(rf"tiers = [ \1, \2, {INSERTED}, \3 ]", source)
    names = shape or {}
    return compiled(_NAMES.sub(lambda found: names.get(found[0], found[0]), source), zone)


def without_silver(source: str) -> str:
    """The file without its middle tier; what asked for that one alone asks for the highest."""
    source = _TIERS.sub(r"tiers = [ \1, \3 ]", source)
    source = re.sub(r'silver = "?[\d.]+"?, ', "", source).replace('"status.silver", ', "")
    return source.replace("silver", "gold")


@st.composite
def plans(draw: st.DrawFn, before: Program, after: Program, at: datetime) -> Plan:
    """A plan that says of every tier and ladder that is gone where its members go."""
    written: dict[str, object] = {}
    left = {policy.key: policy.ladder.tiers for policy in after.ladders}
    for policy in before.ladders:
        if policy.key not in left:
            written[policy.key] = {"claims": "remove"}
            continue
        kinds = ["keep", "regrade_now", "regrade_now", "at_next_review", "protect_until"]
        claims, tiers = draw(st.sampled_from(kinds)), left[policy.key]
        plan: dict[str, object] = {"claims": claims}
        if claims == "protect_until":
            day = local_day(at, after.zone) + timedelta(days=draw(st.sampled_from([1, 20, 100])))
            plan["until"] = day.isoformat()
        plan["tiers"] = {
            tier: draw(st.sampled_from(tiers))
            for tier in policy.ladder.tiers[1:]
            if tier not in tiers or draw(st.integers(0, 3)) == 0
            if claims != "regrade_now" or draw(st.booleans())
        }
        written[policy.key] = plan
    return plan_of({"ladders": written})
