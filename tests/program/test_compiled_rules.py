"""Each compiled program has a plugin manager of its own: who answers is known by the id in the file."""

# ruff: noqa: ARG002 - a hook has the parameters that it has
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import pytest

from loyalty_engine.program import ProgramInvalid, check, compile_program
from loyalty_engine.rules import (
    AtLeast,
    EarnHooks,
    Figure,
    Ladder,
    Line,
    Measure,
    Member,
    Occasion,
    Problem,
    ProgramOutline,
    Requirement,
    Rule,
    RuleConfig,
    Term,
    TierHooks,
    TierVerdict,
)
from tests.rating.histories import (
    EARN,
    POINTS,
    balance,
    folded,
    header,
    ladder,
    moved,
    program_of,
    purchase,
    rule,
    spend,
    tier,
    with_rules,
)


class NoConfig(RuleConfig):
    """Nothing to say."""


class Careless(Rule[NoConfig], TierHooks):
    """Raises when it is asked about its configuration."""

    name = "careless"
    version = "1"
    Config = NoConfig

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Fails."""
        raise LookupError("nothing here")


class Overreaching(Rule[NoConfig], TierHooks):
    """Speaks for a tier that no ladder has, on a measure that it does not declare."""

    name = "overreaching"
    version = "1"
    Config = NoConfig

    def requirements(self, ladder: Ladder) -> Mapping[str, Requirement]:
        """For platinum."""
        return {"platinum": AtLeast((Term(Measure("x", Figure("count"), "lifetime")),), Decimal(1))}


class Misspelt(Rule[NoConfig], EarnHooks):
    """Has a hook with other parameters."""

    name = "misspelt"
    version = "1"
    Config = NoConfig

    def earnings(self, event: Occasion, member: Member) -> Sequence[Line]:
        """Never asked."""
        return ()


class Helpful(Rule[NoConfig], TierHooks):
    """Has a method that no mixin declares, and a hook without a marker."""

    name = "helpful"
    version = "1"
    Config = NoConfig

    def partner_offers(self) -> None:
        """No hook of this rule: it is not one of PartnerHooks."""
        raise AssertionError

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:
        """Gold for everybody."""
        return {"gold": TierVerdict(supports=True)}


def test_one_rule_class_may_stand_in_a_program_twice_each_with_its_own_configuration() -> None:
    program = program_of(
        POINTS,
        ladder('{ op = "all_of", of = ["year", "ever"] }'),
        rule("year", "tier_spend", '{ window = { calendar = "year" }, thresholds = { silver = "10" } }'),
        rule("ever", "tier_spend", '{ window = "lifetime", thresholds = { silver = "100" } }'),
    )
    assert program.rules["year"].instance is not program.rules["ever"].instance
    assert program.rules["year"].type == program.rules["ever"].type
    early, late = purchase("2024-02-01", "95"), purchase("2025-02-01", "9")
    assert tier(folded(program, [early, late], "2025-03-01")) == "basic"
    assert tier(folded(program, [early, late, purchase("2025-02-02", "1")], "2025-03-01")) == "silver"


def test_equal_ids_are_refused() -> None:
    with pytest.raises(ProgramInvalid, match=r"rules\.1: 'earn' stands here twice"):
        program_of(POINTS, EARN, EARN)


def test_effects_name_the_rule_by_its_id() -> None:
    second = EARN.replace('id = "earn"', 'id = "again"')
    program = program_of(POINTS, EARN, second)
    assert moved(folded(program, [purchase("2024-02-01", "10")])) == {
        "earn:points/points/base/earned": 10,
        "again:points/points/base/earned": 10,
    }


def test_hooks_stand_in_the_order_of_the_file() -> None:
    ids = ["third", "first", "second"]
    parts = [EARN.replace('id = "earn"', f'id = "{key}"') for key in ids]
    assert list(program_of(POINTS, *parts).implementations["earnings"]) == ids


def test_two_programs_share_no_rule() -> None:
    first, second = program_of(POINTS, EARN), program_of(POINTS, EARN)
    assert first.rules["earn"].instance is not second.rules["earn"].instance
    assert balance(folded(first, [purchase("2024-02-01", "10")])) == 10


def test_an_overridden_hook_needs_no_marker_and_a_stranger_is_no_hook() -> None:
    program = program_of(
        POINTS, ladder('"helpful"'), rule("helpful", "helpful", "{}"), installed=with_rules(Helpful)
    )
    assert set(program.implementations["tier_opinion"]) == {"helpful"}
    assert program.implementations["partner_offers"] == {}
    assert tier(folded(program, [purchase("2024-02-01", "1")])) == "gold"
    assert program.findings == ()


@pytest.mark.parametrize(
    ("rule_class", "path", "words"),
    [
        (Careless, "rules.0", "LookupError: nothing here"),
        (Overreaching, "rules.0", "platinum"),
        (Misspelt, "rules", "another signature"),
    ],
)
def test_a_rule_that_cannot_be_used_is_an_error_of_the_file(
    rule_class: type[Rule[RuleConfig]], path: str, words: str
) -> None:
    tree = '"spend"' if rule_class is Misspelt else f'"{rule_class.name}"'
    parts = rule(rule_class.name, rule_class.name, "{}") + (spend() if rule_class is Misspelt else "")
    found = check(header() + POINTS + ladder(tree) + parts, with_rules(rule_class))
    assert path in {finding.path for finding in found}
    assert words in " ".join(finding.message for finding in found)


def test_measures_are_known_by_rule_and_each_once() -> None:
    program = program_of(ladder(), ladder('"other"', key="circle"), spend(), spend(rule_id="other"))
    assert program.measures_of["spend"] == program.measures_of["other"] == program.measures
    assert len(program.measures) == 1


def test_a_program_undoes_returns_where_all_its_ladders_do() -> None:
    both = (ladder(returns="undo"), ladder('"other"', key="circle", returns="never"))
    rules = (spend(), spend(rule_id="other"))
    assert program_of(both[0], spend()).undoes
    assert not program_of(*both, *rules).undoes


def test_the_promotions_of_a_program_are_known_with_their_budgets() -> None:
    offer = (
        '{ partner = "bank", currency = "points", points = 5, exhausted = "none", '
        'funding = [{ partner = "bank", percent = "50", budget_points = 700 }, '
        '{ partner = "mall", percent = "50", unlimited = true }] }'
    )
    (terms,) = program_of(POINTS, rule("offer", "partner_rewards", offer)).promotions.values()
    assert (terms.partner, terms.currency, dict(terms.budgets)) == (
        "bank",
        "points",
        {"bank": 700, "mall": None},
    )


def test_an_empty_program_is_one_too() -> None:
    program = compile_program(header(), with_rules())
    assert (program.ladders, dict(program.rules), program.findings) == ((), {}, ())
    assert folded(program, [purchase("2024-02-01", "10")]).effects == {}
