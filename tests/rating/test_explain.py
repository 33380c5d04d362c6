"""A standing is explained from what was kept of its ruling, and the routes upwards from the figures."""

from datetime import date
from decimal import Decimal

import pytest

from loyalty_engine.plugins import discover
from loyalty_engine.program import LadderPolicy, Program, compile_program
from loyalty_engine.rating.explain import Ruling, RulingNode, plain, ruling_nodes, told

PROGRAM = """
[program]
business = "shop"
name = "Shop"
timezone = "Europe/London"
currency = "GBP"

[[ladders]]
key = "status"
tiers = [ { key = "basic" }, { key = "silver" }, { key = "gold" } ]
combine = { op = "all_of", of = ["spend", { op = "any_of", of = ["visits", "units"] }] }
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = { rolling_months = 12 }, net = true, thresholds = { silver = "100", gold = "400" } }

[[rules]]
id = "visits"
rule = "tier_frequency"
config = { count = "local_days", window = { calendar = "year" }, net = true, thresholds = { silver = 4 } }

[[rules]]
id = "units"
rule = "tier_frequency"
config = { count = "units", window = "lifetime", net = true, thresholds = { gold = 10 } }
"""
JOINED = date(2026, 1, 1)
DAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_program(PROGRAM, discover())


def policy_of(program: Program) -> LadderPolicy:
    return program.ladder("status")


def ruling(program: Program, spend: str, visits: str, units: str) -> Ruling:
    values = {"spend": spend, "visits": visits, "units": units}
    figures = {f"{rule}.{program.measures_of[rule][0].key}": Decimal(value) for rule, value in values.items()}
    return Ruling(figures, {}, DAY, False, JOINED)


def nodes_of(program: Program, tier: str, decided: Ruling) -> list[RulingNode]:
    policy = policy_of(program)
    return ruling_nodes(program, policy, told(policy, tier), decided)


def test_the_tree_is_flat_with_the_root_first(program: Program) -> None:
    nodes = nodes_of(program, "silver", ruling(program, "150.00", "4", "0"))
    assert [(node.key, node.parent, node.op, node.rule) for node in nodes] == [
        (0, None, "all_of", None),
        (1, 0, "rule", "spend"),
        (2, 0, "any_of", None),
        (3, 2, "rule", "visits"),
        (4, 2, "rule", "units"),
    ]
    assert [node.supports for node in nodes] == ["silver", "silver", "silver", "silver", None]


def test_a_rule_gives_its_reasons_for_the_tier_and_the_one_above(program: Program) -> None:
    nodes = nodes_of(program, "silver", ruling(program, "150.00", "4", "0"))
    assert [(reason.code, dict(reason.parameters)) for reason in nodes[1].reasons] == [
        ("reason-reached", {"tier": "silver", "have": "150.00", "need": "100", "unit": "GBP"}),
        ("reason-short", {"tier": "gold", "have": "150.00", "need": "400", "unit": "GBP"}),
    ]
    assert [reason.parameters["tier"] for reason in nodes[3].reasons] == ["silver"]
    assert [reason.parameters["tier"] for reason in nodes[4].reasons] == ["gold"]


def test_a_measure_names_the_days_that_it_added_up(program: Program) -> None:
    nodes = nodes_of(program, "basic", ruling(program, "1", "1", "1"))
    days = [nodes[key].measures[0].days for key in (1, 3, 4)]
    assert (days[0].start, days[0].end) == (date(2025, 6, 16), date(2026, 6, 16))
    assert (days[1].start, days[1].end) == (date(2026, 1, 1), date(2027, 1, 1))
    assert (days[2].start, days[2].end) == (None, None)


def test_a_branch_says_what_its_children_come_to(program: Program) -> None:
    nodes = ruling_nodes(program, policy_of(program), ("silver", "gold"), ruling(program, "150.00", "4", "0"))
    said = [[(reason.code, reason.parameters["tier"]) for reason in node.reasons] for node in nodes[:3:2]]
    assert said == [
        [("reason-supports", "silver"), ("reason-denies", "gold")],
        [("reason-supports", "silver"), ("reason-denies", "gold")],
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [("1E+3", "1000"), ("1200.5000", "1200.50"), ("0.1234", "0.1234"), ("5", "5"), ("-0.100", "-0.10")],
)
def test_a_number_is_written_plainly(value: str, written: str) -> None:
    assert plain(Decimal(value)) == written
