"""Every value lies in exactly one band: the edge itself in the upper one, whatever a rule counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.rating import Fact
from tests.rating.histories import (
    EARN,
    POINTS,
    changes,
    folded,
    ladder,
    linked_return,
    new_member,
    program_of,
    purchase,
    rule,
    spend,
    tier,
    value,
)
from tests.rating.random_settings import PROPERTY

BEGIN = datetime(2024, 2, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Counted:
    """What a rule counts, its smallest unit, where silver and gold begin, and facts that come to a value."""

    written: str
    unit: Decimal
    silver: Decimal
    gold: Decimal
    facts: Callable[[Decimal], Sequence[Fact]]


def amounts(total: Decimal) -> Sequence[Fact]:
    """Two purchases that come to a total, however it is cut."""
    first = (total / 3).quantize(Decimal("0.0001"))
    return [purchase("2024-02-01T09:00", str(first)), purchase("2024-03-01T09:00", str(total - first))]


def times(
    count: Decimal, kind: str = "purchase", attributes: Mapping[str, object] | None = None
) -> Sequence[Fact]:
    """So many activities, a day apart."""
    return [
        purchase(BEGIN + timedelta(days=index), "1", kind=kind, attributes=attributes)
        for index in range(int(count))
    ]


def counted(count: str, silver: str, gold: str, name: str = "tier_frequency", more: str = "") -> str:
    """A rule with thresholds over the calendar year."""
    thresholds = f'thresholds = {{ silver = "{silver}", gold = "{gold}" }}'
    return rule("spend", name, f'{{ {count}, window = {{ calendar = "year" }}, {thresholds}{more} }}')


MADE = {
    "money, to the last of 4 decimals": Counted(
        spend("1000", "5000.50"), Decimal("0.0001"), Decimal(1000), Decimal("5000.50"), amounts
    ),
    "activities": Counted(
        counted('count = "activities"', "3", "5"), Decimal(1), Decimal(3), Decimal(5), times
    ),
    "days": Counted(counted('count = "local_days"', "3", "5"), Decimal(1), Decimal(3), Decimal(5), times),
    "units": Counted(
        counted('count = "units"', "2.5", "7"),
        Decimal("0.0001"),
        Decimal("2.5"),
        Decimal(7),
        lambda total: [purchase("2024-03-01T09:00", "1", units=str(total))],
    ),
    "a number of the activity": Counted(
        counted('count = { attribute = "nights" }', "4", "9.25"),
        Decimal("0.000001"),
        Decimal(4),
        Decimal("9.25"),
        lambda total: [purchase("2024-03-01T09:00", "1", attributes={"nights": str(total)})],
    ),
    "points": Counted(
        POINTS + EARN + counted('currency = "points"', "100", "500", "tier_points"),
        Decimal(1),
        Decimal(100),
        Decimal(500),
        lambda total: [purchase("2024-03-01T09:00", f"{total}.99")],
    ),
    "engagement": Counted(
        counted('weights = { visit = "0.5" }', "1.5", "3", "tier_engagement"),
        Decimal("0.5"),
        Decimal("1.5"),
        Decimal(3),
        lambda total: times(total * 2, "visit"),
    ),
    "referrals": Counted(
        POINTS
        + rule(
            "friends",
            "referral_reward",
            '{ currency = "points", referrer_points = 5, minimum_amount = "0" }',
        )
        + counted('rewards = ["friends"]', "2", "4", "tier_referral"),
        Decimal(1),
        Decimal(2),
        Decimal(4),
        lambda total: times(total, "gift", attributes={"rule": "friends"}),
    ),
    "a score from outside": Counted(
        rule(
            "spend",
            "tier_score",
            '{ scores = { share = "0.5" }, thresholds = { silver = "40", gold = "45.25" } }',
        ),
        Decimal("0.0000005"),
        Decimal(40),
        Decimal("45.25"),
        lambda total: [
            value("2024-03-01T09:00", "share", str((total * 2).quantize(Decimal("0.000001"))), "score")
        ],
    ),
    "a score of several measures": Counted(
        rule(
            "spend",
            "tier_score",
            '{ scores = { share = 1 }, measures = [{ key = "spend", weight = "0.1", of = "amount", '
            'window = "lifetime" }], thresholds = { silver = "40", gold = "80" } }',
        ),
        Decimal("0.00001"),
        Decimal(40),
        Decimal(80),
        lambda total: [
            value("2024-02-01T09:00", "share", 30, "score"),
            purchase("2024-03-01T09:00", str((total - 30) * 10)),
        ],
    ),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@pytest.mark.parametrize(
    ("edge", "units", "stands"),
    [
        ("silver", -1, "basic"),
        ("silver", 0, "silver"),
        ("silver", 1, "silver"),
        ("gold", -1, "silver"),
        ("gold", 0, "gold"),
        ("gold", 1, "gold"),
    ],
)
def test_the_edge_lies_in_the_band_that_it_begins(made: Counted, edge: str, units: int, stands: str) -> None:
    bound = made.silver if edge == "silver" else made.gold
    outcome = folded(program_of(ladder(), made.written), made.facts(bound + units * made.unit))
    assert tier(outcome) == stands


@pytest.mark.parametrize(
    ("until", "stands"),
    [
        ("2024-04-29T22:59:59.999999", "basic"),
        ("2024-04-29T23:00", "silver"),
        ("2024-07-30T22:59:59.999999", "silver"),
        ("2024-07-30T23:00", "gold"),
    ],
)
def test_the_edge_of_a_tenure_is_the_first_instant_of_its_day(until: str, stands: str) -> None:
    """Three months after 31 January is 30 April; it begins at 00:00 in London, an hour earlier in UTC."""
    tenure = rule("spend", "tier_tenure", '{ unit = "months", thresholds = { silver = 3, gold = 6 } }')
    program = program_of(ladder(until='"lifetime"'), tenure)
    assert tier(folded(program, [], until, member=new_member(date(2024, 1, 31)))) == stands


@pytest.mark.parametrize(
    ("amount", "returned", "stands"),
    [
        ("100", "0.0001", "basic"),
        ("100.0001", "0.0001", "silver"),
        ("500", "0.0001", "silver"),
        ("500", "400", "silver"),
    ],
)
def test_a_return_crosses_an_edge_by_one_unit(amount: str, returned: str, stands: str) -> None:
    bought = purchase("2024-03-01T09:00", amount)
    facts: list[Fact] = [bought, linked_return("2024-03-05T09:00", bought, returned)]
    assert tier(folded(program_of(ladder(returns="undo"), spend()), facts)) == stands


def test_what_is_below_zero_lies_in_the_lowest_band() -> None:
    facts = [purchase("2024-03-01T09:00", "-0.0001", kind="return")]
    assert tier(folded(program_of(ladder(), spend("0.0001", "1")), facts)) == "basic"


@pytest.mark.parametrize(
    ("amount", "begins"), [("99.9999", []), ("100", ["silver"]), ("499.9999", ["silver"]), ("500", ["gold"])]
)
def test_a_review_judges_the_edges_of_the_month_that_ends_with_it(amount: str, begins: list[str]) -> None:
    program = program_of(ladder(at="review", review="month"), spend(window='{ calendar = "month" }'))
    facts = [
        purchase("2024-02-29T23:59:59.999999", amount, "the last instant"),
        purchase("2024-03-01T00:00", "5000", "the first instant"),
    ]
    found = changes(folded(program, facts, "2024-03-31T12:00"))
    assert [(at, to) for at, _, to in found] == [("2024-03-01 00:00", each) for each in begins]


@PROPERTY
@given(
    st.lists(st.integers(1, 10_000_000), min_size=2, max_size=2, unique=True).map(sorted),
    st.integers(-10, 10_000_010),
)
def test_every_value_lies_in_exactly_one_band(bounds: list[int], units: int) -> None:
    low, high = (str(Decimal(bound).scaleb(-4)) for bound in bounds)
    amount = Decimal(units).scaleb(-4)
    bands = {"basic": units < bounds[0], "silver": bounds[0] <= units < bounds[1], "gold": units >= bounds[1]}
    assert sum(bands.values()) == 1
    fact = purchase("2024-03-01T09:00", str(amount), kind="purchase" if units >= 0 else "return")
    assert bands[tier(folded(program_of(ladder(), spend(low, high)), [fact]))]
