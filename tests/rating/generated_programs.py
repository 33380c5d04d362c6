"""Programs from a small grammar over the built-in rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from hypothesis import strategies as st

from loyalty_engine.program import Program
from tests.rating.histories import (
    ladder,
    program_of,
    rule,
)

POLICIES = ("undo", "from_now", "at_review", "never")
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Havana")


@lru_cache(maxsize=4096)
def compiled(source: str, zone: str) -> Program:
    """A generated program; the same text is compiled once."""
    return program_of(source, zone=zone)


windows = st.sampled_from(
    [
        '"lifetime"',
        '"anniversary"',
        '{ calendar = "month" }',
        '{ calendar = "year" }',
        '{ fiscal_year = "04-01" }',
        "{ rolling_days = 30 }",
        "{ rolling_months = 3 }",
        '{ previous = { calendar = "quarter" } }',
        '"cycle"',
    ]
)
thresholds = st.sampled_from(['silver = "50", gold = "120"', 'gold = "80"', 'silver = "100"'])
counts = st.sampled_from(["silver = 2, gold = 4", "silver = 3"])
filters = st.sampled_from(["", 'categories = ["tea"], ', 'channels = ["web"], '])
trees = st.sampled_from(
    [
        '"SPEND"',
        '"VISITS"',
        '{ op = "any_of", of = ["SPEND", "VISITS"] }',
        '{ op = "all_of", of = ["SPEND", "VISITS"] }',
        '{ op = "weighted", of = ["SPEND", "VISITS"], weights = { SPEND = 2, VISITS = 1 }, at_least = 2 }',
        '{ op = "any_of", of = ["VISITS", { op = "all_of", of = ["SPEND"] }] }',
    ]
)
untils = st.sampled_from(
    ['"lifetime"', "{ months = 1 }", '{ end_of = "quarter" }', '{ end_of = "year", plus_months = 2 }']
)
cycles = st.sampled_from(
    ['{ months = 3, restart = ["upgrade", "downgrade"] }', "{ months = 1, restart = [] }"]
)
keeps = st.sampled_from([None, None, '"KEPT"', '{ op = "all_of", of = ["KEPT", "VISITS"] }'])
prolongings = st.sampled_from(
    ["", "", "grace_days = 5", "grace_days = 40", "notice_days = 10", "grace_days = 10, notice_days = 20"]
)
announcements = st.sampled_from(["notice_days = 10", "notice_days = 45", "grace_days = 5, notice_days = 20"])
expiries = st.sampled_from(
    [
        '"never"',
        "{ days = 40 }",
        '{ months = 3, then = "end_of_month" }',
        '{ day = "10-01", after_months = 2 }',
        '{ idle_months = 1, kept_by = ["purchase", "redemption"] }',
    ]
)
pendings = st.sampled_from(
    [
        "",
        "",
        "pending = { days = 14 }\n",
        "pending = { days = 50, confirmed = true }\n",
        "pending = { confirmed = true }\n",
    ]
)


@st.composite
def ladders(draw: st.DrawFn, key: str, policies: Sequence[str], net: bool, announcing: bool) -> str:
    """One ladder, with a rule for spend and one for visits."""
    gross = "" if net else draw(st.sampled_from(["", "", "net = false, "]))
    counted = draw(st.sampled_from(["activities", "local_days", "units", *VISITS, *VISITS]))
    keep, reviews = draw(keeps), draw(st.sampled_from([None, "month", "quarter", "year", "cycle", "dates"]))
    return ladder(
        draw(trees).replace("SPEND", f"{key}_spend").replace("VISITS", f"{key}_visits"),
        key=key,
        at=draw(st.sampled_from(["activity", "activity", "review"])),
        until=draw(untils),
        review=None if reviews == "dates" else reviews,
        dates='["02-15", "06-01", "11-30"]' if reviews == "dates" else None,
        keep=None if keep is None else keep.replace("KEPT", f"{key}_kept").replace("VISITS", f"{key}_visits"),
        prolonging=draw(announcements if announcing else prolongings),
        cycle=draw(cycles),
        downgrade=draw(st.sampled_from(["qualified", "one_step", "base"])),
        returns=draw(st.sampled_from(policies)),
    ) + (
        rule(
            f"{key}_spend",
            "tier_spend",
            f"{{ {draw(filters)}{gross}window = {draw(windows)}, thresholds = {{ {draw(thresholds)} }} }}",
        )
        + VISITS.get(counted, visited)(draw, f"{key}_visits", counted, gross)
        + rule(f"{key}_kept", "tier_spend", f"{{ window = {draw(windows)}, thresholds = {{ gold = 30 }} }}")
    )


def visited(draw: st.DrawFn, rule_id: str, counted: str, _gross: str) -> str:
    """Tiers by how often something was done."""
    named = f"{{ {draw(counts)} }}"
    config = f'{{ {draw(filters)}count = "{counted}", window = {draw(windows)}, thresholds = {named} }}'
    return rule(rule_id, "tier_frequency", config)


def earned(draw: st.DrawFn, rule_id: str, _counted: str, gross: str) -> str:
    """Tiers by points, of all rules or of some."""
    rules = draw(st.sampled_from(["", 'rules = ["earn"], ', 'rules = ["offer_0", "earn"], ']))
    named = f"{{ {draw(thresholds)} }}"
    config = f'{{ currency = "points", {rules}{gross}window = {draw(windows)}, thresholds = {named} }}'
    return rule(rule_id, "tier_points", config)


def scored(draw: st.DrawFn, rule_id: str, _counted: str, gross: str) -> str:
    """Tiers by a score of the largest or the last purchase and of a dated value."""
    take = draw(st.sampled_from(["largest", "last"]))
    chosen = f"{draw(filters)}{gross}window = {draw(windows)}"
    part = f'key = "m", weight = 1, of = "amount", take = "{take}", {chosen}'
    named = f"{{ {draw(thresholds)} }}"
    return rule(
        rule_id,
        "tier_score",
        f"{{ measures = [{{ {part} }}], scores = {{ luck = 2 }}, thresholds = {named} }}",
    )


def aged(draw: st.DrawFn, rule_id: str, _counted: str, _gross: str) -> str:
    """Tiers by tenure."""
    named = draw(st.sampled_from(["silver = 2, gold = 14", "gold = 1"]))
    return rule(rule_id, "tier_tenure", f'{{ unit = "months", thresholds = {{ {named} }} }}')


VISITS = {"points": earned, "score": scored, "tenure": aged}
"""What else may stand for visits."""


@st.composite
def points(draw: st.DrawFn) -> str:
    """One points currency."""
    return (
        f'[[points]]\nkey = "points"\ndecimals = {draw(st.integers(0, 2))}\n'
        f'rounding = "{draw(st.sampled_from(["floor", "toward_zero", "half_up", "half_even"]))}"\n'
        f"expiry = {draw(expiries)}\n{draw(pendings)}"
        f'offers = {{ choose = "{draw(st.sampled_from(["best", "all"]))}" }}\n'
    )


def earning(bonus: str, caps: str) -> str:
    """Points for purchases, at rates and with a bonus by tier."""
    rates = 'ladder = "status", rates = { basic = "1", gold = "1.5" }'
    written = f'{{ currency = "points", negative = "take_back", {rates}{bonus}{caps} }}'
    return rule("earn", "earn_purchase", written)


def promotion(rule_id: str, award: str, *, extra: str = "") -> str:
    """A promotion whose budget has no limit."""
    funding = 'funding = [{ partner = "bank", percent = "60", unlimited = true }]'
    return rule(
        rule_id, "partner_rewards", f'{{ partner = "bank", currency = "points", {award}, {extra}{funding} }}'
    )


bonuses = st.sampled_from(["", ', bonus_percent = { silver = "10", gold = "25" }'])
line_caps = st.sampled_from(
    ["", ', caps = [{ period = "month", points = 60 }]', ', caps = [{ period = "activity", points = 25 }]']
)
awards = st.sampled_from(['multiple = "2"', "points = 15", 'multiple = "1.5"'])
offer_extras = st.sampled_from(
    [
        "",
        'minimum = "30", ',
        "once_per_member = true, ",
        'caps = [{ period = "quarter", points = 40, times = 2 }], ',
        "audience = { attributes = { vip = true } }, ",
        'audience = { tiers = ["status.silver", "status.gold"] }, ',
    ]
)


@st.composite
def sources(
    draw: st.DrawFn, policies: Sequence[str] = POLICIES, *, net: bool = False, announcing: bool = False
) -> str:
    """The file of a program with nothing rationed, without its own table.

    ``net`` leaves out measures that ignore returns. With ``announcing`` every ladder gives notice before a
    downgrade.
    """
    return (
        draw(points())
        + draw(ladders("status", policies, net, announcing))
        + (draw(ladders("circle", policies, net, announcing)) if draw(st.booleans()) else "")
        + earning(draw(bonuses), draw(line_caps))
        + "".join(promotion(f"offer_{index}", draw(awards), extra=draw(offer_extras)) for index in range(2))
    )


@st.composite
def programs(
    draw: st.DrawFn, policies: Sequence[str] = POLICIES, *, net: bool = False, announcing: bool = False
) -> Program:
    """A program of such a file."""
    source = draw(sources(policies, net=net, announcing=announcing))
    return compiled(source, draw(st.sampled_from(ZONES)))
